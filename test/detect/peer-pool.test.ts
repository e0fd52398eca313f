import { describe, expect, it } from "@jest/globals";
import { PeerPool } from "../../src/detect/peer-pool.ts";
import { SeriesNode } from "../../src/detect/series-node.ts";
import { aUse } from "../support/spend-stream.ts";

const DAY = 20_000;
const MINUTE = DAY * 1440 + 600;

/** Somebody who spends `usualUsd` a day, and yesterday once `peakUsd` within five minutes. */
function aPerson(name: string, usualUsd: number, peakUsd: number): SeriesNode {
  const node = new SeriesNode("user", name, null);
  const start = (DAY - 10) * 1440;
  for (let day = 0; day < 10; day++) {
    node.add(aUse({ user: name, minute: start + day * 1440, usd: usualUsd }));
  }
  node.observePeak((DAY - 1) * 1440, [peakUsd, peakUsd]);
  node.observePeak(DAY * 1440, [0, 0]);
  return node;
}

describe("PeerPool", () => {
  it("knows how heavy an ordinary window of people of that size gets", () => {
    const people = [10, 11, 12, 13].map((usd, index) => aPerson(`p${index}`, usd, 5 + index));
    const pool = new PeerPool(() => people);

    expect(pool.peak(people[0]!, MINUTE, 5)).toBe(8);
  });

  it("does not measure a person by a service account", () => {
    const people = [10, 11, 12].map((usd, index) => aPerson(`p${index}`, usd, 5 + index));
    const robot = aPerson("ci", 900, 400);
    const pool = new PeerPool(() => [...people, robot]);

    expect(pool.peak(people[0]!, MINUTE, 5)).toBe(7);
    // but a service account by everybody up to its size, one outlier left out
    expect(pool.peak(robot, MINUTE, 60)).toBe(7);
  });

  it("leaves a lone outlier out", () => {
    const people = [5, 6, 7, 80].map((peak, index) => aPerson(`p${index}`, 10, peak));
    const pool = new PeerPool(() => people);

    expect(pool.peak(people[0]!, MINUTE, 5)).toBe(7);
  });

  it("ranks anew once a day, and not more often", () => {
    const people = [aPerson("p0", 10, 5), aPerson("p1", 10, 6)];
    let asked = 0;
    const pool = new PeerPool(() => {
      asked++;
      return people;
    });

    pool.peak(people[0]!, MINUTE, 5);
    pool.peak(people[1]!, MINUTE + 300, 60);
    expect(asked).toBe(1);
    pool.peak(people[0]!, MINUTE + 1440, 5);

    expect(asked).toBe(2);
  });

  it("may be ranked before anybody asks, for the whole day", () => {
    const people = [aPerson("p0", 10, 5), aPerson("p1", 10, 6)];
    const pool = new PeerPool(() => people);

    pool.rank("user", MINUTE);
    people.push(aPerson("p2", 10, 7));

    expect(pool.peak(people[0]!, MINUTE + 100, 5)).toBe(6);
    expect(pool.peak(people[0]!, MINUTE + 1440, 5)).toBe(7);
  });

  it("knows nothing of nobody", () => {
    expect(new PeerPool(() => []).peak(aPerson("p", 1, 1), MINUTE, 5)).toBe(0);
  });
});
