import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Calibration } from "../../src/detect/calibration.ts";
import { barOf, COLD, handicapOf, PAGE_HEAT, totalOf, watch } from "../../src/detect/evidence.ts";
import { BUSY, DEAD, QUIET, slotOf } from "../../src/detect/regimes.ts";
import { PAGE_FAMILIES } from "../../src/detect/families.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const surprise = fc.double({ min: 0, max: 12, noNaN: true });

describe("totalOf", () => {
  const team = aNode("team", "payments");
  const calibration = new Calibration();
  const { statistics } = team;
  const total = (of: readonly number[], regime = BUSY): number =>
    totalOf(team, calibration, (index) => ({ surprise: of[index] ?? 0, regime }));
  const indexOf = (name: string): number => statistics.findIndex((one) => one.name === name);
  const only = (...some: readonly [name: string, surprise: number][]): number[] => {
    const of = statistics.map(() => 0);
    for (const [name, one] of some) of[indexOf(name)] = one;
    return of;
  };

  it("is what a lone statistic's surprise is worth in its family: of many windows one always stands out", () => {
    fc.assert(
      fc.property(surprise, fc.nat(statistics.length - 1), (one, at) => {
        const of = statistics.map((_, index) => (index === at ? one : 0));
        const { family } = statistics[at]!;
        const worth = calibration.familySurprise(team, family, one) - handicapOf(team, family);
        expect(total(of)).toBeCloseTo(family < PAGE_FAMILIES ? Math.max(0, worth) : 0, 9);
        expect(total(of)).toBeLessThanOrEqual(one);
      }),
    );
  });

  it("counts the windows of one family once, and another family as more evidence", () => {
    const alone = total(only(["dollars_60m", 3]));
    expect(total(only(["dollars_60m", 3], ["dollars_15m", 2]))).toBe(alone);

    const pace: [string, number] = ["requests_per_active_user_60m", 2.5];
    const two = total(only(["dollars_60m", 3], pace));
    expect(two).toBeGreaterThan(alone);
    expect(two).toBeLessThan(alone + total(only(pace)));
  });

  it.each(["dollars_1440m", "crowd_360m", "price_per_token_60m", "tokens_per_request_360m"])(
    "asks a hundred times more of %s of a group, for which there is time or a ticket",
    (name) => {
      const now = total(only(["dollars_60m", 6]));

      expect(total(only([name, 6]))).toBeCloseTo(now - 2, 9);
      expect(total(only([name, 1.5]))).toBe(0);
    },
  );

  it("asks no more of a person's six hours than of one", () => {
    const person = aNode("user", "ada", team);
    const of = (name: string): number =>
      totalOf(person, calibration, (index) => ({
        surprise: person.statistics[index]?.name === name ? 4 : 0,
        regime: BUSY,
      }));

    expect(of("dollars_360m")).toBe(of("dollars_60m"));
    expect(of("dollars_360m")).toBeGreaterThan(1);
  });

  it("asks ten times more of one person's dollars than of what they run at once, and less of a dearer model", () => {
    const person = aNode("user", "ada", team);
    const worth = (name: string): number =>
      totalOf(person, calibration, (index) => ({
        surprise: person.statistics[index]?.name === name ? 6 : 0,
        regime: BUSY,
      }));

    expect(worth("dollars_60m")).toBeCloseTo(worth("pace_60m") - 1, 9);
    expect(worth("price_per_token_60m")).toBeCloseTo(worth("pace_60m") - 0.7, 9);
  });

  it("takes what happens in quiet hours for a family of its own, whatever statistic shows it", () => {
    const of = only(["dollars_60m", 3], ["price_per_token_60m", 2.5]);

    expect(total(of, QUIET)).toBe(total(only(["demand_60m", 3]), QUIET));
    expect(total(of, DEAD)).toBe(total(of, QUIET));
    expect(total(only(["dollars_360m", 6]), QUIET)).toBe(total(only(["dollars_360m", 6])));
  });

  it("falls with no surprise that rises", () => {
    const many = fc.array(surprise, { minLength: statistics.length, maxLength: statistics.length });
    fc.assert(
      fc.property(many, fc.nat(statistics.length - 1), surprise, (of, at, more) => {
        const raised = of.map((one, index) => (index === at ? one + more : one));
        expect(total(raised)).toBeGreaterThanOrEqual(total(of) - 1e-12);
      }),
    );
  });
});

describe("barOf", () => {
  it("rises by the logarithm of how many share a budget, and falls with the budget", () => {
    const team = aNode("team", "payments");
    const alone = aNode("user", "ada", team);
    const one = barOf(alone);
    for (let more = 0; more < 9; more++) aNode("user", `u${more}`, team);

    expect(barOf(alone) - one).toBeCloseTo(1, 9);
    const generous = aNode("team", "x", null, { ...DEFAULT_DETECTION, pagesPerQuarter: 10 });
    expect(barOf(team) - barOf(generous)).toBeCloseTo(1, 9);
  });

  it("asks more of a department than of a team, and more of all people together", () => {
    const department = aNode("department", "engineering");
    const team = aNode("team", "payments", department);

    expect(barOf(department)).toBeGreaterThan(barOf(team));
    expect(barOf(aNode("user", "ada", team))).toBeGreaterThan(barOf(team));
  });
});

