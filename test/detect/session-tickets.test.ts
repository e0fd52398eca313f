import { beforeAll, describe, expect, it } from "@jest/globals";
import type { Incident } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { play } from "../support/office.ts";
import { aUse, MONDAY_MINUTE, seeded } from "../support/spend-stream.ts";

const HISTORY_DAYS = 63;
const TEAMS = 2;
const PEOPLE = 10;
const NINE = 9 * 60;
const LIVE_DAY = MONDAY_MINUTE + HISTORY_DAYS * 1440;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A session: three calls in as many minutes, of any size. */
function session(random: () => number, who: Partial<PaneUse>, start: number): PaneUse[] {
  const name = `s${Math.floor(random() * 1e12)}`;
  const size = Math.exp(normal(random));
  return Array.from({ length: 3 }, (_, step) => {
    const usd = 0.2 * size * Math.exp(normal(random));
    return aUse({ ...who, minute: start + step, session: name, usd, requests: 1 + step });
  });
}

/** About six sessions of each person on a working day, at any time from 9 to 17; of those in `busy` forty. */
function day(seed: number, midnight: number, busy: readonly string[] = []): PaneUse[] {
  const random = seeded(seed);
  const uses: PaneUse[] = [];
  for (let one = 0; one < TEAMS * PEOPLE; one++) {
    const team = Math.floor(one / PEOPLE);
    const user = `user-${team}-${one % PEOPLE}`;
    const who = { team: `team-${team}`, user, key: `key-${user}` };
    const usual = Math.round(6 * Math.exp(0.4 * normal(random)));
    const count = busy.includes(user) ? 40 : usual;
    for (let at = 0; at < count; at++) {
      const start = midnight + NINE + Math.floor(8 * 60 * random());
      uses.push(...session(random, who, start));
    }
  }
  return uses.sort((a, b) => a.minute - b.minute);
}

function isWorkday(index: number): boolean {
  return index % 7 < 5;
}

/** What is told until half past one of a Monday on which some are busy from nine on, after nine usual weeks. */
function told(history: readonly PaneUse[][], monday: readonly PaneUse[]): Incident[] {
  const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 20 });
  for (const uses of history) detector.learn(uses);
  const until = LIVE_DAY + NINE + 4.5 * 60;
  play(
    detector,
    monday.filter(({ minute }) => minute < until),
  );
  return [...detector.incidents];
}

describe("sessions far beyond the usual", () => {
  let history: PaneUse[][] = [];
  beforeAll(() => {
    history = Array.from({ length: HISTORY_DAYS }, (_, index) => index)
      .filter(isWorkday)
      .map((index) => day(100 + index, MONDAY_MINUTE + index * 1440));
  });

  it("tell of nothing on a day like others", () => {
    expect(told(history, day(7, LIVE_DAY))).toEqual([]);
  });

  it("of two people are a ticket about one of them within the morning", () => {
    const two = ["user-1-1", "user-1-4"];
    const monday = day(9, LIVE_DAY, two);

    const first = told(history, monday)[0]!;

    expect(first).toMatchObject({
      kind: "waste",
      severity: "ticket",
      decision: { statistic: "apart_sessions_240m" },
      scope: { team: "team-1" },
    });
    expect(two).toContain(first.scope.user);
    expect(first.excessUsd).toBeGreaterThan(10);
    expect(first.openedAtMs / 60_000 - LIVE_DAY - NINE).toBeLessThan(3 * 60);
    const unnamed = monday.map((use) => ({ ...use, session: "" }));
    expect(told(history, unnamed).map(({ decision }) => decision?.statistic)).not.toContain(
      "apart_sessions_240m",
    );
  });

  it("are not what one long session is", () => {
    const long = Array.from({ length: 200 }, (_, step) =>
      aUse({
        team: "team-1",
        user: "user-1-1",
        key: "key-user-1-1",
        minute: LIVE_DAY + NINE + step,
        session: "long",
        usd: 0.25,
      }),
    );
    const monday = [...day(7, LIVE_DAY), ...long].sort((a, b) => a.minute - b.minute);

    expect(told(history, monday).filter(({ kind }) => kind === "waste")).toEqual([]);
  });
});
