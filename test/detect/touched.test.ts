import { describe, expect, it } from "@jest/globals";
import type { Level } from "../../src/detect/incident.ts";
import { SeriesNode } from "../../src/detect/series-node.ts";
import { Touched } from "../../src/detect/touched.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const MINUTE = MONDAY_MINUTE + 600;

function aNode(level: Level, name: string): SeriesNode {
  return new SeriesNode(level, name, null);
}

/** Spends a dollar, and is known to be far from everything that is decided at ten. */
function aFarNode(name: string): SeriesNode {
  const node = aNode("user", name);
  node.observePeak(MINUTE, [100, 100]);
  node.add(aUse({ minute: MINUTE }));
  node.bound(MINUTE, Float64Array.of(1, 1), 0, 10);
  return node;
}

describe("Touched", () => {
  it("lists each series once, leaves before their parents, and otherwise in order of the first touch", () => {
    const touched = new Touched();
    const [org, team, ben, ada, model] = [
      aNode("organisation", ""),
      aNode("team", "payments"),
      aNode("user", "ben"),
      aNode("user", "ada"),
      aNode("model", "sonnet"),
    ];
    touched.begin();
    for (const node of [org, team, model, ben, org, team, ada, ben]) touched.touch(node, MINUTE);

    expect(touched.measure(MINUTE)).toEqual([ben, ada, model, team, org]);
    touched.begin();
    expect(touched.measure(MINUTE)).toEqual([]);
  });

  it("keeps the order of the first touch for a series that comes near only later", () => {
    const touched = new Touched();
    const late = aFarNode("late");
    const near = aNode("user", "near");
    touched.begin();
    touched.touch(late, MINUTE);
    touched.touch(near, MINUTE);
    late.add(aUse({ minute: MINUTE, usd: 50 }));
    touched.touch(late, MINUTE);

    expect(touched.measure(MINUTE)).toEqual([late, near]);
  });

  it("lists nobody far from every bar, yet knows that their level was there", () => {
    const touched = new Touched();
    touched.begin();
    touched.touch(aFarNode("far"), MINUTE);

    expect(touched.measure(MINUTE)).toEqual([]);
    expect(touched.has("user")).toBe(true);
    expect(touched.has("key")).toBe(false);
    touched.begin();
    expect(touched.has("user")).toBe(false);
  });

  it("tells what the windows of each hold", () => {
    const touched = new Touched();
    const nodes = [1, 2, 3].map((usd) => {
      const node = aNode("user", `u${usd}`);
      node.add(aUse({ minute: MINUTE - 30, usd: 10 * usd }));
      node.add(aUse({ minute: MINUTE - 4, usd }));
      return node;
    });
    touched.begin();
    for (const node of nodes) touched.touch(node, MINUTE);
    touched.measure(MINUTE);

    expect([...touched.sums.subarray(0, 6)]).toEqual([1, 11, 2, 22, 3, 33]);
  });
});
