import { describe, expect, it } from "@jest/globals";
import { LiveBoard } from "../../src/detect/live-board.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { learnt, NOON, personal } from "./small-office.ts";

describe("LiveBoard", () => {
  it("is empty before the first event", () => {
    const board = new LiveBoard(new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 10 }));

    expect(board.snapshot()).toEqual({ eventTimeMs: null, teams: [], incidents: [], chart: [] });
  });

  it("shows each team's hour and day against what is expected, the largest spender first", () => {
    const other = { team: "search", user: "zoe", key: "key-zoe" };
    const detector = learnt(
      personal("ada", { minute: NOON, usd: 0.5 }),
      personal("zoe", { minute: NOON, usd: 100, ...other }),
    );

    const { teams, eventTimeMs } = new LiveBoard(detector).snapshot();

    expect(eventTimeMs).toBe(NOON * 60_000);
    expect(teams.map(({ team }) => team)).toEqual(["search", "payments"]);
    const payments = teams[1]!;
    expect(payments).toMatchObject({ department: "engineering", incidentId: null });
    expect(payments.expectedUsdLastHour).toBeCloseTo(18, 2);
    // eleven steps of the hour before noon, and ada's at noon
    expect(payments.actualUsdLastHour).toBeCloseTo(11 * 1.5 + 0.5, 3);
    expect(payments.actualUsdToday).toBeCloseTo(4 * 18 + 0.5, 3);
    expect(payments.expectedUsdToday).toBeCloseTo(4 * 18 + 1.5, 2);
  });

  it("draws the organisation's last day in steps of five minutes that end now", () => {
    const { chart } = new LiveBoard(learnt(personal("ada", { minute: NOON, usd: 7 }))).snapshot();

    expect(chart).toHaveLength(288);
    expect(chart.at(-1)).toMatchObject({ startMs: NOON * 60_000, actualUsd: 7 });
    expect(chart.at(-2)!.actualUsd).toBeCloseTo(1.5, 4);
    expect(chart.at(-2)!.startMs).toBe(NOON * 60_000 - 300_000);
    // yesterday from 12:05 on, today until 11:55, and ada's at noon
    const usd = chart.reduce((sum, { actualUsd }) => sum + actualUsd, 0);
    expect(usd).toBeCloseTo((71 + 48) * 1.5 + 7, 2);
  });

  it("points a team at its open incident and lists open ones before resolved ones", () => {
    const detector = learnt();
    const loop = Array.from({ length: 6 }, (_, step) =>
      personal("ada", { minute: NOON + step, usd: 20 }),
    );
    for (const use of loop) detector.observe([use], use.minute * 60_000);
    const board = new LiveBoard(detector);

    const [incident] = board.snapshot().incidents;
    expect(incident).toMatchObject({ state: "open", scope: { user: "ada" } });
    expect(board.snapshot().teams[0]!.incidentId).toBe(incident!.id);

    detector.passTime((NOON + 200) * 60_000);
    expect(board.snapshot().incidents[0]).toMatchObject({ state: "resolved" });
    expect(board.snapshot().teams[0]!.incidentId).toBeNull();
  });
});
