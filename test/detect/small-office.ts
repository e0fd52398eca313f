import type { Level } from "../../src/detect/incident.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const DAYS = 8;
/** A Tuesday, noon; eight days lie before. */
export const NOON = MONDAY_MINUTE + DAYS * 1440 + 12 * 60;

export const PEOPLE = ["ada", "ben", "cem"] as const;

/** Who spends what every five minutes from 8 to 18, every day: six dollars an hour each. */
export function usualUses(until = NOON): PaneUse[] {
  const uses: PaneUse[] = [];
  for (let minute = MONDAY_MINUTE; minute < until; minute += 5) {
    const hour = Math.floor((minute % 1440) / 60);
    if (hour < 8 || hour >= 18) continue;
    for (const user of PEOPLE) uses.push(personal(user, { minute, usd: 0.5, requests: 5 }));
  }
  return uses;
}

export function personal(
  user: string,
  use: Partial<PaneUse> & { readonly minute: number },
): PaneUse {
  return aUse({ user, key: `key-${user}`, tokens: 50_000, ...use });
}

/** What the team has learnt by noon, and what came after. */
export function learnt(...after: readonly PaneUse[]): SpendDetector {
  const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 10 });
  detector.learn(usualUses());
  detector.learn([...after].sort((a, b) => a.minute - b.minute));
  return detector;
}

export function nodeOf({ tree }: SpendDetector, level: Level, name?: string): SeriesNode {
  const node = tree.nodes.find(
    (one) => one.level === level && (name === undefined || one.name === name),
  );
  if (node === undefined) throw new Error(`no ${level} ${name ?? ""}`);
  return node;
}
