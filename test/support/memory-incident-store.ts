import { AppError } from "../../src/runtime/errors.ts";
import type {
  DeliveryRow,
  IncidentActionRow,
  IncidentRow,
  IncidentStore,
  Rollup,
} from "../../src/store/rows.ts";

/** The incident store's contract in memory: what a test hands from one "process" to the next. */
export class MemoryIncidentStore implements IncidentStore {
  readonly incidents: IncidentRow[] = [];
  readonly deliveries: DeliveryRow[] = [];
  readonly actions: IncidentActionRow[] = [];
  /** What detection learns from, in order of time. */
  readonly rollups: Rollup[] = [];
  /** As when ClickHouse is down: every write is refused. */
  isDown = false;

  saveIncidents(rows: readonly IncidentRow[]): Promise<void> {
    return this.#write(() => this.incidents.push(...rows));
  }

  loadIncidents(resolvedSinceMs: number): Promise<IncidentRow[]> {
    const newest = new Map<string, IncidentRow>();
    for (const row of this.incidents) {
      const known = newest.get(row.incident_id);
      if (known === undefined || row.revision > known.revision) newest.set(row.incident_id, row);
    }
    const wanted = [...newest.values()].filter(
      (row) => row.resolved_at_ms === null || row.resolved_at_ms > resolvedSinceMs,
    );
    return Promise.resolve(wanted);
  }

  /** It does not know when a row was stored: any may have changed. */
  changedIncidents(): Promise<IncidentRow[]> {
    return this.loadIncidents(-1);
  }

  saveDelivery(row: DeliveryRow): Promise<void> {
    return this.#write(() => this.deliveries.push(row));
  }

  loadDeliveries(incidentIds: readonly string[]): Promise<DeliveryRow[]> {
    const newest = new Map<string, DeliveryRow>();
    for (const row of this.deliveries.filter((one) => incidentIds.includes(one.incident_id))) {
      const known = newest.get(row.delivery_id);
      if (known === undefined || isNewer(row, known)) newest.set(row.delivery_id, row);
    }
    return Promise.resolve([...newest.values()]);
  }

  saveAction(row: IncidentActionRow): Promise<void> {
    return this.#write(() => this.actions.push(row));
  }

  loadActions(sinceMs: number): Promise<IncidentActionRow[]> {
    return Promise.resolve(this.actions.filter((row) => row.at_ms > sinceMs));
  }

  async *history(fromMs: number, toMs: number): AsyncIterable<readonly Rollup[]> {
    const wanted = this.rollups.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
    for (let at = 0; at < wanted.length; at += 1_000) {
      yield await Promise.resolve(wanted.slice(at, at + 1_000));
    }
  }

  #write(change: () => void): Promise<void> {
    if (this.isDown) {
      return Promise.reject(
        new AppError("clickhouse does not answer", { code: "store_unavailable", retryable: true }),
      );
    }
    change();
    return Promise.resolve();
  }
}

/** As ClickHouse orders a delivery's rows: a later attempt, then an end before its beginning, then time. */
function isNewer(row: DeliveryRow, known: DeliveryRow): boolean {
  if (row.attempt !== known.attempt) return row.attempt > known.attempt;
  const ends = (one: DeliveryRow): number => Number(one.status !== "sending");
  return ends(row) === ends(known) ? row.at_ms >= known.at_ms : ends(row) > ends(known);
}
