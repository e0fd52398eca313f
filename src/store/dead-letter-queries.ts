import { COMMIT_MAX_SECONDS, type Query } from "./queries.ts";

/** Where an event came from first. */
export interface DeadLetterPlace {
  readonly topic: string;
  readonly partition: number;
  readonly incarnation: number;
  readonly offset: number;
  readonly event: number;
}

/** So many places fit into the text of a question. */
export const MAX_PLACES = 2_000;

/** Which rejected events are meant. */
export interface DeadLetterFilter {
  readonly reason?: string;
  /** Where they came from first; absent: anywhere. */
  readonly topics?: readonly string[];
  /** With `topics`: those of files and stdin as well. */
  readonly files?: boolean;
  /** Only those from there; at most `MAX_PLACES`. */
  readonly places?: readonly DeadLetterPlace[];
  /** Stored at or after this, epoch ms. */
  readonly sinceMs?: number;
  /** Also those that were replayed. */
  readonly all?: boolean;
}

/** Only a part of it is kept: it cannot be read again. */
const CUT = "length(dead_letters.raw) < raw_bytes";
const PLACE = ["topic", "part", "incarnation", "`offset`", "event"].join(", ");
const ORIGIN = [
  "origin_topic",
  "origin_part",
  "origin_incarnation",
  "origin_offset",
  "origin_event",
].join(", ");

