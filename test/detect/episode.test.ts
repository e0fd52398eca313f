import { describe, expect, it } from "@jest/globals";
import type { Incident } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { play } from "../support/office.ts";
import { learnt, NOON, personal, usualUses } from "./small-office.ts";

/** Ada's agent in a loop from noon, a dollar a minute, until nothing has come for an hour; nobody else works. */
function loop(minutes: number): Incident {
  const detector = learnt();
  const uses = Array.from({ length: minutes }, (_, index) =>
    personal("ada", { minute: NOON + index, usd: 1, requests: 10 }),
  );
  play(detector, uses);
  detector.passTime((NOON + minutes + 60) * 60_000);
  const [incident] = detector.incidents;
  return incident!;
}

function dollarsOf({ contributors }: Incident, dimension: string): number {
  return contributors
    .filter((one) => one.dimension === dimension)
    .reduce((sum, one) => sum + one.actualUsd, 0);
}

describe("Episode", () => {
  it("tells whose all is that it has cost", () => {
    const incident = loop(150);

    expect(incident).toMatchObject({ state: "resolved", severity: "page" });
    expect(incident.actualUsd).toBeCloseTo(150, -1);
    for (const dimension of ["key", "model", "tool"]) {
      expect(Math.abs(dollarsOf(incident, dimension) - 150)).toBeLessThanOrEqual(5);
    }
  });

  it("tells of six hours where it has lasted longer", () => {
    const incident = loop(600);

    expect(incident.actualUsd).toBeCloseTo(600, -1);
    // It burns for a quarter of an hour more, so long as the last minutes weigh.
    expect(dollarsOf(incident, "model")).toBeGreaterThanOrEqual(345);
    expect(dollarsOf(incident, "model")).toBeLessThanOrEqual(365);
  });

  it("goes on for as long as a calmer night burns", () => {
    const detector = learnt();
    const loop = (from: number, minutes: number, usd: number): PaneUse[] =>
      Array.from({ length: minutes }, (_, index) =>
        personal("ada", { minute: from + index, usd, requests: 10 }),
      );
    const night = NOON + 14 * 60;
    play(detector, [...loop(NOON, 120, 100), ...loop(night, 300, 1.5)]);
    detector.passTime((night + 300) * 60_000);

    const [incident, ...others] = detector.incidents.filter(({ scope }) => scope.user === "ada");
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ state: "open" });
    // All of the first night, and of the second what the window held that found it, and what came after.
    expect(incident!.actualUsd).toBeGreaterThan(12_400);
    expect(incident!.actualUsd).toBeLessThanOrEqual(12_451);
  });

  it("counts nothing of the day between where it burns again", () => {
    const detector = learnt();
    const work = usualUses(NOON + 1440).filter(({ minute }) => minute >= NOON);
    const looping = (minute: number): boolean => (minute - NOON) % 1440 < 120;
    const uses = Array.from({ length: 1560 }, (_, index) => NOON + index)
      .filter(looping)
      .map((minute) => personal("ada", { minute, usd: 1, requests: 10 }));
    const changes = play(
      detector,
      [...work, ...uses].sort((a, b) => a.minute - b.minute),
    );
    detector.passTime((NOON + 1640) * 60_000);

    const ofAda = detector.incidents.filter(({ scope }) => scope.user === "ada");
    expect(ofAda).toHaveLength(1);
    expect(changes.map(({ reason }) => reason)).toContain("reopened");
    // Twice two hours of a dollar a minute and a little of work; six dollars an hour are usual, for seven hours between.
    expect(ofAda[0]!.actualUsd).toBeGreaterThanOrEqual(240);
    expect(ofAda[0]!.actualUsd).toBeLessThanOrEqual(260);
    expect(ofAda[0]!.expectedUsd).toBeLessThanOrEqual(35);
  });
});
