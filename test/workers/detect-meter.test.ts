import { describe, expect, it } from "@jest/globals";
import { aDetectWorker, aRunaway, NOON } from "./detect-scene.ts";

describe("DetectMeter", () => {
  it("shows open incidents, series and each team's dollars against what is expected", async () => {
    const { see, tick, metrics } = await aDetectWorker();

    await see(...aRunaway(NOON, 5));
    await tick();

    expect((await metrics.incidentsOpen.get()).values).toEqual([
      { labels: { kind: "spike", severity: "page" }, value: 1 },
    ]);
    const series = (await metrics.seriesTracked.get()).values;
    expect(series).toContainEqual({ labels: { level: "team" }, value: 1 });
    expect(series).toContainEqual({ labels: { level: "user" }, value: 4 });
    const [expected] = (await metrics.expectedUsdPerHour.get()).values;
    expect(expected).toMatchObject({ labels: { team: "payments" } });
    expect(expected!.value).toBeCloseTo(4.8, 1);
    const [actual] = (await metrics.actualUsdPerHour.get()).values;
    expect(actual!.value).toBeGreaterThan(30);
    expect((await metrics.detectSeconds.get()).values.at(-1)!.value).toBe(5);
  });

  it("forgets an incident that is over", async () => {
    const scene = await aDetectWorker();
    await scene.see(...aRunaway(NOON, 5));
    await scene.tick();

    scene.watermarkMs = (NOON + 120) * 60_000;
    await scene.tick();

    expect((await scene.metrics.incidentsOpen.get()).values).toEqual([]);
  });
});
