import { describe, expect, test } from "@jest/globals";
import { DAY } from "./calendar.ts";
import { evaluate } from "./evaluate.ts";
import { poisson, quantile, wilson } from "./intervals.ts";
import { parseSeeds } from "./options.ts";
import type { Simulation } from "./simulate.ts";
import type { Told } from "./told.ts";
import type { TruthIncident } from "./types.ts";

const START = 30_000_000;
const WATCHED = START + 35 * DAY;

function truth(changes: Partial<TruthIncident> = {}): TruthIncident {
  const at = WATCHED + 5 * DAY;
  return {
    id: 0,
    kind: "runaway",
    department: "engineering",
    teams: ["search"],
    startMinute: at,
    endMinute: at + 120,
    names: [{ level: "key", value: "k-1" }],
    teamIsRight: false,
    size: "1 USD/min",
    asks: "page",
    excessUsd: 120,
    normalUsd: 1,
    curve: Array.from({ length: 120 }, (_, minute) => [at + minute, minute + 1]),
    ...changes,
  };
}

function told(changes: Partial<Told> = {}): Told {
  return {
    minute: WATCHED + 5 * DAY + 20,
    severity: "page",
    scope: { department: "engineering", team: "search", key: "k-1" },
    kind: "spike",
    factor: "dollars",
    windowMinutes: 5,
    score: 9,
    bar: 6,
    expectedUsd: 1,
    actualUsd: 21,
    excessUsd: 20,
    leading: [],
    teams: [],
    ...changes,
  };
}

function simulation(incidents: readonly TruthIncident[]): Simulation {
  const team = (name: string): Simulation["teams"][number] => ({
    name,
    department: "engineering",
    kind: "office",
    zone: "Europe/Berlin",
    people: 25,
    startMinute: START,
  });
  return {
    seed: 1,
    startMinute: START,
    endMinute: START + 91 * DAY,
    zone: "Europe/Berlin",
    teams: [team("search"), team("payments")],
    calendar: { holidays: [], events: [] },
    incidents,
    traps: [],
    days: function* () {
      yield { uses: [], untilMinute: START };
    },
  };
}

