import type { Level } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";

/** From the organisation down to a series. */
export type Path = readonly { readonly level: Level; readonly name: string }[];

export function pathOf(node: SeriesNode): Path {
  const path: { level: Level; name: string }[] = [];
  for (let one = node; one.parent !== null; one = one.parent) {
    path.unshift({ level: one.level, name: one.name });
  }
  return path;
}

/** Stable over restarts: the same scope opened at the same event is the same incident. FNV-1a, 64 bits, base 36. */
export function incidentId(base: SeriesNode, openedAtMs: number): string {
  const text = `${openedAtMs}|${pathOf(base)
    .map(({ level, name }) => `${level}=${name}`)
    .join("|")}`;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `inc-${hash.toString(36).padStart(13, "0").slice(-10)}`;
}
