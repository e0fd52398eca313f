import { askRows } from "./exactness.ts";

/** Ends by partition, of the log or of what is stored. */
export type Ends = ReadonlyMap<number, number>;

/** What ClickHouse holds, by partition; null while it does not answer. */
export async function storedEnds(reader: string, topic: string): Promise<Ends | null> {
  const sql = `SELECT part, max(end_offset) FROM usage WHERE kind IN ('ckpt', 'gap') AND topic = '${topic}' GROUP BY part`;
  const rows = await askRows(reader, sql).catch(() => null);
  return rows === null ? null : new Map(rows.map(([part, end]) => [Number(part), Number(end)]));
}

/** How often partitions were claimed so far; null while ClickHouse does not answer. */
export async function claimCount(reader: string): Promise<number | null> {
  const rows = await askRows(reader, "SELECT count() FROM claims").catch(() => null);
  return rows === null ? null : Number(rows[0]?.[0]);
}

/** Whether partitions get where they must, and whether each that is not there yet still moves. */
export class Progress {
  readonly #targets: Ends;
  readonly #patienceMs: number;
  readonly #moved = new Map<number, { end: number; atMs: number }>();

  constructor(targets: Ends, patienceMs: number) {
    this.#targets = targets;
    this.#patienceMs = patienceMs;
  }

  /** Throws when a partition short of its target has not moved for longer than the patience. `now` is null while ClickHouse is silent. */
  isThere(now: Ends | null, nowMs: number): boolean {
    const short = [...this.#targets].filter(([part, target]) => (now?.get(part) ?? 0) < target);
    for (const [part, target] of short) {
      const end = now?.get(part) ?? 0;
      const last = this.#moved.get(part);
      if (last === undefined || end > last.end) this.#moved.set(part, { end, atMs: nowMs });
      else if (nowMs - last.atMs > this.#patienceMs) {
        const seconds = this.#patienceMs / 1000;
        throw new Error(
          `partition ${part} stands still at ${end}, short of ${target}, for ${seconds} s`,
        );
      }
    }
    return now !== null && short.length === 0;
  }
}
