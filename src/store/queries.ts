import type { Partition } from "../source/source.ts";
import { STAGED_COLUMNS } from "./pane-rows.ts";
import { usesQuery } from "./use-queries.ts";

/** Every SQL text. Values are parameters; numbers that are checked integers may stand in the text. */
export interface Query {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Names the commits among the engine's running statements. */
export const COMMIT_ID_PREFIX = "spikewatch-commit-";
/** A commit that has not landed after this is dropped by the engine. */
export const COMMIT_MAX_SECONDS = 10;

export const MIGRATIONS = {
  createTable: `CREATE TABLE IF NOT EXISTS schema_migrations (
    number UInt32 COMMENT 'order of the file',
    name String COMMENT 'file in schemas/clickhouse',
    checksum String COMMENT 'SHA-256 of its text',
    applied DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when'
  ) ENGINE = ReplacingMergeTree ORDER BY number
  SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
  COMMENT 'Which schema migrations this database has.'`,
  exists: `SELECT count() AS tables FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'`,
  applied: `SELECT name, checksum FROM schema_migrations FINAL ORDER BY number`,
  record: `INSERT INTO schema_migrations (number, name, checksum) SELECT {number:UInt32}, {name:String}, {checksum:String}`,
} as const;

export const SESSION = {
  readOnly: `SELECT toString(getSetting('readonly')) AS readonly`,
  /** Answered by our engine alone with what we put into its configuration. */
  instance: `SELECT getMacro('instance')`,
  /** Answered by an engine that lets its reader read a file; refused by ours. */
  readFile: (path: string) => `SELECT file('${path.replaceAll(/[\\']/g, "\\$&")}')`,
} as const;

export const STORE = {
  stage: (columns: readonly string[]) =>
    `INSERT INTO usage_stage (${columns.join(", ")}) SETTINGS async_insert = 0, max_execution_time = 30 FORMAT RowBinaryWithNamesAndTypes`,
  runningCommits: `SELECT count() AS running FROM system.processes WHERE startsWith(query_id, {prefix:String})`,
  dropAttempt: (attempt: string) => `ALTER TABLE usage_stage DROP PARTITION '${attempt}'`,
  knownSources: `SELECT ${checkpointColumns()}, toUnixTimestamp64Milli(arrived) AS storedAtMs
FROM usage WHERE kind = 'ckpt' AND startsWith(topic, {prefix:String})
ORDER BY incarnation DESC, end_offset DESC, arrived DESC LIMIT 1 BY topic, part`,
} as const;

/** One partition's step as the commit's condition sees it. */
export interface ExpectedStep extends Partition {
  readonly incarnation: number;
  readonly expectedEnd: number | null;
  readonly endOffset: number;
}

/** Builds conditions over partitions; topics become parameters. */
class Conditions {
  readonly params: Record<string, unknown>;
  readonly #topics = new Map<string, string>();

  constructor(params: Record<string, unknown> = {}) {
    this.params = params;
  }

  partition({ topic, partition }: Partition): string {
    let name = this.#topics.get(topic);
    if (name === undefined) {
      name = `topic${this.#topics.size}`;
      this.#topics.set(topic, name);
      this.params[name] = topic;
    }
    return `topic = {${name}:String} AND part = ${integer(partition)}`;
  }

  any(partitions: readonly Partition[]): string {
    return partitions.map((one) => `(${this.partition(one)})`).join(" OR ");
  }

  /** What is stored past the point where this step starts. */
  beyond(step: ExpectedStep): string {
    const { incarnation, expectedEnd } = step;
    const later =
      expectedEnd === null
        ? `incarnation >= ${integer(incarnation)}`
        : `(incarnation > ${integer(incarnation)} OR (incarnation = ${integer(incarnation)} AND end_offset > ${integer(expectedEnd)}))`;
    return `(${this.partition(step)} AND ${later})`;
  }

