import { describe, expect, it } from "@jest/globals";
import { Touched } from "../../src/detect/touched.ts";
import { aNode } from "../support/series-builders.ts";

describe("Touched", () => {
  it("lists each series once, leaves before their parents, and otherwise in order of the first touch", () => {
    const touched = new Touched();
    const org = aNode("organisation", "");
    const team = aNode("team", "payments");
    const ben = aNode("user", "ben");
    const ada = aNode("user", "ada");
    const model = aNode("model", "sonnet");
    touched.begin();
    for (const node of [org, team, model, ben, org, team, ada, ben]) touched.touch(node);

    expect(touched.inOrder()).toEqual([ben, ada, model, team, org]);
    touched.begin();
    expect(touched.inOrder()).toEqual([]);
  });

  it("begins anew with each minute: what was touched before may be touched again", () => {
    const touched = new Touched();
    const [ada, ben] = [aNode("user", "ada"), aNode("user", "ben")];
    for (const order of [
      [ada, ben],
      [ben, ada],
    ]) {
      touched.begin();
      for (const node of order) touched.touch(node);
      expect(touched.inOrder()).toEqual(order);
    }
  });
});
