import type { Clock } from "../runtime/clock.ts";
import { retry } from "../runtime/retry.ts";
import type { Connection } from "./connect.ts";
import { INCIDENTS, type Query } from "./queries.ts";
import { readAhead } from "./read-ahead.ts";
import { hourRollupOf, rollupOf, wholeSteps } from "./rollup-reader.ts";
import type {
  DeliveryRow,
  HourRollup,
  IncidentActionRow,
  IncidentRow,
  IncidentStore,
  Rollup,
  SeenPosition,
} from "./rows.ts";
import { upToCondition } from "./tail-queries.ts";

const DAY_MS = 86_400_000;
const IDS_PER_QUERY = 500;
/** How long a call goes on while ClickHouse is in trouble before its caller is told. */
const PATIENCE_MS = 30_000;
/** History that is held before it is learnt. */
const AHEAD_BYTES = 8 << 20;

/** Columns whose numbers come as text because they may be larger than a double holds. */
type Raw<Row> = Record<keyof Row, string | number | null>;

/** Incidents, deliveries and people's actions in ClickHouse. Rows are only added; the newest counts. Each call retries for up to 30 s. */
export class ClickHouseIncidentStore implements IncidentStore {
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor(options: { readonly connection: Connection; readonly clock: Clock }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
  }

  async saveIncidents(rows: readonly IncidentRow[]): Promise<void> {
    const storedAt = timestamp(this.#clock.now());
    await this.#insert(
      INCIDENTS.saveIncidents,
      rows.map(({ opened_at_ms, paged_at_ms, updated_at_ms, resolved_at_ms, ...row }) => ({
        ...row,
        opened_at: timestamp(opened_at_ms),
        paged_at: timestamp(paged_at_ms),
        updated_at: timestamp(updated_at_ms),
        resolved_at: timestamp(resolved_at_ms),
        stored_at: storedAt,
      })),
    );
  }

  async loadIncidents(resolvedSinceMs: number): Promise<IncidentRow[]> {
    return this.#incidents(INCIDENTS.loadIncidents, { resolvedSinceMs });
  }

  async changedIncidents(storedSinceMs: number): Promise<IncidentRow[]> {
    return this.#incidents(INCIDENTS.changedIncidents, { storedSinceMs });
  }

  async saveDelivery({ at_ms, ...row }: DeliveryRow): Promise<void> {
    await this.#insert(INCIDENTS.saveDelivery, [{ ...row, at: timestamp(at_ms) }]);
  }

  async loadDeliveries(incidentIds: readonly string[]): Promise<DeliveryRow[]> {
    const found: DeliveryRow[] = [];
    for (let from = 0; from < incidentIds.length; from += IDS_PER_QUERY) {
      const ids = incidentIds.slice(from, from + IDS_PER_QUERY);
      const rows = await this.#rows<Raw<DeliveryRow>>(INCIDENTS.loadDeliveries, { ids });
      for (const row of rows) {
        found.push({ ...(row as unknown as DeliveryRow), at_ms: Number(row.at_ms) });
      }
    }
    return found;
  }

