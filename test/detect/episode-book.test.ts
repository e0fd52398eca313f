import { describe, expect, it } from "@jest/globals";
import type { Verdict } from "../../src/detect/detector.ts";
import { EpisodeBook } from "../../src/detect/episode-book.ts";
import { openEpisode } from "../../src/detect/episode.ts";
import type { IncidentKind, Severity } from "../../src/detect/incident.ts";
import { ruleVerdict } from "../../src/detect/rule-verdict.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const NOON = MONDAY_MINUTE + 720;

function verdict(node: SeriesNode, kind: IncidentKind, severity: Severity): Verdict {
  return ruleVerdict(node, NOON, { kind, severity, statistic: kind, window: 60, score: 2, bar: 1 });
}

function bookWith(base: SeriesNode, kind: IncidentKind, severity: Severity): EpisodeBook {
  const book = new EpisodeBook();
  const at = { minute: NOON, openedAtMs: NOON * 60_000, masks: true };
  book.add(openEpisode(base, verdict(base, kind, severity), at));
  return book;
}

describe("EpisodeBook", () => {
  const organisation = aNode("organisation", "");
  const team = aNode("team", "payments", aNode("department", "shop", organisation));
  const covers = (book: EpisodeBook, kind: IncidentKind, severity: Severity): boolean =>
    book.covers(team, verdict(team, kind, severity), NOON);

  it("lets the slow rise of the organisation silence nothing about a team but such a rise", () => {
    const book = bookWith(organisation, "ramp", "ticket");

    expect(covers(book, "ramp", "ticket")).toBe(true);
    for (const kind of ["shift", "price", "drop"] as const) {
      expect(covers(book, kind, "ticket")).toBe(false);
    }
  });

  it("lets a ticket silence no page, and a page the tickets about what it is about", () => {
    expect(covers(bookWith(team, "shift", "ticket"), "spike", "page")).toBe(false);
    expect(covers(bookWith(team, "spike", "page"), "shift", "ticket")).toBe(true);
  });

  it("lets a page about a department silence no price of a team and nobody apart from it, and what the team spends", () => {
    for (const wide of [organisation, team.parent!]) {
      const book = bookWith(wide, "off-hours", "page");

      expect(covers(book, "price", "ticket")).toBe(false);
      expect(covers(book, "waste", "ticket")).toBe(false);
      expect(covers(book, "shift", "ticket")).toBe(true);
      expect(covers(book, "waste", "page")).toBe(true);
    }
    const own = bookWith(team, "spike", "page");
    expect(covers(own, "price", "ticket")).toBe(true);
    expect(covers(bookWith(team.parent!, "price", "ticket"), "price", "ticket")).toBe(true);
  });

  it("goes on with an incident that is hardly over, and not as a price or as somebody apart", () => {
    const book = bookWith(team, "spike", "page");
    const recent = (kind: IncidentKind, severity: Severity): unknown =>
      book.recent(team, NOON + 60, verdict(team, kind, severity));

    expect(recent("spike", "page")).toBeDefined();
    expect(recent("shift", "ticket")).toBeDefined();
    expect(recent("price", "ticket")).toBeUndefined();
    expect(recent("waste", "ticket")).toBeUndefined();
  });

  it("goes on with no page of what has no bell where something sudden is found, nor with any where all falls silent", () => {
    const recent = (kind: IncidentKind, found: IncidentKind, severity: Severity): unknown =>
      bookWith(team, kind, "page").recent(team, NOON + 60, verdict(team, found, severity));

    for (const kind of ["shift", "ramp", "price", "new"] as const) {
      expect(recent(kind, "spike", "page")).toBeUndefined();
      expect(recent(kind, kind, "page")).toBeDefined();
    }
    expect(recent("spike", "drop", "ticket")).toBeUndefined();
  });

  it("keeps what a page adds out of history though a ticket came before it", () => {
    expect(bookWith(team, "shift", "ticket").masksAnew(team, NOON)).toBe(true);
    expect(bookWith(team, "spike", "page").masksAnew(team, NOON)).toBe(false);
  });

  it("counts what pages of a week cost, a part of another page's not again, and no ticket", () => {
    const department = aNode("department", "shop", aNode("organisation", ""));
    const shared = aNode("team", "payments", department);
    const person = aNode("user", "ada", shared);
    const book = new EpisodeBook();
    const page = (base: SeriesNode, minute: number, usd: number, severity: Severity): void => {
      for (let { parent } = base; parent !== null; { parent } = parent) {
        parent.add(aUse({ minute, usd }), parts());
      }
      base.add(aUse({ minute, usd }), parts());
      const found = {
        kind: "spike",
        severity,
        statistic: "s",
        window: 60,
        score: 2,
        bar: 1,
      } as const;
      const at = { minute, openedAtMs: minute * 60_000, masks: true };
      book.add(openEpisode(base, ruleVerdict(base, minute, found), at));
    };
    page(person, NOON, 300, "page");
    page(person, NOON + 1440, 50, "page");
    page(shared, NOON + 1450, 40, "page");
    page(shared, NOON + 2 * 1440, 1_000, "ticket");

    // The team's hour holds the person's second 50 as well.
    const at = NOON + 3 * 1440;
    expect(book.pagedUsd({ minute: at, window: 10_080 })).toBeCloseTo(300 + 50 + 40, 6);
  });
});
