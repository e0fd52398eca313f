import { describe, expect, it } from "@jest/globals";

import type { Incident } from "../../src/detect/incident.ts";
import { composeMessage } from "../../src/notify/message.ts";
import type { MessageContent } from "../../src/notify/message-content.ts";
import { write, type Phrase } from "../../src/notify/phrase.ts";
import { OPENED_AT, anIncident } from "../support/incident-builders.ts";

const OPTIONS = { publicUrl: "http://127.0.0.1:8080", commandOptions: "" };

describe("composeMessage", () => {
  it("stands alone in one sentence", () => {
    expect(text(compose({}).summary)).toBe(
      "Team checkout (department shop) now spends $1,240/h where $198/h is normal (6.3×), since 02:41 UTC; user u0412 carries 96% of the excess.",
    );
  });

  it("says that it burns again, and since which day", () => {
    const incident = anIncident({ updatedAtMs: OPENED_AT + 2 * 86_400_000 });
    const { summary } = composeMessage({ reason: "reopened", incident, reference: "r" }, OPTIONS);

    expect(text(summary)).toMatch(
      /^It burns again\. Team checkout \(department shop\) now spends \$1,240\/h .*, first at 2026-03-04 02:41 UTC;/u,
    );
  });

  it("puts what happens, how much and compared with what into the title", () => {
    expect(text(compose({}).title)).toBe("Spend spike: team checkout at $1,240/h, 6.3× normal");
  });

  it("says the money now, so far and at stake", () => {
    expect(factsOf(compose({}))).toEqual({
      Now: "$1,240/h, expected $198/h (6.3×)",
      "So far": "$208 above normal: $248 spent, $40.00 expected",
      "At stake": "$25.0k over the next 24 h at this rate",
      Since: "2026-03-04 02:41 UTC, 12 min so far",
    });
  });

  it("divides by nothing where nothing is normal", () => {
    const content = compose({ expectedUsdPerHour: 0 });

    expect(text(content.summary)).toContain("now spends $1,240/h where next to nothing is normal");
    expect(text(content.title)).toBe("Spend spike: team checkout at $1,240/h");
  });

  it("names who carries the excess; each group's shares add up to the whole", () => {
    expect(groupsOf(compose({}))).toEqual({
      user: ["u0412 96% of the excess: $201, expected $1.30", "the rest 4%"],
      model: [
        "claude-opus-4-5 90% of the excess: $210, expected $23.00",
        "gpt-5-mini 10% of the excess: $38.00, expected $17.00",
      ],
    });
  });

  it("says that the parts are of the last hours where an incident has lasted for longer", () => {
    const openedAtMs = Date.UTC(2026, 10, 3, 9);
    const after = (hours: number): string =>
      compose({ openedAtMs, updatedAtMs: openedAtMs + hours * 3_600_000, windowMs: 300_000 }).who;

    expect(after(5)).toBe("Who carries the excess");
    expect(after(7)).toBe("Who carries the excess, of its last 6 h");
    expect(compose({ openedAtMs, updatedAtMs: openedAtMs, windowMs: 7 * 86_400_000 }).who).toBe(
      "Who carries the excess",
    );
  });

  it("tells how surprising the decision was, not the minute in which it is written", () => {
    const decided = {
      statistic: "dollars_5m",
      factor: "dollars",
      minute: 0,
      windowMinutes: 5,
      actualUsd: 20,
      expectedUsd: 2,
      excessUsd: 18,
      score: 4.4,
      bar: 3.8,
      minimumUsd: 10,
      timezone: "UTC",
    } as const;

    expect(text(compose({ score: 3.7, bar: 3.8, decision: decided }).footer)).toBe(
      "inc-7f3a · page · score 4.4 (bar 3.8) over 5 min · event time",
    );
    expect(text(compose({ score: 3.7, bar: 3.6 }).footer)).toContain("score 3.7 (bar 3.6)");
  });

  it("leaves out what the scope says already and what nobody filled in", () => {
    const contributors = [
      { dimension: "team", value: "checkout", share: 1, actualUsd: 1, expectedUsd: 0 },
      { dimension: "key", value: "unknown", share: 1, actualUsd: 1, expectedUsd: 0 },
    ] as const;

    expect(compose({ contributors }).groups).toEqual([]);
  });

  it("names three of many and gives the others as one rest", () => {
    const contributors = [0.4, 0.2, 0.15, 0.1, 0.1, 0.05].map((share, index) => ({
      dimension: "user" as const,
      value: `u${index}`,
      share,
      actualUsd: 1,
      expectedUsd: 0,
    }));

    const lines = groupsOf(compose({ contributors }))["user"]!;

    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe("the rest 25%");
  });

  it("names a session last, and leads with it only where nothing that lasts carries as much", () => {
    const one = (dimension: "session" | "tool", share: number) =>
      ({ dimension, value: dimension, share, actualUsd: 1, expectedUsd: 0 }) as const;

    const both = compose({ contributors: [one("session", 0.9), one("tool", 0.6)] });
    const alone = compose({ contributors: [one("session", 0.9)] });

    expect(Object.keys(groupsOf(both))).toEqual(["tool", "session"]);
    expect(text(both.summary)).toContain("tool tool carries 60% of the excess");
    expect(text(alone.summary)).toContain("session session carries 90% of the excess");
  });

  it("says why, the largest part first, and what works against it", () => {
    const factors = [
      { factor: "active_users", ratio: 1.02, share: 0.02 },
      { factor: "price_per_token", ratio: 0.8, share: -0.1 },
      { factor: "tokens_per_request", ratio: 2, share: 0.3 },
      { factor: "requests_per_active_user", ratio: 5, share: 0.78 },
    ] as const;

    expect(compose({ factors }).why.map(text)).toEqual([
      "more requests a user: 5.0× normal, 78% of the rise",
      "bigger requests: 2.0× normal, 30% of the rise",
      "cheaper tokens: 0.80× normal, works against it",
    ]);
  });

  it("says at once that the same requests have become dearer, by which model, and what to ask", () => {
    const content = compose({
      kind: "price",
      scope: { team: "checkout", user: "u7", model: "opus" },
      contributors: [],
      factors: [
        { factor: "active_users", ratio: 1, share: 0 },
        { factor: "requests_per_active_user", ratio: 1.05, share: 0.03 },
        { factor: "cache_misses", ratio: 1.2, share: 0.1 },
        { factor: "model_mix", ratio: 4.8, share: 0.87 },
      ],
    });

    expect(text(content.summary)).toContain("(6.3×), since 02:41 UTC: the same requests, but");
    expect(text(content.summary)).toContain("dearer models (opus).");
    expect(content.why.map(text)).toEqual([
      "dearer models (opus): 4.8× the price, 87% of the rise",
      "fewer cache hits: 1.2× the price, 10% of the rise",
    ]);
    expect(text(content.advice)).toBe("Ask u7 whether it has to be opus.");
  });

  it("says that caches give less, and where to look", () => {
    const factors = [
      { factor: "active_users", ratio: 1.5, share: 0.2 },
      { factor: "cache_misses", ratio: 5, share: 0.8 },
    ] as const;
    const content = compose({ kind: "price", factors });

    expect(text(content.summary)).toContain("UTC: above all fewer cache hits; user u0412 carries");
    expect(text(content.advice)).toContain("start of the prompts");
  });

  it("names no model where none stands out", () => {
    const factors = [{ factor: "model_mix", ratio: 2, share: 1 }] as const;
    const content = compose({ kind: "price", factors, contributors: [] });

    expect(text(content.summary)).toContain("the same requests, but dearer models.");
    expect(text(content.advice)).toContain("Find out who switched to the dearer model at about");
  });

  it("says whom to ask, or where to look when it is nobody in particular", () => {
    expect(text(compose({}).advice)).toMatch(/^Find out what u0412 is running/);
    expect(text(compose({ scope: { team: "t", user: "u7" } }).advice)).toMatch(/u7/);
    expect(text(compose({ contributors: [] }).advice)).toContain("at about 02:41 UTC");
  });

  it("gives commands that work as typed", () => {
    const content = composeMessage(
      { reason: "opened", incident: anIncident(), reference: "" },
      { ...OPTIONS, commandOptions: " --data /var/lib/x" },
    );

    expect(content.commands.map((one) => one.command)).toEqual([
      "spikewatch incidents ack inc-7f3a --data /var/lib/x",
      "spikewatch incidents mute inc-7f3a --for 4h --data /var/lib/x",
    ]);
    expect(content.link).toBe("http://127.0.0.1:8080/#incident-inc-7f3a");
  });

  it("shows who took it, and offers no second acknowledgement", () => {
    const content = compose({ state: "acknowledged", acknowledgedBy: "anna" });

    expect(content.tone).toBe("acknowledged");
    expect(factsOf(content)["Acknowledged by"]).toBe("anna");
    expect(content.commands.map((one) => one.command)).toEqual([
      "spikewatch incidents mute inc-7f3a --for 4h",
    ]);
  });

  it("says when it is over, what it cost and that there is nothing left to do", () => {
    const content = compose({ state: "resolved", resolvedAtMs: OPENED_AT + 45 * 60_000 });

    expect(text(content.title)).toBe("Resolved: team checkout, $208 over normal");
    expect(text(content.summary)).toContain(
      "is back to normal since 03:26 UTC, after 45 min: $248 spent where $40.00 is normal.",
    );
    expect(content.commands).toEqual([]);
    expect(text(content.advice)).toBe("Nothing: it is over.");
  });

  it("keeps the subject while everything else changes", () => {
    const later = compose({
      state: "resolved",
      actualUsdPerHour: 1,
      contributors: [],
      revision: 9,
    });

    expect(text(later.subject)).toBe(text(compose({}).subject));
    expect(text(later.subject)).toContain("since 2026-03-04 02:41 UTC");
  });

  it("speaks of the whole organisation where no scope is named", () => {
    expect(text(compose({ scope: {} }).summary)).toMatch(/^The whole organisation now spends/);
  });

  it("keeps every name apart as data, never in its own words", () => {
    const name = "NAME";
    const contributors = [
      { dimension: "user", value: name, share: 1, actualUsd: 1, expectedUsd: 0 },
    ] as const;
    const content = compose({
      id: name,
      scope: { team: name },
      contributors,
      acknowledgedBy: name,
    });

    const phrases = [
      content.title,
      content.subject,
      content.summary,
      content.advice,
      content.footer,
      ...content.facts.map((fact) => fact.value),
      ...content.groups.flatMap((group) => group.lines),
    ];

    const words = phrases.map((phrase) => write(phrase, { name: () => "·" })).join("\n");
    expect(words).toContain("·");
    expect(words).not.toContain(name);
  });

  it("adds up a storm", () => {
    const others = Array.from({ length: 29 }, (_, index) => anIncident({ id: `inc-${index}` }));

    const content = composeMessage(
      { reason: "opened", incident: anIncident(), reference: "", others },
      OPTIONS,
    );

    expect(text(content.title)).toBe("30 incidents in the last minute, $37.2k/h together");
    expect(factsOf(content)["At stake"]).toBe("$750.2k over the next 24 h at this rate");
    expect(content.groups[0]!.lines).toHaveLength(21);
    expect(text(content.groups[0]!.lines[20]!)).toBe("and 10 more");
    expect(content.commands[0]!.command).toBe("spikewatch incidents list");
  });
});

function compose(changes: Partial<Incident>): MessageContent {
  return composeMessage(
    { reason: "opened", incident: anIncident(changes), reference: "" },
    OPTIONS,
  );
}

function text(phrase: Phrase): string {
  return write(phrase, { name: (name) => name });
}

function factsOf(content: MessageContent): Record<string, string> {
  return Object.fromEntries(content.facts.map((fact) => [fact.label, text(fact.value)]));
}

function groupsOf(content: MessageContent): Record<string, string[]> {
  return Object.fromEntries(content.groups.map((group) => [group.heading, group.lines.map(text)]));
}
