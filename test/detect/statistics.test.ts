import { describe, expect, it } from "@jest/globals";
import { LEVELS } from "../../src/detect/incident.ts";
import { COLUMN, columnsOf, MINUTE_COLUMNS, statisticsOf } from "../../src/detect/statistics.ts";

const LONGEST_OF_STEPS = 1440;
const HOURLY: readonly number[] = [
  COLUMN.usd,
  COLUMN.requests,
  COLUMN.tokens,
  COLUMN.cells,
  COLUMN.starts,
  COLUMN.loads,
];
const MINUTES_KEPT = 60;

describe("statisticsOf", () => {
  it("names each statistic of a level once", () => {
    for (const level of LEVELS) {
      const names = statisticsOf(level).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("watches groups, people and what works for them, and only tells of models and tools", () => {
    for (const level of ["organisation", "department", "team", "user", "key", "agent"] as const) {
      const windows = statisticsOf(level)
        .filter(({ factor }) => factor === "dollars")
        .map(({ window }) => window);
      expect(windows).toEqual([...windows].sort((a, b) => a - b));
      expect(windows).toEqual(expect.arrayContaining([15, 60, 1440]));
    }
    expect(statisticsOf("model")).toEqual([]);
    expect(statisticsOf("tool")).toEqual([]);
  });

  it("asks of each series only what its rings hold", () => {
    const asked = LEVELS.flatMap((level) => statisticsOf(level).map((one) => ({ level, ...one })));
    for (const { level, column, window, name, shift, usual } of asked) {
      expect([name, column < columnsOf(level)]).toEqual([name, true]);
      // What is not added up by minutes has no window that is shorter than its steps or falls between them.
      if (column >= MINUTE_COLUMNS || window > MINUTES_KEPT) {
        expect([name, window % 5]).toEqual([name, 0]);
      }
      // Beyond a day there are hours, and they hold dollars and what is counted.
      if (window > LONGEST_OF_STEPS) {
        expect([name, window % 60, HOURLY.includes(column)]).toEqual([name, 0, true]);
      }
      for (const other of [shift, usual]) expect((other ?? 0) < columnsOf(level)).toBe(true);
    }
  });

  it("has with the rates what they are a shift of, and with no other", () => {
    for (const { against, shift, usual } of LEVELS.flatMap(statisticsOf)) {
      expect([shift !== undefined, usual !== undefined]).toEqual([
        against === "rates",
        against === "rates",
      ]);
    }
  });
});
