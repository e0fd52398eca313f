import { describe, expect, it } from "@jest/globals";
import { Calibration } from "../../src/detect/calibration.ts";
import type { Verdict } from "../../src/detect/detector.ts";
import { EpisodeBook, type IncidentChange } from "../../src/detect/episode-book.ts";
import type { Incident, IncidentKind, Severity } from "../../src/detect/incident.ts";
import { Pager } from "../../src/detect/pager.ts";
import { NO_PARTS } from "../../src/detect/minute-use.ts";
import { ruleVerdict } from "../../src/detect/rule-verdict.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { learnt, nodeOf, NOON, personal } from "./small-office.ts";

const NIGHT = NOON + 14 * 60;

/** Ada's agent spends so many dollars within an hour of the first night, which is paged and over; and as many of the second. */
class Office {
  readonly #detector = learnt();
  readonly #book = new EpisodeBook();
  readonly #pager = new Pager(this.#detector.tree, this.#book, new Calibration());

  /** Opens at a node of a level what is found of the last hour. */
  open(found: "team" | "user" | "tool", minute: number, what: Partial<Found> = {}): string[] {
    const node = this.node(found);
    this.#pager.open(node, { minute, newestMs: minute * 60_000 }, verdictOf(node, minute, what));
    return this.#changes().map(({ reason }) => reason);
  }

  /** In five minutes: one use far ahead of the rest is not believed. */
  spend(minute: number, usd = 40, who = "ada"): void {
    const uses = [4, 3, 2, 1, 0].map((ago) =>
      personal(who, { minute: minute - ago, usd: usd / 5, requests: 4 }),
    );
    this.#detector.learn(uses);
  }

  /** An hour later nothing burns. */
  end(minute: number): void {
    for (const episode of this.#book.open) {
      episode.advance(minute + 60, verdictOf(episode.base, minute + 60, {}));
      expect(episode.open).toBe(false);
    }
    this.#changes();
  }

  node(level: "team" | "user" | "tool"): SeriesNode {
    return nodeOf(this.#detector, level, level === "user" ? "ada" : undefined);
  }

  get told(): Incident {
    return this.#book.open[0]!.incident;
  }

  #changes(): IncidentChange[] {
    return this.#book.takeChanges();
  }
}

interface Found {
  readonly kind: IncidentKind;
  readonly severity: Severity;
}

function verdictOf(node: SeriesNode, minute: number, what: Partial<Found>): Verdict {
  const { kind = "off-hours", severity = "page" } = what;
  const rule = { kind, severity, statistic: "dollars_60m", window: 60, score: 3, bar: 2 } as const;
  return ruleVerdict(node, minute, rule);
}

function afterTheFirstNight(told: "team" | "user" | "tool"): Office {
  const office = new Office();
  office.spend(NIGHT);
  expect(office.open(told, NIGHT)).toEqual(["opened"]);
  office.end(NIGHT);
  return office;
}

describe("Pager.open", () => {
  const NEXT = NIGHT + 1500;

  it.each(["user", "team", "tool"] as const)(
    "goes on with the page about a %s where its person is found the next night, with both nights' money",
    (told) => {
      const office = afterTheFirstNight(told);

      office.spend(NEXT);

      expect(office.open("user", NEXT)).toEqual(["reopened"]);
      expect(office.told.actualUsd).toBeCloseTo(80, 6);
    },
  );

  it("tells the second night's pace of what the page was about, not of its person alone", () => {
    const office = afterTheFirstNight("team");
    office.spend(NEXT, 10, "ben");
    office.spend(NEXT);

    expect(office.open("user", NEXT)).toEqual(["reopened"]);
    expect(office.told.actualUsdPerHour).toBeCloseTo(50, 6);
  });

  it("opens a page about a person who burns where the one before does not", () => {
    const office = afterTheFirstNight("tool");

    office.spend(NEXT, 1);
    const user = office.node("user");
    user.add(personal("ada", { minute: NEXT, usd: 40 }), NO_PARTS);

    expect(office.open("user", NEXT)).toEqual(["opened"]);
  });

  it("says nothing of what a ticket still sees of a page that is over, but of a silence after it", () => {
    const office = afterTheFirstNight("team");

    expect(office.open("team", NIGHT + 300, { kind: "shift", severity: "ticket" })).toEqual([]);
    expect(office.open("team", NIGHT + 300, { kind: "drop", severity: "ticket" })).toEqual([
      "opened",
    ]);
  });

  it("opens a page where something sudden follows what had no bell", () => {
    const office = new Office();
    office.spend(NIGHT);
    office.open("user", NIGHT, { kind: "price" });
    office.end(NIGHT);

    office.spend(NEXT - 600);

    expect(office.open("user", NEXT - 600, { kind: "spike" })).toEqual(["opened"]);
  });
});