describe("what was told", () => {
  test("in time, of the right key, finds the incident and names it", () => {
    const { outcomes, falsePages } = evaluate(simulation([truth()]), [told()]);
    expect(outcomes[0]).toMatchObject({
      minutes: 20,
      inTime: true,
      moneyInTime: true,
      burntUsd: 21,
      named: true,
      pages: 1,
      counts: true,
    });
    expect(falsePages).toEqual([]);
  });

  test("at the team finds it and does not name it, unless a contributor leads to it", () => {
    const scope = { department: "engineering", team: "search" };
    const bare = evaluate(simulation([truth()]), [told({ scope })]).outcomes[0];
    expect(bare).toMatchObject({ inTime: true, named: false, leads: false });
    const leading = [{ level: "key", value: "k-1" }];
    const led = evaluate(simulation([truth()]), [told({ scope, leading })]).outcomes[0];
    expect(led).toMatchObject({ named: false, leads: true });
  });

  test("of another team, before it or long after it, is false", () => {
    const wrong = [
      told({ scope: { department: "engineering", team: "payments" } }),
      told({ minute: truth().startMinute - 1 }),
      told({ minute: truth().endMinute + 121 }),
    ];
    const { outcomes, falsePages } = evaluate(simulation([truth()]), wrong);
    expect(falsePages).toHaveLength(3);
    expect(outcomes[0]).toMatchObject({ told: null, minutes: Infinity, burntUsd: 120 });
  });

  test("twice within a day is false the second time; after its end it finds nothing and is not false", () => {
    const again = evaluate(simulation([truth()]), [told(), told({ minute: told().minute + 60 })]);
    expect(again.falsePages.map(({ why }) => why)).toEqual(["repeat"]);
    const late = evaluate(simulation([truth()]), [told({ minute: truth().endMinute + 60 })]);
    expect(late.outcomes[0]?.told).toBeNull();
    expect(late.falsePages).toEqual([]);
  });

  test("a line in the thread is no message of its own, finds as a page does, and is false within a day or where nothing is", () => {
    const long = truth({ endMinute: truth().endMinute + 2 * DAY });
    const next = (after: number): Told => told({ minute: told().minute + after, again: true });

    const night = evaluate(simulation([long]), [told(), next(DAY + 60)]);
    expect(night.outcomes[0]).toMatchObject({ pages: 1, minutes: 20 });
    expect(night.falsePages).toEqual([]);
    const soon = evaluate(simulation([long]), [told(), next(60)]);
    expect(soon.falsePages.map(({ why }) => why)).toEqual(["repeat"]);
    const alone = evaluate(simulation([long]), [next(0)]);
    expect(alone.outcomes[0]).toMatchObject({ inTime: true, pages: 0 });
    const nothing = evaluate(simulation([]), [next(0)]);
    expect(nothing.falsePages.map(({ why }) => why)).toEqual(["nothing there"]);
  });

  test("a ticket answers only what asks for one", () => {
    const ticket = told({ severity: "ticket", kind: "drop" });
    const page = evaluate(simulation([truth()]), [ticket]);
    expect(page.outcomes[0]?.told).toBeNull();
    expect(page.falseTickets).toEqual([]);
    const drop = truth({ kind: "drop", asks: "ticket" });
    expect(evaluate(simulation([drop]), [ticket]).outcomes[0]?.inTime).toBe(true);
  });

  test("takes a page about a department for the incident of the team that it names first", () => {
    const ramp = truth({ id: 1, kind: "ramp", teams: ["payments"], endMinute: WATCHED + 9 * DAY });
    const page = told({ scope: { department: "engineering" }, teams: ["search", "payments"] });
    const { outcomes } = evaluate(simulation([ramp, truth()]), [page]);

    expect(outcomes.map(({ told: found }) => found)).toEqual([null, page]);
  });

  test("a storm is one: the second team's page repeats the first", () => {
    const storm = truth({ kind: "storm", teams: ["search", "payments"], names: [] });
    const pages = [told(), told({ scope: { department: "engineering", team: "payments" } })];
    const { outcomes, falsePages } = evaluate(simulation([storm]), pages);
    expect(outcomes[0]).toMatchObject({ pages: 2, named: false });
    expect(falsePages).toHaveLength(1);
  });

  test("time under incidents is no time to be wrong in", () => {
    const { minutes } = evaluate(simulation([truth()]), []);
    expect(minutes.get("office")).toBe(2 * 56 * DAY - 240);
  });

  test("in the weeks of history counts apart", () => {
    const early = told({ minute: START + 3 * DAY });
    const { coldPages, falsePages } = evaluate(simulation([truth()]), [early]);
    expect([coldPages.length, falsePages.length]).toEqual([1, 0]);
  });
});

describe("intervals", () => {
  test("are those of the tables", () => {
    expect(wilson(9, 10)[0]).toBeCloseTo(0.596, 3);
    expect(wilson(9, 10)[1]).toBeCloseTo(0.982, 3);
    expect(poisson(0)[1]).toBeCloseTo(3.689, 3);
    expect(poisson(10)[0]).toBeCloseTo(4.795, 3);
    expect(poisson(10)[1]).toBeCloseTo(18.39, 2);
  });

  test("a median with misses may be infinite", () => {
    expect(quantile([3, Infinity, Infinity], 0.5)).toBe(Infinity);
  });
});

describe("seeds", () => {
  test("of tuning and reporting never meet in one run", () => {
    expect(parseSeeds("1-3,9")).toEqual([1, 2, 3, 9]);
    expect(parseSeeds("1001-1002")).toEqual([1001, 1002]);
    expect(() => parseSeeds("1,1001")).toThrow(RangeError);
    expect(() => parseSeeds("60")).toThrow(RangeError);
    expect(() => parseSeeds("x")).toThrow(RangeError);
  });
});
