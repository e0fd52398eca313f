import { describe, expect, it } from "@jest/globals";
import { PeerAverages, type Peers } from "../../src/detect/peer-averages.ts";

describe("PeerAverages", () => {
  const general: Peers = { usual: 0, between: 3, within: 2 };

  it("says what holds in general while there are no days", () => {
    expect(new PeerAverages(1).peers(0, general)).toEqual(general);
  });

  it("tells how peers differ from each other, and a peer from day to day", () => {
    const averages = new PeerAverages(2);
    // Four peers, usually at 1, 2, 3 and 4, each of them half off every day.
    for (let day = 0; day < 200; day++) {
      for (const usual of [1, 2, 3, 4]) {
        averages.add(1, usual + (day % 2 === 0 ? 0.5 : -0.5), usual, 30);
      }
    }
    const { usual, between, within } = averages.peers(1, general);

    expect(usual).toBeCloseTo(2.5, 1);
    // The variance of 1, 2, 3, 4 is 1.25.
    expect(Math.abs(between - 1.25)).toBeLessThan(0.25);
    expect(Math.abs(within - 0.25)).toBeLessThan(0.1);
    expect(averages.days(1)).toBe(300);
    expect(averages.days(0)).toBe(0);
  });
});
