import type { Query } from "./queries.ts";

/** One calendar week of commits, by arrival: a partition of `usage`. Named by its Monday. */
export interface Week {
  /** `20261102`. */
  readonly id: string;
  /** The parts that hold it now. */
  readonly parts: readonly string[];
  readonly rows: number;
}

/** Commits may hold several topics. Topics that ever shared a commit are one group; their folded deltas cannot be told apart. */
export interface SharedTopic {
  readonly topic: string;
  readonly incarnation: number;
  /** Number of the group. */
  readonly group: number;
}

/** Commits are added in seconds, a fold may take long; the engine drops it when it takes longer. */
const MAX_SECONDS = 3_600;
const NO_FOLD = "toUUID('00000000-0000-0000-0000-000000000000')";
const FOLDING = "kind IN ('folding delta', 'folding ckpt')";
const VALID = "kind IN ('delta', 'ckpt')";

const PANE_KEY = [
  "minute",
  "department",
  "team",
  "user",
  "key",
  "agent",
  "provider",
  "model",
  "tool",
  "service_tier",
  "labels",
  "price_version",
];
const EXACT_SUMS = [
  "requests",
  "errors",
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
  "cost_usd",
  "unpriced_tokens",
];
const SUMS = [...EXACT_SUMS, "cost_usd_squared"];
const MAXIMA = ["max_event_cost_usd", "max_event_tokens"];
/** What the newest checkpoint of a run says of the place it ends at. */
const PLACE = ["watermark_ms", "max_event_ms", "tail_offset", "tail_progress_ms", "fingerprint"];
const COUNTS = ["records", "accepted", "rejected", "duplicates", "ignored"];

export const FOLD = {
  /** Weeks with their parts, oldest first. */
  weeks: `SELECT partition_id AS id, groupArray(name) AS parts, sum(rows) AS rows FROM system.parts
WHERE database = currentDatabase() AND table = 'usage' AND active GROUP BY partition_id ORDER BY partition_id`,
  size: `SELECT count() AS parts, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
WHERE database = currentDatabase() AND table = 'usage' AND active`,
  /** What an earlier fold asked for and the engine has not done yet, with why. */
  pending: `SELECT latest_fail_reason AS reason FROM system.mutations
WHERE database = currentDatabase() AND table = 'usage' AND NOT is_done ORDER BY create_time LIMIT 1`,
  running: `SELECT query_id FROM system.processes WHERE query_id = {queryId:String}`,
  /** One merge of all parts of the week. Rows stay what they are. */
  merge: (week: Week) =>
    `OPTIMIZE TABLE usage PARTITION ID '${idOf(week)}' FINAL SETTINGS optimize_throw_if_noop = 1`,
  dropPart: (part: string) => `ALTER TABLE usage DROP PART '${checkedPart(part)}'`,
} as const;

/** What there is to do in a week: rows as their commits stored them, and rows that a fold which did not end left behind. */
export function workQuery(week: Week): string {
  return `SELECT countIf(${VALID} AND fold = ${NO_FOLD}) AS unfolded, countIf(${FOLDING}) AS leftover FROM usage WHERE ${within(week)}`;
}

/** Parts in which nothing is valid: what an earlier fold inserted and never used. */
export function leftoverPartsQuery(week: Week): string {
  return `SELECT _part AS part FROM usage WHERE ${within(week)} GROUP BY part HAVING countIf(NOT ${FOLDING}) = 0`;
}

/** Sets of topics that share a commit. */
export function sharedTopicsQuery(week: Week): string {
  return `SELECT DISTINCT topics FROM (SELECT arraySort(groupUniqArray((topic, incarnation))) AS topics FROM usage
  WHERE ${within(week)} AND kind = 'ckpt' GROUP BY batch) WHERE length(topics) > 1`;
}

/**
 * The week's valid rows once more, summed up, under `fold` and not valid yet. The commits that hold the newest checkpoint of a chain are taken over as
 * they are, so the place where a worker goes on, and the commit that it may be asking for, are the same before and after.
 */
export function foldQueries(week: Week, fold: string, shared: readonly SharedTopic[]): Query[] {
  const params = {
    fold,
    sharedTopics: shared.map(({ topic, incarnation }) => `${incarnation} ${topic}`),
    sharedGroups: shared.map(({ group }) => group),
  };
  return [keptQuery(week), deltasQuery(week), checkpointsQuery(week)].map((sql) => ({
    sql,
    params,
  }));
}

/** Beside ingest: what does not fit into this much memory goes through the disk. */
const INSERTED = `SETTINGS async_insert = 0, insert_deduplicate = 0, max_execution_time = ${MAX_SECONDS}, max_insert_threads = 1,
  min_insert_block_size_rows = 100000, min_insert_block_size_bytes = 0,
  max_bytes_before_external_group_by = 100000000, max_bytes_before_external_sort = 100000000`;

/** The commits of the newest checkpoints, whole. */
function keptQuery(week: Week): string {
  return `INSERT INTO usage ${INSERTED}
SELECT * REPLACE(if(kind = 'delta', 'folding delta', 'folding ckpt') AS kind, {fold:UUID} AS fold)
FROM usage WHERE ${within(week)} AND usage.${VALID} AND batch IN (${newestCommits(week)})`;
}

