import { describe, expect, it } from "@jest/globals";
import { Serial } from "../../src/runtime/serial.ts";
import { ManualClock } from "../support/manual-clock.ts";

describe("Serial", () => {
  it("runs one piece at a time, in the order of the calls", async () => {
    const clock = new ManualClock();
    const serial = new Serial();
    const steps: string[] = [];
    const piece = (name: string, ms: number) => async (): Promise<string> => {
      steps.push(`${name} begins`);
      await clock.sleep(ms);
      steps.push(`${name} ends`);
      return name;
    };
    const results = Promise.all([serial.run(piece("slow", 100)), serial.run(piece("fast", 1))]);

    await clock.advance(0);
    await clock.advance(500);

    expect(await results).toEqual(["slow", "fast"]);
    expect(steps).toEqual(["slow begins", "slow ends", "fast begins", "fast ends"]);
  });

  it("goes on after a piece that failed, whose caller alone hears of it", async () => {
    const serial = new Serial();
    const failed = serial.run(() => Promise.reject(new Error("broken")));
    const next = serial.run(() => Promise.resolve("fine"));

    await expect(failed).rejects.toThrow("broken");
    await expect(next).resolves.toBe("fine");
  });
});
