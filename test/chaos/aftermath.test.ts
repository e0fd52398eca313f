import { describe, expect, it } from "@jest/globals";
import { takeDown, tidied } from "./aftermath.ts";

/** Sets up one thing in another and calls `inside` when both are there. */
async function nested(log: string[], inside: () => Promise<void>): Promise<void> {
  const undo = (name: string) => (): void => void log.push(name);
  await tidied(undo("outer"), () => tidied(undo("inner"), inside));
}

describe("tidied", () => {
  it("takes down in reverse order when all went well", async () => {
    const log: string[] = [];
    await nested(log, () => Promise.resolve(void log.push("work")));
    expect(log).toEqual(["work", "inner", "outer"]);
  });

  it("takes down when the work fails, and says why it failed", async () => {
    const log: string[] = [];
    await expect(nested(log, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(log).toEqual(["inner", "outer"]);
  });
});

describe("takeDown", () => {
  it("takes down what is under way, newest first, and nothing twice", async () => {
    const log: string[] = [];
    await nested(log, async () => {
      expect(await takeDown()).toEqual([]);
      log.push("down");
    });
    expect(log).toEqual(["inner", "outer", "down"]);
    expect(await takeDown()).toEqual([]);
  });

  it("goes on after what could not be taken down, and tells it", async () => {
    const log: string[] = [];
    const stuck = (): never => {
      throw new Error("device is busy");
    };
    const all = tidied(
      () => void log.push("outer"),
      () =>
        tidied(stuck, async () => {
          expect(await takeDown()).toEqual(["device is busy"]);
        }),
    );
    await expect(all).rejects.toThrow("device is busy");
    expect(log).toEqual(["outer"]);
  });
});
