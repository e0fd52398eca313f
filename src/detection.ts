import type { Pipeline } from "./config/pipeline.ts";
import type { Settings } from "./config/settings.ts";
import { SpendDetector } from "./detect/spend-detector.ts";
import { Dispatcher } from "./notify/dispatcher.ts";
import { buildReceivers, type ReceiverOptions } from "./notify/receivers.ts";
import type { PaneTable } from "./reduce/pane.ts";
import type { Clock } from "./runtime/clock.ts";
import type { Service } from "./runtime/service.ts";
import type { HealthPart } from "./server/views.ts";
import type { Leadership } from "./source/leadership.ts";
import type { OpenStore } from "./store/open-store.ts";
import type { PaneStore } from "./store/store.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { DetectService } from "./workers/detect-service.ts";
import { DetectWorker } from "./workers/detect-worker.ts";
import type { LogEnds } from "./workers/tail-watermark.ts";

/** Of the nine seconds in which the services stop. What is not delivered then is delivered after the next start. */
const DELIVERY_DRAIN_MS = 2_000;

export interface DetectionOptions {
  readonly settings: Settings;
  readonly pipeline: Pipeline;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly receivers: ReceiverOptions;
}

/** Hops 6 to 8 of a process, as the others see them. */
export interface Detection {
  /** In the order in which they start. */
  readonly services: readonly Service[];
  /** What is known now. Ask anew each time: it may become another one. */
  readonly detector: SpendDetector;
  /** Told what a commit of this process stored; absent: detection reads it from ClickHouse. */
  readonly onStored?: (panes: PaneTable, progress: { readonly maxEventMs: number }) => void;
  /** Its line in the health report. */
  health(): HealthPart;
  /** Resolves when nothing is due at any receiver. */
  idle(): Promise<void>;
  /** Rejects when it cannot go on. */
  readonly done: Promise<unknown>;
}

/** One process does it all, from a file or stdin: its ingest loop hands over each commit. */
export function detectAlone(
  options: DetectionOptions & { readonly panes: PaneStore; readonly watermarkMs: () => number },
): Detection {
  const { pipeline, store, panes } = options;
  const detector = new SpendDetector(pipeline.detection);
  const dispatcher = createDispatcher(options);
  const worker = new DetectWorker({
    ...options,
    detector,
    dispatcher,
    store: store.incidentStore,
    newestEventMs: () => newestEventMs(panes),
  });
  return {
    services: [dispatcher, worker],
    detector,
    onStored: (stored, progress) => worker.observe(stored, progress),
    health: () => ({ name: "detect", ok: true, detail: "watches what this process counts" }),
    idle: () => dispatcher.idle(),
    done: new Promise(() => undefined),
  };
}

/** What takes part in the election, and how far the logs go that others read. */
export interface Sharing {
  /** null: this process never watches, it only shows what others detect. */
  readonly leadership: Leadership | null;
  readonly logEnds: () => Promise<LogEnds>;
}

/** Events come from Kafka: follows what ClickHouse holds, with others, of whom one watches, or alone. */
export function detectTogether(
  options: DetectionOptions & { readonly sharing: Sharing },
): Detection {
  const { pipeline, store, sharing } = options;
  const service = new DetectService({
    ...options,
    ...sharing,
    latenessMs: pipeline.latenessMs,
    idleAfterMs: pipeline.idleAfterMs,
    store: store.incidentStore,
    newDetector: () => new SpendDetector(pipeline.detection),
    newTail: () => store.commitTail(),
    newDispatcher: (mayTell) => createDispatcher(options, mayTell),
  });
  return {
    services: [service],
    get detector() {
      return service.detector;
    },
    health: () => healthOf(service, sharing.leadership),
    idle: () => service.idle(),
    done: service.done,
  };
}

function healthOf({ state, backlog }: DetectService, leadership: Leadership | null): HealthPart {
  const name = "detect";
  switch (state) {
    case "learning": {
      const waits = `learns when the backlog is counted: ${backlog.toLocaleString("en-US")} records to go`;
      return { name, ok: false, detail: backlog > 0 ? waits : "reads the history" };
    }
    case "watching":
      return { name, ok: true, detail: "this process watches" };
    case "in doubt":
      return {
        name,
        ok: true,
        detail: "Kafka has not confirmed that this process watches: it tells nothing",
      };
    case "standby": {
      const leader = leadership?.leader ?? null;
      const who = leader === null ? "another process watches" : `${leader} watches`;
      const detail = leadership === null ? "shows what others detect" : `standby: ${who}`;
      return { name, ok: true, detail };
    }
  }
}

function createDispatcher(options: DetectionOptions, mayTell?: () => boolean): Dispatcher {
  const { settings, receivers, store } = options;
  return new Dispatcher({
    ...options,
    receivers: buildReceivers(settings, receivers),
    store: store.incidentStore,
    drainMs: DELIVERY_DRAIN_MS,
    ...(mayTell === undefined ? {} : { mayTell }),
  });
}

/** Event time of the newest event that is stored, -1 where nothing is. */
async function newestEventMs(panes: PaneStore): Promise<number> {
  const checkpoints = await panes.knownSources("");
  return checkpoints.reduce((newest, { maxEventMs }) => Math.max(newest, maxEventMs), -1);
}