  async saveAction({ at_ms, until_ms, ...row }: IncidentActionRow): Promise<void> {
    await this.#insert(INCIDENTS.saveAction, [
      { ...row, at: timestamp(at_ms), until: timestamp(until_ms) },
    ]);
  }

  async loadActions(sinceMs: number): Promise<IncidentActionRow[]> {
    const rows = await this.#rows<Raw<IncidentActionRow>>(INCIDENTS.loadActions, { sinceMs });
    return rows.map((row) => ({
      ...(row as unknown as IncidentActionRow),
      at_ms: Number(row.at_ms),
      until_ms: numberOrNull(row.until_ms),
    }));
  }

  async historySize(fromMs: number, toMs: number, upTo?: readonly SeenPosition[]): Promise<number> {
    const within = upToOf(upTo);
    const params = { from: seconds(fromMs), to: seconds(toMs), ...within.params };
    const [found] = await this.#rows<{ sums: string }>(INCIDENTS.historySize(within.sql), params);
    return Number(found?.sums ?? 0);
  }

  async *history(
    fromMs: number,
    toMs: number,
    upTo?: readonly SeenPosition[],
  ): AsyncIterable<readonly Rollup[]> {
    const bytes = this.#historyBytes(INCIDENTS.history, { fromMs, toMs }, upToOf(upTo));
    yield* wholeSteps(readAhead(bytes, AHEAD_BYTES), rollupOf);
  }

  async *hourHistory(
    fromMs: number,
    toMs: number,
    upTo?: readonly SeenPosition[],
  ): AsyncIterable<readonly HourRollup[]> {
    const bytes = this.#historyBytes(INCIDENTS.hourHistory, { fromMs, toMs }, upToOf(upTo));
    yield* wholeSteps(readAhead(bytes, AHEAD_BYTES), hourRollupOf);
  }

  /** Asks for a day at a time, so that memory stays small on both sides, from the first that holds anything. */
  async *#historyBytes(
    sqlOf: (upTo: string) => string,
    { fromMs, toMs }: Readonly<Record<"fromMs" | "toMs", number>>,
    within: Query,
  ): AsyncIterable<Uint8Array> {
    const [found] = await this.#rows<{ first: string; last: string; n: string }>(
      INCIDENTS.historySpan(within.sql),
      { from: seconds(fromMs), to: seconds(toMs), ...within.params },
    );
    if (found === undefined || Number(found.n) === 0) return;
    const endMs = Math.min(toMs, Number(found.last) * 1000 + 1);
    const sql = sqlOf(within.sql);
    for (let dayMs = Math.max(fromMs, Number(found.first) * 1000); dayMs < endMs;) {
      const nextMs = Math.min(toMs, Math.floor(dayMs / DAY_MS + 1) * DAY_MS);
      const params = { from: seconds(dayMs), to: seconds(nextMs), ...within.params };
      yield* this.#connection.text(sql, { params });
      dayMs = nextMs;
    }
  }

  async #incidents(sql: string, params: Readonly<Record<string, unknown>>): Promise<IncidentRow[]> {
    const rows = await this.#rows<Raw<IncidentRow>>(sql, params);
    return rows.map((row) => ({
      ...(row as unknown as IncidentRow),
      opened_at_ms: Number(row.opened_at_ms),
      paged_at_ms: numberOrNull(row.paged_at_ms),
      updated_at_ms: Number(row.updated_at_ms),
      resolved_at_ms: numberOrNull(row.resolved_at_ms),
    }));
  }

  async #insert(sql: string, rows: readonly object[]): Promise<void> {
    if (rows.length === 0) return;
    const data = [Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))];
    await this.#patiently(() => this.#connection.insert(sql, data));
  }

  #rows<Row>(sql: string, params: Readonly<Record<string, unknown>>): Promise<Row[]> {
    return this.#patiently(() => this.#connection.rows<Row>(sql, { params }));
  }

  #patiently<T>(work: () => Promise<T>): Promise<T> {
    return retry(work, { clock: this.#clock, baseMs: 50, maxMs: 2_000, deadlineMs: PATIENCE_MS });
  }
}

function upToOf(upTo: readonly SeenPosition[] | undefined): Query {
  return upTo === undefined ? { sql: "1", params: {} } : upToCondition(upTo);
}

/** ClickHouse's `2026-11-22 05:17:00.123`, UTC. */
function timestamp(ms: number): string;
function timestamp(ms: number | null): string | null;
function timestamp(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}

function numberOrNull(value: string | number | null): number | null {
  return value === null ? null : Number(value);
}

/** Whole seconds a DateTime can hold. A minute begins at a whole second, so rounding up moves none across. */
function seconds(ms: number): number {
  return Math.min(2 ** 32 - 1, Math.max(0, Math.ceil(ms / 1000)));
}
