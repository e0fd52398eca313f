import { describe, expect, it } from "@jest/globals";
import { BUSY, DEAD, personalRegime, QUIET } from "../../src/detect/regimes.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const DAYS = 21;
const EMPTY = { requests: 0, tokens: 0, activeUsers: 0, starts: 0, loads: 0 };

/** Lives through three weeks, on each of whose days it is at work in some hours. */
function live(node: SeriesNode, hours: readonly number[]): void {
  const first = MONDAY_MINUTE / 60;
  for (let day = 0; day < DAYS; day++) {
    for (const hour of hours) {
      const at = first + day * 24 + hour;
      node.add(aUse({ minute: at * 60, usd: 10 }), parts({ cells: 10 }));
      const held = { ...EMPTY, usd: 10, cells: 10 };
      node.closeHour(at, held, held);
    }
  }
}

/** A minute of the day after, at the end of an hour. */
function at(hour: number): number {
  return MONDAY_MINUTE + DAYS * 1440 + hour * 60 + 59;
}

const OFFICE = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17];
const ALWAYS = Array.from({ length: 24 }, (_, hour) => hour);

describe("personalRegime", () => {
  it("is busy at work, dead at night", () => {
    const team = aNode("team", "payments");
    const ada = aNode("user", "ada", team);
    live(team, OFFICE);
    live(ada, OFFICE);

    expect(personalRegime(ada, at(10))).toBe(BUSY);
    expect(personalRegime(ada, at(2))).toBe(DEAD);
  });

  it("is quiet where the team rests and this person does not", () => {
    const team = aNode("team", "payments");
    const ada = aNode("user", "ada", team);
    live(team, OFFICE);
    live(ada, [...OFFICE, 20]);

    expect(personalRegime(ada, at(20))).toBe(QUIET);
  });

  it("is dead for who never works at an hour, although programs of the team do, but not in the hours beside", () => {
    const team = aNode("team", "payments");
    const ada = aNode("user", "ada", team);
    const program = aNode("user", "svc", team);
    live(team, ALWAYS);
    live(ada, OFFICE);
    live(program, ALWAYS);

    expect(personalRegime(ada, at(2))).toBe(DEAD);
    expect(personalRegime(ada, at(19))).toBe(BUSY);
    expect(personalRegime(program, at(2))).toBe(BUSY);
  });

  it("goes by the team for who has no past", () => {
    const team = aNode("team", "payments");
    live(team, OFFICE);
    const fresh = aNode("user", "fresh", team);

    expect(personalRegime(fresh, at(10))).toBe(BUSY);
    expect(personalRegime(fresh, at(2))).toBe(DEAD);
  });
});
