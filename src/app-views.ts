import { LiveBoard } from "./detect/live-board.ts";
import type { LiveSnapshot, LiveView } from "./detect/live.ts";
import type { Detection } from "./detection.ts";
import type { ServiceGroup, ServiceState } from "./runtime/service.ts";
import type { FeedSnapshot, FeedView, HealthPart, HealthView } from "./server/views.ts";
import type { IngestWorker } from "./workers/ingest-worker.ts";

/** What the page's views look at; all are missing while the process starts, some for good where it has not their role. */
export interface Parts {
  ingest?: IngestWorker;
  detection?: Detection;
  group?: ServiceGroup;
}

/** What is detected, by whichever detector is the present one. */
export class CurrentBoard implements LiveView {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  snapshot(): LiveSnapshot {
    const { detection } = this.#parts;
    if (detection === undefined) return { eventTimeMs: null, teams: [], incidents: [], chart: [] };
    return new LiveBoard(detection.detector).snapshot();
  }
}

/** The feed's counters as the page shows them. */
export class IngestFeed implements FeedView {
  readonly #parts: Parts;
  readonly #analystUrl: string;

  constructor(options: { readonly parts: Parts; readonly analystUrl: string }) {
    this.#parts = options.parts;
    this.#analystUrl = options.analystUrl;
  }

  snapshot(): FeedSnapshot {
    const { ingest } = this.#parts;
    if (ingest === undefined) return { ...NOTHING_YET, analystUrl: this.#analystUrl };
    const { records, accepted, duplicates, ignored, rejectedByReason, unpricedByModel } =
      ingest.totals;
    const { lagRecords, lastFetchMs, lastStoredMs } = ingest.progress;
    return {
      records,
      accepted,
      duplicates,
      ignored,
      rejectedByReason,
      unpricedByModel,
      lagRecords,
      lastFetchMs,
      lastFlushMs: lastStoredMs,
      analystUrl: this.#analystUrl,
    };
  }
}

const NOTHING_YET: Omit<FeedSnapshot, "analystUrl"> = {
  records: 0,
  accepted: 0,
  duplicates: 0,
  ignored: 0,
  rejectedByReason: new Map(),
  unpricedByModel: new Map(),
  lagRecords: null,
  lastFetchMs: null,
  lastFlushMs: null,
};

/** The process's health from memory: what has started, and whether ingest can still write. */
export class AppHealth implements HealthView {
  readonly #parts: Parts;

  constructor(options: { readonly parts: Parts }) {
    this.#parts = options.parts;
  }

  state(): ServiceState {
    if (this.#parts.ingest?.failed === true) return "failed";
    return this.#parts.group?.state ?? "starting";
  }

  parts(): readonly HealthPart[] {
    const { ingest, detection, group } = this.#parts;
    const state = group?.state ?? "starting";
    return [
      { name: "services", ok: state === "running", detail: state },
      ...(ingest === undefined ? [] : ingestHealth(ingest, state)),
      ...(detection === undefined ? [] : [detection.health()]),
    ];
  }
}

/** A worker that was given no partition is a spare: as ready as the others. */
function ingestHealth({ progress }: IngestWorker, state: ServiceState): readonly HealthPart[] {
  const { partitions, storing } = progress;
  const spare = partitions === 0 && state === "running" ? ", a spare worker" : "";
  return [
    {
      name: "source",
      ok: state === "running",
      detail: `${partitions} partitions assigned${spare}`,
    },
    {
      name: "store",
      ok: !storing,
      detail: storing ? "a commit waits for ClickHouse" : "commits go through",
    },
  ];
}
