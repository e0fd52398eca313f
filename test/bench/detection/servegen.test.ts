import { describe, expect, test } from "@jest/globals";
import { liveliness, type Series } from "./realism.ts";
import type { Watcher } from "./run.ts";
import { loadClients, playClients, seriesOf, type Client } from "./servegen.ts";
import type { SimUse } from "./types.ts";

const STEPS = 14 * 144;

function client(changes: Partial<Client> = {}): Client {
  return {
    model: "m-test",
    client: 1,
    step_s: 600,
    requests: Array.from({ length: STEPS }, (_, step) => step % 7),
    tok_step_s: 21_600,
    in: Array.from({ length: 56 }, () => [1000, 10, 1000, 1100]),
    out: Array.from({ length: 56 }, () => [200, 10, 200, 220]),
    ...changes,
  };
}

describe("clients of real traces", () => {
  test("keep their requests of each ten minutes, in order of time", () => {
    const counts = new Float64Array(STEPS);
    const rows: SimUse[] = [];
    let first = -1;
    const watcher: Watcher = {
      name: "count",
      told: [],
      minute: (minute, uses) => {
        if (first < 0) first = minute;
        rows.push(...uses);
      },
    };
    playClients([client()], [watcher]);
    for (const { minute, requests } of rows) {
      const step = Math.floor((minute - first) / 10);
      counts[step] = (counts[step] ?? 0) + requests;
    }
    expect([...counts]).toEqual([...client().requests]);
    const usd = rows.reduce((sum, row) => sum + row.usd, 0);
    const expected = client().requests.reduce((sum, one) => sum + one, 0) * 0.006;
    expect(Math.abs(usd / expected - 1)).toBeLessThan(0.1);
  });

  test("that are quiet for six hours have no size of their own then; what was before counts", () => {
    const sizes = Array.from({ length: 56 }, (_, slot) => (slot === 1 ? null : [1000, 1, 1, 1]));
    const { usd } = seriesOf(client({ in: sizes, out: sizes }));
    expect(usd[37]).toBeCloseTo((37 % 7) * 0.018, 9);
  });

  test("are nobody's need: without their folder there are none", () => {
    expect(loadClients("/nowhere/at/all")).toBeNull();
  });
});

test("a series that repeats itself is not lively at all", () => {
  const bins = 28 * 144;
  const day = Array.from({ length: bins }, (_, bin) => 1 + (bin % 144));
  const series: Series = {
    group: "clockwork",
    usd: Float64Array.from(day),
    requests: Float64Array.from(day),
    byWeekend: true,
    firstWeekday: 0,
  };
  const [one] = liveliness([series]);
  expect(one?.hourlyCv).toBeCloseTo(0, 9);
  expect(one?.priceCv).toBeCloseTo(0, 9);
  expect([one?.overFive, one?.overHalf]).toEqual([0, 0]);
});