/** Conditions on rows of `dead_letters`. */
function matching(filter: DeadLetterFilter): Query {
  const { reason, topics, files, sinceMs, all, places } = filter;
  const conditions = [all === true ? "1" : "state != 'replayed'"];
  if (reason !== undefined) conditions.push("reason = {reason:String}");
  const from = ["has({topics:Array(String)}, origin_topic)"];
  if (files === true) from.push("match(origin_topic, '^(file|stdin):')");
  if (topics !== undefined) conditions.push(`(${from.join(" OR ")})`);
  if (sinceMs !== undefined) conditions.push("toUnixTimestamp64Milli(arrived) >= {sinceMs:Int64}");
  const there = placed(places ?? []);
  if (places !== undefined) conditions.push(there.sql);
  return {
    sql: conditions.join(" AND "),
    params: {
      ...there.params,
      ...(reason === undefined ? {} : { reason }),
      ...(topics === undefined ? {} : { topics }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
    },
  };
}

/** A condition that holds for events from these places; topics are parameters. */
function placed(places: readonly DeadLetterPlace[]): Query {
  if (places.length > MAX_PLACES) throw new RangeError(`${places.length} places are too many`);
  const topics = new Map([...new Set(places.map(({ topic }) => topic))].map((one, n) => [one, n]));
  const tuples = places.map(({ topic, partition, incarnation, offset, event }) => {
    const numbers = [partition, incarnation, offset, event];
    if (!numbers.every(Number.isSafeInteger)) throw new RangeError("a place is no exact integer");
    return `({place${topics.get(topic)}:String}, ${numbers.join(", ")})`;
  });
  return {
    sql: tuples.length === 0 ? "0" : `(${ORIGIN}) IN (${tuples.join(", ")})`,
    params: Object.fromEntries([...topics].map(([topic, index]) => [`place${index}`, topic])),
  };
}

/** How many there are of each reason and state, and how many of them are kept only in part. */
export function countsQuery(filter: DeadLetterFilter): Query {
  const { sql, params } = matching(filter);
  return {
    sql: `SELECT reason, state, count() AS events, countIf(${CUT}) AS cut, toUnixTimestamp64Milli(max(arrived)) AS newestMs
FROM dead_letters WHERE ${sql} GROUP BY reason, state ORDER BY events DESC, reason, state`,
    params,
  };
}

/** The newest first. */
export function newestQuery(filter: DeadLetterFilter, limit: number, rawBytes: number): Query {
  const { sql, params } = matching(filter);
  return {
    sql: `SELECT ${ORIGIN}, reason, detail, state, base64Encode(substring(dead_letters.raw, 1, {rawBytes:UInt32})) AS raw, raw_bytes, headers,
  toUnixTimestamp64Milli(arrived) AS arrivedMs
FROM dead_letters WHERE ${sql}
ORDER BY arrived DESC, origin_topic, origin_part, origin_incarnation, origin_offset DESC, origin_event DESC LIMIT {limit:UInt64}`,
    params: { ...params, limit, rawBytes },
  };
}

/** What a replay would read, whole, in the order in which it would. */
export function replayableQuery(filter: DeadLetterFilter, limit: number): Query {
  const { sql, params } = matching(filter);
  return {
    sql: `SELECT base64Encode(dead_letters.raw) AS raw, headers FROM dead_letters WHERE ${sql} AND NOT ${CUT}
ORDER BY arrived, ${PLACE} LIMIT {limit:UInt64}`,
    params: { ...params, limit },
  };
}

/**
 * Freezes a selection, as one part: all rows or none, and none where it is there already or another one who selects has claimed since. So no event is ever in two
 * of them.
 */
export function freezeQuery(
  selection: { readonly replay: string; readonly pipeline: string; readonly selectedMs: number },
  filter: DeadLetterFilter,
  limit: number,
): Query {
  const { sql, params } = matching(filter);
  return {
    sql: `INSERT INTO dead_letter_replays (replay, position, pipeline, ${PLACE}, raw_bytes, ${ORIGIN}, selected)
SETTINGS async_insert = 0, max_insert_threads = 1, max_execution_time = ${COMMIT_MAX_SECONDS}, insert_deduplicate = 0,
  min_insert_block_size_rows = 1000000000, min_insert_block_size_bytes = 0
SELECT {replay:UUID}, row_number() OVER (ORDER BY arrived, ${PLACE}) - 1, {pipeline:String}, ${PLACE}, raw_bytes, ${ORIGIN},
  fromUnixTimestamp64Milli({selectedMs:Int64}, 'UTC')
FROM (
  SELECT ${PLACE}, raw_bytes, ${ORIGIN}, arrived FROM dead_letters
  WHERE ${sql} AND state = 'open' AND NOT ${CUT}
  ORDER BY arrived, ${PLACE} LIMIT 1 BY ${PLACE} LIMIT {limit:UInt64})
WHERE (SELECT count() FROM dead_letter_replays WHERE replay = {replay:UUID}) = 0
  AND (SELECT argMax(writer, (number, writer)) FROM claims WHERE topic = {lock:String} AND part = 0) = {replay:UUID}`,
    params: { ...params, ...selection, limit, lock: SELECTION_LOCK.topic },
  };
}

/** Whoever selects owns this, as workers own partitions. */
export const SELECTION_LOCK = { topic: "dead-letters", partition: 0 } as const;

/** Topic under which a selection is read again. */
export function replayTopic(replay: string): string {
  return `dead-letter:${replay}`;
}

export const REPLAYS = {
  /** How many events a selection holds. */
  size: `SELECT count() AS events FROM dead_letter_replays WHERE replay = {replay:UUID}`,
  /** Selections that are not read to their end, oldest first. */
  unfinished: `SELECT toString(replay) AS replay, any(replays.pipeline) AS pipeline, count() AS events, any(ends.end) AS end
FROM dead_letter_replays AS replays
LEFT ANY JOIN (SELECT topic, toUInt64(max(end_offset)) AS end FROM usage WHERE kind = 'ckpt' AND startsWith(topic, 'dead-letter:') GROUP BY topic) AS ends
  ON ends.topic = concat('dead-letter:', toString(replays.replay))
GROUP BY replay HAVING end < events ORDER BY min(selected), replay`,
  /** Events of a selection from a place on, whole, up to a number of them and of bytes. An event that is gone from the table has no `found`. */
  read: `WITH picked AS (
  SELECT position, ${PLACE} FROM (
    SELECT position, ${PLACE}, sum(raw_bytes) OVER (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS bytes FROM dead_letter_replays
    WHERE replay = {replay:UUID} AND position >= {from:UInt64} AND position < {from:UInt64} + {events:UInt64})
  WHERE bytes <= {bytes:UInt64} OR position = {from:UInt64})
SELECT picked.position AS position, base64Encode(kept.raw) AS raw, kept.headers AS headers, kept.found AS found
FROM picked LEFT ANY JOIN (
  SELECT topic, part, incarnation, end_offset AS offset, event, raw, headers, 1 AS found FROM usage
  WHERE kind = 'rejected' AND (topic, part, incarnation, end_offset, event) IN (SELECT ${PLACE} FROM picked)) AS kept
ON kept.topic = picked.topic AND kept.part = picked.part AND kept.incarnation = picked.incarnation AND kept.offset = picked.offset AND kept.event = picked.event
ORDER BY position`,
} as const;
