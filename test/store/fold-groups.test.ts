import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { groupTopics } from "../../src/store/fold-groups.ts";

type Topic = readonly [string, number];

/** Groups as sets of names, whatever their numbers. */
function grouped(sets: readonly (readonly Topic[])[]): string[] {
  const groups = new Map<number, string[]>();
  for (const { topic, incarnation, group } of groupTopics(sets)) {
    groups.set(group, [...(groups.get(group) ?? []), `${topic}/${incarnation}`]);
  }
  return [...groups.values()].map((names) => names.sort().join(" ")).sort();
}

describe("groupTopics", () => {
  it("joins topics that shared a commit through others", () => {
    const sets: Topic[][] = [
      [
        ["a", 0],
        ["b", 0],
      ],
      [
        ["c", 0],
        ["d", 0],
      ],
      [
        ["b", 0],
        ["e", 0],
      ],
      [
        ["d", 0],
        ["f", 1],
      ],
    ];

    expect(grouped(sets)).toEqual(["a/0 b/0 e/0", "c/0 d/0 f/1"]);
    expect(grouped([])).toEqual([]);
  });

  it("tells incarnations of a topic apart", () => {
    expect(
      grouped([
        [
          ["a", 0],
          ["b", 0],
        ],
        [
          ["a", 1],
          ["c", 0],
        ],
      ]),
    ).toEqual(["a/0 b/0", "a/1 c/0"]);
  });

  it("does not depend on the order of the commits", () => {
    const topic = fc.tuple(fc.constantFrom("a", "b", "c", "d", "e", "f"), fc.constantFrom(0, 1));
    const sets = fc.array(fc.array(topic, { minLength: 2, maxLength: 3 }), { maxLength: 6 });

    fc.assert(
      fc.property(sets, (some) => {
        const groups = grouped(some);
        expect(grouped([...some].reverse())).toEqual(groups);
        for (const set of some) {
          const home = groups.filter((names) =>
            set.some(([name, n]) => names.split(" ").includes(`${name}/${n}`)),
          );
          expect(home).toHaveLength(1);
        }
      }),
    );
  });
});