describe("watch", () => {
  const DAYS = 12;

  /** A person who sends ten calls at ten each day. */
  function aPerson(calibration: Calibration) {
    const person = aNode("user", "ada", aNode("team", "payments"));
    let last = 0;
    for (let day = 0; day < DAYS; day++) {
      const minute = MONDAY_MINUTE + day * 1440 + 600;
      calibration.turn(person, person.hours.day(minute), true);
      for (let call = 0; call < 10; call++) {
        last = minute + call;
        person.add(aUse({ minute: last, user: "ada" }), parts({ cells: Number(call % 5 === 0) }));
        watch(person, { minute: last, notes: true, judges: true }, calibration);
      }
      const hour = Math.floor(minute / 60);
      const held = person.totals(hour * 60 + 59, 60);
      person.closeHour(hour, held, held);
    }
    return { person, noon: last - (last % 1440) + 720 };
  }

  it("calls for a judgement where a person does a hundred times as much as ever, and not before", () => {
    const calibration = new Calibration();
    const { person, noon } = aPerson(calibration);
    person.add(aUse({ minute: noon, user: "ada" }), parts());
    expect(watch(person, { minute: noon, notes: true, judges: true }, calibration)).toBe(COLD);

    const flood = aUse({ minute: noon + 1, user: "ada", requests: 4_000, usd: 900, tokens: 9e7 });
    person.add(flood, parts());
    expect(watch(person, { minute: noon + 1, notes: true, judges: true }, calibration)).toBe(
      PAGE_HEAT,
    );
  });

  it("finds nothing in a hundred times as many calls, where they cost next to nothing", () => {
    const calibration = new Calibration();
    const { person, noon } = aPerson(calibration);
    const cheap = aUse({ minute: noon, user: "ada", requests: 4_000, usd: 5, tokens: 9e7 });
    person.add(cheap, parts());

    const pace = person.statistics.findIndex(({ name }) => name === "pace_30m");
    const surpriseAt = (minute: number): number => {
      watch(person, { minute: minute, notes: true, judges: true }, calibration);
      return person.tails.last(pace);
    };
    expect(surpriseAt(noon)).toBe(0);
    person.add(aUse({ minute: noon + 1, user: "ada", requests: 1, usd: 10 }), parts());
    expect(surpriseAt(noon + 1)).toBeGreaterThan(2);
  });

  it("keeps for the team what a person's day has come to, also when the hour is over", () => {
    const calibration = new Calibration();
    const { person, noon } = aPerson(calibration);
    person.add(aUse({ minute: noon, user: "ada", requests: 4_000, usd: 900 }), parts());
    watch(person, { minute: noon, notes: true, judges: true }, calibration);
    const { evidence } = person;
    person.add(aUse({ minute: noon + 420, user: "ada" }), parts());
    watch(person, { minute: noon + 420, notes: true, judges: true }, calibration);

    expect(evidence).toBe(calibration.totalSurprise(person, person.tails.total));
    expect(evidence).toBeGreaterThan(2);
    expect(person.evidence).toBe(evidence);
  });

  it("notes nothing of what an incident touches", () => {
    const calibration = new Calibration();
    const { person, noon } = aPerson(calibration);
    const { total } = person.tails;
    person.add(aUse({ minute: noon, user: "ada", requests: 4_000, usd: 900 }), parts());
    watch(person, { minute: noon, notes: false, judges: true }, calibration);

    expect(person.tails.total).toBe(total);
  });

  it.each([
    { level: "team", name: "dollars_360m", judges: true, seesIn: 5 },
    { level: "team", name: "dollars_360m", judges: false, seesIn: 15 },
    { level: "team", name: "dollars_60m", judges: false, seesIn: 5 },
    { level: "user", name: "requests_1440m", judges: false, seesIn: 5 },
  ] as const)(
    "sees what a $level came to in $name within $seesIn minutes where it judges: $judges",
    ({ level, name, judges, seesIn }) => {
      const node = aNode(level, "payments");
      const calibration = new Calibration();
      for (let hour = 0; hour < 48; hour++) {
        const minute = MONDAY_MINUTE + hour * 60;
        node.add(aUse({ minute, user: "ada" }), parts({ cells: 1 }));
        const held = node.totals(minute + 59, 60);
        node.closeHour(Math.floor(minute / 60), held, held);
      }
      const at = MONDAY_MINUTE + 48 * 60;
      const index = node.statistics.findIndex((one) => one.name === name);
      const seen = (minute: number, usd: number): number => {
        node.add(aUse({ minute, user: "ada", requests: usd, usd }), parts({ cells: 1 }));
        watch(node, { minute, notes: true, judges }, calibration);
        return Math.max(...[BUSY, QUIET].map((of) => node.tails.today(slotOf(index, of))));
      };

      const before = seen(at, 1);
      const [next, then, after] = [seen(at + 5, 500), seen(at + 10, 1), seen(at + 15, 1)];
      expect(next > before).toBe(seesIn === 5);
      expect(then).toBeGreaterThanOrEqual(next);
      expect(after).toBeGreaterThan(before);
    },
  );
});
