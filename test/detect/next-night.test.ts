import { describe, expect, it } from "@jest/globals";
import type { Verdict } from "../../src/detect/detector.ts";
import { EpisodeBook } from "../../src/detect/episode-book.ts";
import { openEpisode, type Episode } from "../../src/detect/episode.ts";
import type { IncidentKind } from "../../src/detect/incident.ts";
import { ruleVerdict } from "../../src/detect/rule-verdict.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const NIGHT = MONDAY_MINUTE + 120;
const DAY = 1440;

type Who = "team" | "ada";
interface Night {
  readonly ada: number;
  readonly others: number;
}

/** A team in which ada and others spend what each night says, dollars at two o'clock. */
class Team {
  readonly #team = aNode(
    "team",
    "payments",
    aNode("department", "shop", aNode("organisation", "")),
  );
  readonly #ada = aNode("user", "ada", this.#team);
  readonly #ben = aNode("user", "ben", this.#team);
  readonly #book = new EpisodeBook();

  /** The first night pages about `base`, and is over by the morning. */
  constructor(base: Who, night: Night) {
    const [node, minute] = [this.#nodeOf(base), this.#spend(0, night)];
    const options = { minute, openedAtMs: minute * 60_000, masks: true };
    const episode = openEpisode(node, pageOf(node, minute), options);
    this.#book.add(episode);
    episode.advance(minute + 60, pageOf(node, minute));
    expect(episode.open).toBe(false);
  }

  /** What a page about `found`, days later, goes on with. */
  later(days: number, night: Night, found: Who, kind?: IncidentKind): Episode | undefined {
    const [node, minute] = [this.#nodeOf(found), this.#spend(days, night)];
    return this.#book.recent(node, minute, pageOf(node, minute, kind));
  }

  #spend(days: number, { ada, others }: Night): number {
    const minute = NIGHT + days * DAY;
    this.#ada.add(aUse({ minute, usd: ada }), parts());
    this.#ben.add(aUse({ minute, usd: others }), parts());
    this.#team.add(aUse({ minute, usd: ada + others }), parts());
    return minute;
  }

  #nodeOf(who: Who): SeriesNode {
    return who === "team" ? this.#team : this.#ada;
  }
}

function pageOf(node: SeriesNode, minute: number, kind: IncidentKind = "off-hours"): Verdict {
  const found = {
    severity: "page",
    statistic: "dollars_60m",
    window: 60,
    score: 3,
    bar: 2,
  } as const;
  return ruleVerdict(node, minute, { ...found, kind });
}

const OF_ADA = { ada: 20, others: 1 };
const OF_OTHERS = { ada: 1, others: 20 };

describe("isNextNight", () => {
  it.each<[Who, Who]>([
    ["ada", "ada"],
    ["ada", "team"],
    ["team", "ada"],
    ["team", "team"],
  ])("goes on with a page about %s where it is found at %s two nights later", (told, found) => {
    expect(new Team(told, OF_ADA).later(2, OF_ADA, found)).toBeDefined();
  });

  it("opens a new incident where others carry it, or carried it", () => {
    expect(new Team("ada", OF_ADA).later(2, OF_OTHERS, "team")).toBeUndefined();
    expect(new Team("team", OF_OTHERS).later(2, OF_ADA, "ada")).toBeUndefined();
  });

  it("opens a new incident for dearer calls, and after four days", () => {
    expect(new Team("ada", OF_ADA).later(2, OF_ADA, "ada", "price")).toBeUndefined();
    expect(new Team("ada", OF_ADA).later(4, OF_ADA, "ada")).toBeUndefined();
  });
});
