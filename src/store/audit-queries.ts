import type { Partition } from "../source/source.ts";
import type { Query } from "./queries.ts";

/** Which commits are meant: those of these partitions' incarnations up to their ends, and of no other topic. */
export interface AuditScope {
  readonly partitions: readonly (Partition & {
    readonly incarnation: number;
    readonly end: number;
  })[];
  /** Deltas without a checkpoint that are looked at too: analysts see them. */
  readonly orphans: readonly string[];
}

/** Minutes [from, to) in seconds since the epoch. */
export interface MinuteRange {
  readonly from: number;
  readonly to: number;
}

export function storedPartitionsQuery(topics: readonly string[]): Query {
  const sql = `SELECT topic, part AS partition, incarnation, min(first_offset) AS start, maxIf(end_offset, kind = 'ckpt') AS end,
  argMaxIf(max_event_ms, end_offset, kind = 'ckpt') AS maxEventMs, argMaxIf(usage.fingerprint, end_offset, kind = 'ckpt') AS fingerprint,
  countIf(kind = 'ckpt') AS checkpoints
FROM usage WHERE kind IN ('ckpt', 'gap') AND topic IN {topics:Array(String)}
GROUP BY topic, part, incarnation HAVING checkpoints > 0
ORDER BY topic, part, incarnation DESC LIMIT 1 BY topic, part`;
  return { sql, params: { topics } };
}

export function gapsQuery(topics: readonly string[]): Query {
  const sql = `SELECT topic, part AS partition, first_offset AS from, end_offset AS to
FROM usage WHERE kind = 'gap' AND topic IN {topics:Array(String)} ORDER BY topic, part, first_offset LIMIT 1000`;
  return { sql, params: { topics } };
}

/** Of each partition: the first offset at or after `low` where a commit begins (-1: none), what the commits from there on say, and the latest event before `low`. */
export function coverageQuery(
  partitions: readonly {
    readonly stored: Partition & { readonly incarnation: number; readonly end: number };
    readonly low: number;
  }[],
): Query {
  const where = new Places();
  const within = partitions.map(({ stored }) => where.upTo(stored)).join(" OR ");
  const lows = partitions
    .map(({ stored, low }) => `${where.partition(stored)}, ${integer(low)}`)
    .join(", ");
  const sql = `SELECT topic, part AS partition, multiIf(${lows}, 0) AS low,
  argMinIf(max_event_ms, end_offset, end_offset >= low) AS maxEventMsBefore,
  if(countIf(first_offset >= low) = 0, -1, minIf(first_offset, first_offset >= low)) AS boundary,
  ${["records", "accepted", "rejected", "duplicates", "ignored"]
    .map((name) => `sumIf(usage.${name}, first_offset >= low) AS ${name}`)
    .join(", ")}
FROM usage WHERE kind = 'ckpt' AND (${within}) GROUP BY topic, part HAVING countIf(end_offset >= low) > 0`;
  return { sql, params: where.params };
}

export function othersQuery(topics: readonly string[]): Query {
  const sql = `SELECT topic, sum(usage.accepted) AS accepted FROM usage
WHERE kind = 'ckpt' AND topic NOT IN {topics:Array(String)} GROUP BY topic ORDER BY accepted DESC, topic`;
  return { sql, params: { topics } };
}

export function orphansQuery(): Query {
  const sql = `SELECT DISTINCT toString(batch) AS batch FROM usage
WHERE kind = 'delta' AND batch NOT IN (SELECT batch FROM usage WHERE kind = 'ckpt') ORDER BY batch LIMIT 1000`;
  return { sql, params: {} };
}

export function entangledMinutesQuery(scope: AuditScope): Query {
  const where = new Places();
  const sql = `SELECT DISTINCT toUnixTimestamp(minute) AS minute FROM usage
WHERE kind = 'delta' AND batch IN (SELECT batch FROM usage WHERE kind = 'ckpt'
  GROUP BY batch HAVING countIf(${where.inScope(scope)}) > 0 AND countIf(${where.elsewhere(scope)}) > 0)`;
  return { sql, params: where.params };
}

