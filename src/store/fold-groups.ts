import type { SharedTopic } from "./fold-queries.ts";

type Topic = readonly [topic: string, incarnation: number];

/** Joins topics that shared a commit, directly or through others, into groups. Each entry of `sets` is what one commit held. */
export function groupTopics(sets: readonly (readonly Topic[])[]): SharedTopic[] {
  const parents = new Map<string, string>();
  const topics = new Map<string, Topic>();
  const rootOf = (key: string): string => {
    let root = key;
    for (
      let next = parents.get(root);
      next !== undefined && next !== root;
      next = parents.get(root)
    )
      root = next;
    parents.set(key, root);
    return root;
  };
  for (const set of sets) {
    const keys = set.map((one) => JSON.stringify(one));
    keys.forEach((key, index) => {
      const topic = set[index];
      if (topic !== undefined) topics.set(key, topic);
      parents.set(rootOf(key), rootOf(keys[0] ?? key));
    });
  }
  const numbers = new Map<string, number>();
  return [...topics].map(([key, [topic, incarnation]]) => {
    const root = rootOf(key);
    const group = numbers.get(root) ?? numbers.size;
    numbers.set(root, group);
    return { topic, incarnation, group };
  });
}