  at(step: ExpectedStep, end: number): string {
    return `(${this.partition(step)} AND incarnation = ${integer(step.incarnation)} AND end_offset = ${integer(end)})`;
  }
}

/**
 * The commit: takes an attempt over from the stage if all of it is there, every partition's checkpoint is the one this batch starts from, and the
 * writer's claim is the newest of each. Otherwise it writes nothing, which is no error. One block, so one part: all rows or none.
 */
export function commitQuery(options: {
  steps: readonly ExpectedStep[];
  attempt: string;
  stagedRows: number;
  batch: string;
  writer: string;
  arrivedMs: number;
}): Query {
  const { steps, attempt, stagedRows, batch, writer, arrivedMs } = options;
  const where = new Conditions({ attempt, batch, writer });
  const started = steps.filter(({ expectedEnd }) => expectedEnd !== null);
  const beyond = steps.map((step) => where.beyond(step)).join(" OR ");
  const heads = started.map((step) => where.at(step, step.expectedEnd ?? 0)).join(" OR ") || "0";
  const columns = STAGED_COLUMNS.join(", ");
  const sql = `INSERT INTO usage (${columns}, writer, batch, arrived)
SETTINGS async_insert = 0, max_insert_threads = 1, max_execution_time = ${COMMIT_MAX_SECONDS}, insert_deduplicate = 0,
  min_insert_block_size_rows = 1000000000, min_insert_block_size_bytes = 0
SELECT ${columns}, {writer:UUID}, {batch:UUID}, fromUnixTimestamp64Milli(toInt64(${integer(arrivedMs)}), 'UTC')
FROM usage_stage
WHERE attempt = {attempt:UUID}
  AND (SELECT count() FROM usage_stage WHERE attempt = {attempt:UUID}) = ${integer(stagedRows)}
  AND (SELECT countIf(batch = {batch:UUID} OR ${beyond}) = 0 AND uniqExactIf((topic, part), ${heads}) = ${started.length}
       FROM usage WHERE kind = 'ckpt' AND (${beyond} OR ${heads}))
  AND (SELECT countIf(owner = {writer:UUID}) = ${steps.length}
       FROM (SELECT argMax(writer, (number, writer)) AS owner FROM claims WHERE ${where.any(steps)} GROUP BY topic, part))`;
  return { sql, params: where.params };
}

/** How many of the batch's checkpoint rows are stored: none, or one for each step. */
export function readBackQuery(steps: readonly ExpectedStep[], batch: string): Query {
  const where = new Conditions({ batch });
  const ends = steps.map((step) => where.at(step, step.endOffset)).join(" OR ");
  const sql = `SELECT count() AS mine FROM usage WHERE kind = 'ckpt' AND batch = {batch:UUID} AND (${ends})`;
  return { sql, params: where.params };
}

/** Newest checkpoint of each partition that has one. */
export function headsQuery(partitions: readonly Partition[]): Query {
  const where = new Conditions();
  const sql = `SELECT ${checkpointColumns()}, toString(batch) AS batch
FROM usage WHERE kind = 'ckpt' AND (${where.any(partitions)})
ORDER BY incarnation DESC, end_offset DESC, arrived DESC LIMIT 1 BY topic, part`;
  return { sql, params: where.params };
}

/** Newest claim of each partition that has one. */
export function claimsQuery(partitions: readonly Partition[]): Query {
  const where = new Conditions();
  const sql = `SELECT topic, part AS partition, max(number) AS newest, toString(argMax(writer, (number, writer))) AS owner
FROM claims WHERE ${where.any(partitions)} GROUP BY topic, part`;
  return { sql, params: where.params };
}

/** A claim of every partition, numbered after the newest. */
export function claimQuery(partitions: readonly Partition[], writer: string, nowMs: number): Query {
  const where = new Conditions({ writer });
  const wanted = partitions.map(
    (_, index) => `({wanted${index}:String}, ${integer(partitions[index]?.partition ?? 0)})`,
  );
  partitions.forEach(({ topic }, index) => (where.params[`wanted${index}`] = topic));
  const sql = `INSERT INTO claims (topic, part, number, writer, claimed)
SETTINGS async_insert = 0, insert_deduplicate = 0, max_execution_time = ${COMMIT_MAX_SECONDS}
SELECT wanted.1 AS t, toUInt32(wanted.2) AS p, newest.number + 1, {writer:UUID}, fromUnixTimestamp64Milli(toInt64(${integer(nowMs)}), 'UTC')
FROM (SELECT arrayJoin([${wanted.join(", ")}]) AS wanted) AS w
LEFT JOIN (SELECT topic, part, max(number) AS number FROM claims WHERE ${where.any(partitions)} GROUP BY topic, part) AS newest
  ON newest.topic = wanted.1 AND newest.part = wanted.2`;
  return { sql, params: where.params };
}

/** Places where a partition's chain of offsets does not continue where the row before it ended. A row that covers no offset links nothing. */
export function brokenChainQuery(partitions: readonly Partition[]): Query {
  const where = new Conditions();
  const sql = `SELECT topic, part AS partition, incarnation, first_offset AS firstOffset, end_offset AS endOffset, previous_end AS previousEnd
FROM (
  SELECT topic, part, incarnation, first_offset, end_offset,
    lagInFrame(end_offset, 1, first_offset) OVER (PARTITION BY topic, part, incarnation ORDER BY first_offset, end_offset
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS previous_end
  FROM usage WHERE kind IN ('ckpt', 'gap') AND end_offset > first_offset AND (${where.any(partitions)}))
WHERE first_offset != previous_end
ORDER BY topic, part, incarnation, first_offset LIMIT 10`;
  return { sql, params: where.params };
}

function checkpointColumns(): string {
  return `topic, part AS partition, incarnation, first_offset AS firstOffset, end_offset AS endOffset, watermark_ms AS watermarkMs,
  max_event_ms AS maxEventMs, tail_offset AS tailOffset, tail_progress_ms AS tailProgressMs, fingerprint, toString(writer) AS writer`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an exact integer`);
  return String(value);
}

const ASYNC_OFF = "SETTINGS async_insert = 0, max_execution_time = 30";
const milliseconds = (column: string): string =>
  `toUnixTimestamp64Milli(${column}) AS ${column}_ms`;

function incidentColumns(): string {
  return `incident_id, revision, kind, severity, state, department, team, user, ${milliseconds("opened_at")}, ${milliseconds("paged_at")},
  ${milliseconds("updated_at")}, ${milliseconds("resolved_at")}, expected_usd, actual_usd, excess_usd, document`;
}

/** An incident has many revisions, and each holds a document: only the newest ones are read. */
function newestRevisions(having: string): string {
  return `WHERE (incident_id, revision) IN (SELECT incident_id, max(revision) FROM incidents GROUP BY incident_id HAVING ${having})
  ORDER BY incident_id, revision DESC, stored_at DESC LIMIT 1 BY incident_id`;
}

const ALL_TOKENS = `sum(usage.uncached_input_tokens + usage.cache_read_input_tokens + usage.cache_write_5m_input_tokens + usage.cache_write_1h_input_tokens
    + usage.output_tokens)`;

export const INCIDENTS = {
  saveIncidents: `INSERT INTO incidents (incident_id, revision, kind, severity, state, department, team, user, opened_at, paged_at, updated_at,
  resolved_at, expected_usd, actual_usd, excess_usd, document, stored_at) ${ASYNC_OFF} FORMAT JSONEachRow`,
  loadIncidents: `SELECT ${incidentColumns()}
FROM (SELECT * FROM incidents ${newestRevisions("1")})
WHERE resolved_at IS NULL OR resolved_at_ms > {resolvedSinceMs:Int64} ORDER BY opened_at, incident_id`,
  changedIncidents: `SELECT ${incidentColumns()}
FROM (SELECT * FROM incidents ${newestRevisions("max(stored_at) >= fromUnixTimestamp64Milli({storedSinceMs:Int64}, 'UTC')")})
ORDER BY opened_at, incident_id`,
  saveDelivery: `INSERT INTO deliveries (delivery_id, incident_id, receiver, reason, status, attempt, at, reference, error) ${ASYNC_OFF} FORMAT JSONEachRow`,
  loadDeliveries: `SELECT delivery_id, incident_id, receiver, reason, status, attempt, ${milliseconds("at")}, reference, error
FROM deliveries WHERE incident_id IN {ids:Array(String)}
ORDER BY delivery_id, attempt DESC, status = 'sending', at DESC LIMIT 1 BY delivery_id`,
  saveAction: `INSERT INTO incident_actions (action_id, incident_id, action, actor, at, until) ${ASYNC_OFF} FORMAT JSONEachRow`,
  loadActions: `SELECT action_id, incident_id, action, actor, ${milliseconds("at")}, ${milliseconds("until")}
FROM incident_actions FINAL WHERE at_ms > {sinceMs:Int64} ORDER BY at, action_id`,
  historySpan: (
    upTo: string,
  ) => `SELECT count() AS n, toUnixTimestamp(min(minute)) AS first, toUnixTimestamp(max(minute)) AS last
FROM usage WHERE kind = 'delta' AND minute >= {from:UInt32} AND minute < {to:UInt32} AND ${upTo}`,
  historySize: (
    upTo: string,
  ) => `SELECT uniqCombined(toStartOfFiveMinutes(minute), department, team, user, key, agent, model, tool) AS sums
FROM usage WHERE kind = 'delta' AND minute >= {from:UInt32} AND minute < {to:UInt32} AND ${upTo}`,
  history: (upTo: string) =>
    historyQuery(upTo, {
      by: "toUnixTimestamp(toStartOfFiveMinutes(minute)) * 1000 AS startMs, department, team, user, key, agent, model, tool",
      keys: "startMs, department, team, user, key, agent, model, tool",
      sums: `sum(usage.requests) AS requests, sum(usage.errors) AS errors, sum(usage.cache_read_input_tokens) AS cacheReadTokens,
  sum(usage.output_tokens) AS outputTokens, ${ALL_TOKENS} AS tokens, toFloat64(sum(usage.cost_usd)) AS costUsd,
  groupUniqArrayIf(usage.top_session, usage.top_session != '') AS sessions`,
    }),
  hourHistory: (upTo: string) =>
    historyQuery(upTo, {
      by: "toUnixTimestamp(toStartOfHour(minute)) * 1000 AS startMs, department, team, user, key, agent",
      keys: "startMs, department, team, user, key, agent",
      sums: `sum(usage.requests) AS requests, sum(usage.errors) AS errors, ${ALL_TOKENS} AS tokens, toFloat64(sum(usage.cost_usd)) AS costUsd,
  groupBitOr(bitShiftLeft(toUInt64(1), intDiv(toMinute(minute), 5))) AS steps`,
    }),
} as const;

/** Sums by steps of time: RowBinary, read by `rollup-reader.ts` column by column in this order. */
function historyQuery(
  upTo: string,
  { by, keys, sums }: Readonly<Record<"by" | "keys" | "sums", string>>,
): string {
  return `SELECT ${by}, ${sums}
FROM usage WHERE kind = 'delta' AND minute >= {from:UInt32} AND minute < {to:UInt32} AND ${upTo}
GROUP BY ${keys} ORDER BY ${keys}
SETTINGS max_execution_time = 300 FORMAT RowBinary`;
}

export const USE_HISTORY = {
  span: `SELECT count() AS n, intDiv(toUnixTimestamp(min(usage.minute)), 60) AS first, intDiv(toUnixTimestamp(max(usage.minute)), 60) AS last
FROM usage WHERE kind = 'delta'`,
  uses: usesQuery("usage.minute >= {from:UInt32} AND usage.minute < {to:UInt32}"),
} as const;
