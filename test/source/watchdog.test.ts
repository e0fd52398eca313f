import { describe, expect, it } from "@jest/globals";
import { Watchdog } from "../../src/source/watchdog.ts";
import { ManualClock } from "../support/manual-clock.ts";

describe("Watchdog", () => {
  async function watched(
    act: (clock: ManualClock, dog: Watchdog) => Promise<void>,
  ): Promise<number> {
    const clock = new ManualClock();
    const abort = new AbortController();
    let barks = 0;
    const dog = new Watchdog({ clock, silenceMs: 60_000, bark: () => barks++ });
    const watch = dog.watch(abort.signal);
    await act(clock, dog);
    abort.abort();
    await watch;
    return barks;
  }

  it("barks once after the silence it is given", async () => {
    expect(await watched((clock) => clock.advance(200_000))).toBe(1);
  });

  it("does not bark before", async () => {
    expect(await watched((clock) => clock.advance(59_000))).toBe(0);
  });

  it("does not bark while something stirs", async () => {
    const barks = await watched(async (clock, dog) => {
      for (let minute = 0; minute < 10; minute++) {
        await clock.advance(50_000);
        dog.stir();
      }
    });

    expect(barks).toBe(0);
  });

  it("waits the whole silence again after a stir", async () => {
    const barks = await watched(async (clock, dog) => {
      await clock.advance(54_000);
      dog.stir();
      await clock.advance(54_000);
    });

    expect(barks).toBe(0);
  });
});
