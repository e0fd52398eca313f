import type { Partition } from "../source/source.ts";
import type { Query } from "./queries.ts";
import { usesQuery } from "./use-queries.ts";

/** Up to where a partition's commits have been seen. */
export interface TailPosition extends Partition {
  readonly incarnation: number;
  /** -1: none was seen. */
  readonly endOffset: number;
}

/** A writer whose clock is more than this behind the others' is not told apart from the past. */
const CLOCKS_MS = 3_600_000;

const STEP_COLUMNS = `topic, part AS partition, incarnation, end_offset AS endOffset, max_event_ms AS maxEventMs, accepted,
  toString(batch) AS batch, toUnixTimestamp64Milli(arrived) AS arrivedMs`;
export const TAIL = {
  /** Nobody commits to a partition that was not claimed before. */
  partitions: `SELECT DISTINCT topic, part AS partition FROM claims ORDER BY topic, part`,
  /** Newest checkpoint of each partition. */
  heads: `SELECT ${STEP_COLUMNS} FROM usage WHERE kind = 'ckpt'
ORDER BY incarnation DESC, end_offset DESC, arrived DESC LIMIT 1 BY topic, part`,
  /** What commits added, by minute and dimensions. */
  deltas:
    usesQuery(`arrived BETWEEN fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND fromUnixTimestamp64Milli({to:Int64}, 'UTC')
  AND batch IN {batches:Array(UUID)}`),
} as const;

/** The checkpoints that lie beyond these positions, as they arrived. */
export function stepsBeyondQuery(positions: readonly TailPosition[]): Query {
  const { condition, params } = places(positions, (incarnation, end) =>
    end < 0
      ? `incarnation >= ${incarnation}`
      : `(incarnation > ${incarnation} OR (incarnation = ${incarnation} AND end_offset > ${end}))`,
  );
  const sql = `SELECT ${STEP_COLUMNS} FROM usage WHERE kind = 'ckpt' AND (${condition}) ORDER BY arrived, batch, topic, part`;
  return { sql, params };
}

/**
 * A condition that leaves out the deltas of commits beyond these positions, whenever it is asked: a commit counts by its checkpoints, and what lies up to
 * a position never changes. Only rows that arrived lately are looked at one by one.
 */
export function upToCondition(
  positions: readonly (TailPosition & { readonly arrivedMs: number })[],
): Query {
  const recentMs = Math.max(0, ...positions.map(({ arrivedMs }) => arrivedMs)) - CLOCKS_MS;
  const since = `fromUnixTimestamp64Milli(toInt64(${integer(recentMs)}), 'UTC')`;
  const recent = positions.filter(({ arrivedMs }) => arrivedMs >= recentMs);
  const { condition, params } = places(
    recent,
    (incarnation, end) =>
      `(incarnation < ${incarnation} OR (incarnation = ${incarnation} AND end_offset <= ${end}))`,
  );
  const sql = `(arrived < ${since} OR batch IN (SELECT batch FROM usage WHERE kind = 'ckpt' AND arrived >= ${since} AND (${condition})))`;
  return { sql, params };
}

function places(
  positions: readonly TailPosition[],
  where: (incarnation: string, endOffset: number) => string,
): { readonly condition: string; readonly params: Record<string, unknown> } {
  const params: Record<string, unknown> = {};
  const names = new Map<string, string>();
  const conditions = positions.map(({ topic, partition, incarnation, endOffset }) => {
    const name = names.get(topic) ?? `tail${names.size}`;
    names.set(topic, name);
    params[name] = topic;
    integer(endOffset);
    return `(topic = {${name}:String} AND part = ${integer(partition)} AND ${where(integer(incarnation), endOffset)})`;
  });
  return { condition: conditions.join(" OR ") || "0", params };
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an exact integer`);
  return String(value);
}
