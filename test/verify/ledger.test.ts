import { describe, expect, it } from "@jest/globals";
import { withoutFoldedNames } from "../../src/verify/folded-names.ts";
import { differingSums, Ledger, SUMS } from "../../src/verify/ledger.ts";

const ALL = { from: 0, to: 2 ** 32 };
const A = { minute: 600, team: "a", model: "m" };

/** Requests, output tokens and nano-dollars; all other sums 0. */
function sums(requests: number, output = 0, nanos = 0): number[] {
  return SUMS.map(
    (name) => ({ requests, output_tokens: output, cost_nanos: nanos })[name as string] ?? 0,
  );
}

function stored(requests: number, output = 0, nanos = 0, pricedOtherwise = false) {
  return { sums: sums(requests, output, nanos).map(BigInt), pricedOtherwise };
}

describe("Ledger", () => {
  it("names all sums of usage_by_minute", () => {
    expect(SUMS).toEqual([
      "requests",
      "errors",
      "uncached_input_tokens",
      "cache_read_input_tokens",
      "cache_write_5m_input_tokens",
      "cache_write_1h_input_tokens",
      "output_tokens",
      "reasoning_output_tokens",
      "cost_nanos",
      "unpriced_tokens",
    ]);
  });

  it("drops a cell as soon as both sides are equal, whichever came first and in however many pieces", () => {
    const ledger = new Ledger(ALL);
    ledger.count(A, sums(1, 5, 7), false);
    ledger.count(A, sums(2, 5, 7), false);
    expect(ledger.size).toBe(1);
    ledger.setOff({ ...A, ...stored(3, 10, 14) });
    expect(ledger.size).toBe(0);

    ledger.setOff({ ...A, team: "b", ...stored(2) });
    ledger.count({ ...A, team: "b" }, sums(1), false);
    expect(ledger.size).toBe(1);
    ledger.count({ ...A, team: "b" }, sums(1), false);

    expect(ledger.size).toBe(0);
    expect(ledger.compared).toBe(2);
    expect(ledger.span).toEqual({ first: 600, last: 600, minutes: 1 });
  });

  it("adds beyond 2^53 exactly", () => {
    const ledger = new Ledger(ALL);
    for (let event = 0; event < 10; event++) ledger.count(A, sums(1, 2 ** 52 - 1), false);
    const exact = stored(10);
    exact.sums[SUMS.indexOf("output_tokens")] = 10n * (2n ** 52n - 1n) + 1n;

    ledger.setOff({ ...A, ...exact });

    expect(ledger.differences()[0]!.more[SUMS.indexOf("output_tokens")]).toBe(-1n);
  });

  it("lets doubtful events be there or not, and nothing beyond them", () => {
    for (const [held, differs] of [
      [0, true],
      [1, false],
      [2, false],
      [3, true],
    ] as const) {
      const ledger = new Ledger(ALL);
      ledger.count(A, sums(1, 5), false);
      ledger.count(A, sums(1, 5), true);
      ledger.setOff({ ...A, ...stored(held, held * 5) });

      expect(ledger.differences().length > 0).toBe(differs);
    }
  });

  it("compares all but cost where other prices counted", () => {
    const ledger = new Ledger(ALL);
    ledger.count(A, sums(1, 5, 7), false);
    ledger.count({ ...A, team: "b" }, sums(1, 5, 7), false);
    ledger.setOff({ ...A, ...stored(1, 5, 99, true) });
    ledger.setOff({ ...A, team: "b", ...stored(1, 6, 99, true) });

    const [different, ...more] = ledger.differences();

    expect(more).toEqual([]);
    expect(different!.team).toBe("b");
    expect(differingSums(different!).map((index) => SUMS[index])).toEqual(["output_tokens"]);
    expect(ledger.pricedOtherwise).toBe(2);
  });

  it("leaves out minutes outside of its range, before the first whole one, and single ones", () => {
    const ledger = new Ledger({ from: 60, to: 600 });
    for (const minute of [0, 60, 120, 300, 600]) {
      ledger.count({ ...A, minute }, sums(1), false);
      ledger.setOff({ ...A, minute, ...stored(2) });
    }
    ledger.startAt(120);
    ledger.leaveOut(new Set([300]));

    expect(ledger.differences().map(({ minute }) => minute)).toEqual([120]);
    expect(ledger.span).toEqual({ first: 120, last: 120, minutes: 1 });
  });

  it("takes a second look for what was in flux at the first, and keeps what it had said of the rest", () => {
    const ledger = new Ledger(ALL);
    ledger.count(A, sums(4), false);
    ledger.setOff({ ...A, ...stored(6) });
    ledger.restate({ ...A, ...stored(4) });
    expect(ledger.differences()).toEqual([]);

    ledger.settledTo = 1200;
    ledger.setOff({ ...A, team: "late", ...stored(2) });
    ledger.count({ ...A, team: "late" }, sums(2), false);
    ledger.count({ ...A, team: "late" }, sums(1), false);
    ledger.restate({ ...A, team: "late", ...stored(2) });

    const [late] = ledger.differences();
    expect(late).toMatchObject({ team: "late" });
    expect([late!.more[0], late!.stored?.[0]]).toEqual([1n, 2n]);
  });
});

describe("withoutFoldedNames", () => {
  function differencesOf(names: readonly [string, number, number][]) {
    const ledger = new Ledger(ALL);
    for (const [team, inTopic, inClickHouse] of names) {
      if (inTopic > 0) ledger.count({ ...A, team }, sums(inTopic), false);
      if (inClickHouse > 0) ledger.setOff({ ...A, team, ...stored(inClickHouse) });
    }
    return ledger.differences();
  }

  it("takes out a minute whose names were folded and whose sums agree", () => {
    const cells = differencesOf([
      ["x", 2, 0],
      ["y", 3, 0],
      ["__other__", 0, 5],
    ]);

    expect(withoutFoldedNames(cells)).toEqual({ cells: [], folded: 3 });
  });

  it.each([
    ["is lost beside it", "__other__", 4],
    ["is found under another name", "z", 5],
  ])("keeps a minute where something %s", (_, name, held) => {
    const cells = differencesOf([
      ["x", 2, 0],
      ["y", 3, 0],
      [name, 0, held],
    ]);

    expect(withoutFoldedNames(cells).cells).toHaveLength(3);
  });
});