/** Rows that make one of what is within the scope and what came after it: old commits that were folded since the scope was fixed. */
export function foldedOverQuery({ partitions }: AuditScope): Query {
  const where = new Places();
  const over = partitions.map((one) => where.over(one)).join(" OR ") || "0";
  const beyond = partitions.map((one) => where.beyond(one)).join(" OR ") || "0";
  const sql = `SELECT count() AS rows FROM (
  SELECT batch FROM usage WHERE kind = 'ckpt' GROUP BY batch
  HAVING countIf(${over}) > 0 OR (countIf(${where.inScope({ partitions, orphans: [] })}) > 0 AND countIf(${beyond}) > 0))`;
  return { sql, params: where.params };
}

export function deltaQuery(
  scope: AuditScope,
  { from, to }: MinuteRange,
  priceVersions: readonly string[],
): Query {
  const where = new Places({ priceVersions });
  const orphans = scope.orphans.map((one) => `toUUID('${uuid(one)}')`);
  const others = orphans.length === 0 ? "" : ` OR batch IN (${orphans.join(", ")})`;
  const sums = [
    ...SUMMED.map((name) => `toString(sum(${name}))`),
    "toString(toInt128(sum(cost_usd) * 1000000000))",
    "toString(sum(unpriced_tokens))",
  ];
  const sql = `SELECT toUnixTimestamp(usage.minute) AS minute, team, model, [${sums.join(", ")}] AS sums,
  countIf(price_version NOT IN {priceVersions:Array(String)}) AS pricedOtherwise
FROM usage WHERE kind = 'delta' AND usage.minute >= ${integer(from)} AND usage.minute < ${integer(to)}
  AND (batch IN (SELECT batch FROM usage WHERE kind = 'ckpt' GROUP BY batch HAVING countIf(NOT (${where.inScope(scope)})) = 0)${others})
GROUP BY minute, team, model`;
  return { sql, params: where.params };
}

const SUMMED = [
  "requests",
  "errors",
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
];

/** Conditions on checkpoint rows. Topics become parameters. */
class Places {
  readonly params: Record<string, unknown>;
  readonly #topics = new Map<string, string>();

  constructor(params: Record<string, unknown> = {}) {
    this.params = params;
  }

  partition({ topic, partition }: Partition): string {
    return `(topic = ${this.#topic(topic)} AND part = ${integer(partition)})`;
  }

  upTo(one: AuditScope["partitions"][number]): string {
    const { incarnation, end } = one;
    return `(${this.partition(one)} AND incarnation = ${integer(incarnation)} AND end_offset <= ${integer(end)})`;
  }

  beyond(one: AuditScope["partitions"][number]): string {
    const { incarnation, end } = one;
    return `(${this.partition(one)} AND incarnation = ${integer(incarnation)} AND end_offset > ${integer(end)})`;
  }

  over(one: AuditScope["partitions"][number]): string {
    return `(${this.beyond(one)} AND first_offset < ${integer(one.end)})`;
  }

  inScope({ partitions }: AuditScope): string {
    return partitions.map((one) => this.upTo(one)).join(" OR ") || "0";
  }

  /** Of other topics, or of earlier incarnations. What is beyond an end is neither: it came later. */
  elsewhere({ partitions }: AuditScope): string {
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const topics = names.map((topic) => `topic != ${this.#topic(topic)}`).join(" AND ");
    const earlier = partitions
      .filter(({ incarnation }) => incarnation > 0)
      .map((one) => `(${this.partition(one)} AND incarnation < ${integer(one.incarnation)})`);
    return [`(${topics || "1"})`, ...earlier].join(" OR ");
  }

  #topic(topic: string): string {
    let name = this.#topics.get(topic);
    if (name === undefined) {
      name = `topic${this.#topics.size}`;
      this.#topics.set(topic, name);
      this.params[name] = topic;
    }
    return `{${name}:String}`;
  }
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an exact integer`);
  return String(value);
}

function uuid(text: string): string {
  if (!/^[0-9a-f-]{36}$/.test(text)) throw new RangeError(`${text} is no UUID`);
  return text;
}