/** One row for each pane and group of topics. Deltas without a checkpoint belong to no topic: they stay with their commit. */
function deltasQuery(week: Week): string {
  const key = PANE_KEY.map((name) => `usage.${name}`).join(", ");
  const sums = SUMS.map((name) => `sum(usage.${name})`).join(", ");
  const maxima = MAXIMA.map((name) => `max(usage.${name})`).join(", ");
  return `INSERT INTO usage (kind, ${[...PANE_KEY, ...SUMS, ...MAXIMA].join(", ")}, writer, batch, arrived, fold) ${INSERTED}
SELECT 'folding delta', ${key}, ${sums}, ${maxima}, ${NO_FOLD}, if(commits.home = ${NO_FOLD}, usage.batch, commits.home) AS home,
  max(usage.arrived), {fold:UUID}
FROM usage LEFT ANY JOIN (SELECT batch, any(${home()}) AS home FROM usage WHERE ${within(week)} AND kind = 'ckpt' GROUP BY batch) AS commits
  ON usage.batch = commits.batch
WHERE ${within(week)} AND kind = 'delta' AND usage.batch NOT IN (${newestCommits(week)})
GROUP BY ${key}, home`;
}

/**
 * One row for each unbroken run of checkpoints that arrived within the same hour: where offsets do not go on (a gap, or worse), a new row begins, so
 * the chain check finds the same.
 */
function checkpointsQuery(week: Week): string {
  const chain = "topic, part, incarnation";
  const order = "ORDER BY first_offset, end_offset, arrived";
  const before = `(PARTITION BY ${chain} ${order} ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)`;
  const newest = [...PLACE, "writer"].map((name) => `argMax(steps.${name}, newness)`).join(", ");
  const counts = COUNTS.map((name) => `sum(steps.${name})`).join(", ");
  return `INSERT INTO usage (kind, ${chain}, first_offset, end_offset, ${[...PLACE, "writer", ...COUNTS].join(", ")}, batch, arrived, fold) ${INSERTED}
SELECT 'folding ckpt', ${chain}, min(steps.first_offset), max(steps.end_offset), ${newest}, ${counts}, any(home), max(steps.arrived), {fold:UUID}
FROM (
  SELECT *, (end_offset, arrived) AS newness, sum(begins) OVER (PARTITION BY ${chain} ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM (
    SELECT *, ${home()} AS home,
      (first_offset != any(end_offset) OVER ${before}) OR (toStartOfHour(arrived) != toStartOfHour(any(arrived) OVER ${before})) AS begins
    FROM usage WHERE ${within(week)} AND kind = 'ckpt' AND batch NOT IN (${newestCommits(week)}))) AS steps
GROUP BY ${chain}, run`;
}

function newestCommits(week: Week): string {
  return `SELECT argMax(batch, (end_offset, arrived)) FROM usage WHERE ${within(week)} AND kind = 'ckpt' GROUP BY topic, part, incarnation`;
}

/** The commit that folded rows of a checkpoint's topic are said to belong to. */
function home(): string {
  const name = "concat(toString(incarnation), ' ', topic)";
  const group = `indexOf({sharedTopics:Array(String)}, ${name})`;
  return `reinterpretAsUUID(sipHash128({fold:UUID}, if(${group} = 0, ${name}, toString({sharedGroups:Array(UInt32)}[${group}]))))`;
}

/**
 * Both sides of a fold in one part: what is valid now, and what would be. Sums weighted by a hash of their key are equal only where the sums of each
 * key are.
 */
export function sidesQuery(week: Week, fold: string): Query {
  const pane = `sipHash64(${PANE_KEY.map((name) => (name === "labels" ? "toString(labels)" : name)).join(", ")})`;
  const chain = "sipHash64(topic, part, incarnation)";
  const exact = EXACT_SUMS.map((name) =>
    name === "cost_usd"
      ? `sum(${pane} * toUInt64(reinterpretAsInt64(cost_usd)))`
      : `sum(${pane} * usage.${name})`,
  );
  const counted = COUNTS.map((name) => `sum(${chain} * usage.${name})`);
  const sql = `SELECT fold = {fold:UUID} AS folded, count() AS rows,
  [${[...exact, ...counted, `sum(${chain} * toUInt64(end_offset - first_offset))`].join(", ")}] AS sums,
  [${MAXIMA.map((name) => `toString(max(usage.${name}))`).join(", ")}] AS maxima
FROM usage WHERE ${within(week)} AND (${VALID} OR (${FOLDING} AND fold = {fold:UUID})) GROUP BY folded ORDER BY folded`;
  return { sql, params: { fold } };
}

/**
 * The swap: in one rewriting of one part, what was valid goes and what was folded becomes valid. A reader has the part before or after it. The part
 * is meant by its name: where it has become another one meanwhile, nothing happens. Done twice it is the same.
 */
export function swapQuery(week: Week, part: string, fold: string): string {
  const place = `IN PARTITION ID '${idOf(week)}'`;
  const here = `_part = '${checkedPart(part)}'`;
  return `ALTER TABLE usage
  DELETE ${place} WHERE ${here} AND (${VALID} OR ${FOLDING}) AND fold != toUUID('${checkedUuid(fold)}'),
  UPDATE kind = if(kind = 'folding delta', 'delta', 'ckpt') ${place} WHERE ${here} AND ${FOLDING} AND fold = toUUID('${checkedUuid(fold)}')
SETTINGS mutations_sync = 0`;
}

function within(week: Week): string {
  const parts = week.parts.map((part) => `'${checkedPart(part)}'`).join(", ");
  return `_partition_id = '${idOf(week)}' AND _part IN (${parts})`;
}

function idOf({ id }: Week): string {
  if (!/^\d{8}$/.test(id)) throw new RangeError(`${id} is no week`);
  return id;
}

function checkedPart(part: string): string {
  if (!/^\d{8}(_\d+){3,4}$/.test(part)) throw new RangeError(`${part} is no part`);
  return part;
}

function checkedUuid(uuid: string): string {
  if (!/^[0-9a-f-]{36}$/.test(uuid)) throw new RangeError(`${uuid} is no UUID`);
  return uuid;
}
