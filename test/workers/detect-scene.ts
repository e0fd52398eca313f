import type { Incident } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { Dispatcher } from "../../src/notify/dispatcher.ts";
import type { Delivery, Notification, Notifier } from "../../src/notify/notifier.ts";
import type { IncidentActionRow } from "../../src/store/rows.ts";
import { silentLogger, type Logger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { DetectWorker } from "../../src/workers/detect-worker.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { aUse, MONDAY_MINUTE, paneTableOf, rollupsOf } from "../support/spend-stream.ts";

const DAYS = 10;
/** A Thursday noon, after ten days of history. */
export const NOON = MONDAY_MINUTE + DAYS * 1440 + 12 * 60;

/** Four people of one team, a dime every five minutes of office hours. */
function quietDays(): PaneUse[] {
  const uses: PaneUse[] = [];
  for (let minute = MONDAY_MINUTE; minute < NOON; minute += 5) {
    const hour = Math.floor((minute % 1440) / 60);
    if (hour < 8 || hour >= 18) continue;
    for (const user of ["ada", "ben", "cem", "dia"]) {
      uses.push(aUse({ minute, user, key: `key-${user}`, usd: 0.1 }));
    }
  }
  return uses;
}

/** Ada's agent in a loop: six dollars a minute. */
export function aRunaway(start: number, minutes: number): PaneUse[] {
  return Array.from({ length: minutes }, (_, index) =>
    aUse({ minute: start + index, user: "ada", key: "key-ada", usd: 6, requests: 20 }),
  );
}

/** A store that has seen ten quiet days. */
export function aQuietStore(): MemoryIncidentStore {
  const store = new MemoryIncidentStore();
  store.rollups.push(...rollupsOf(quietDays()));
  return store;
}

/** Takes every message, and notes what the store held of its incident at that moment. */
export class WitnessNotifier implements Notifier {
  readonly receiver = "witness";
  readonly told: { reason: string; incident: Incident; storedRevision: number }[] = [];
  readonly #store: MemoryIncidentStore;

  constructor(store: MemoryIncidentStore) {
    this.#store = store;
  }

  send({ reason, incident }: Notification): Promise<Delivery> {
    const revisions = this.#store.incidents
      .filter((row) => row.incident_id === incident.id)
      .map(({ revision }) => revision);
    this.told.push({ reason, incident, storedRevision: Math.max(-1, ...revisions) });
    return Promise.resolve({ kind: "delivered", reference: `message-${this.told.length}` });
  }
}

export interface DetectScene {
  readonly worker: DetectWorker;
  readonly detector: SpendDetector;
  readonly store: MemoryIncidentStore;
  readonly clock: ManualClock;
  readonly metrics: Metrics;
  readonly witness: WitnessNotifier;
  /** Event-time progress as ingest would tell it, ms. */
  watermarkMs: number;
  /** What a commit stored: also in the store's history. */
  readonly see: (...uses: readonly PaneUse[]) => Promise<void>;
  /** Lets the next tick come, and messages go out. */
  readonly tick: () => Promise<void>;
  readonly act: (action: Partial<IncidentActionRow>) => void;
}

/** One process that detects: real but for the store, the receiver and the time. */
export async function aDetectWorker(
  options: { readonly store?: MemoryIncidentStore; readonly logger?: Logger } = {},
): Promise<DetectScene> {
  const { store = aQuietStore(), logger = silentLogger } = options;
  const clock = new ManualClock();
  const metrics = new Metrics();
  const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 10 });
  const witness = new WitnessNotifier(store);
  const rules = { role: "primary", tickets: true, edits: true } as const;
  const receivers = [{ notifier: witness, rules, minIntervalMs: 0 }];
  const dispatcher = new Dispatcher({ receivers, store, clock, metrics, logger });
  const worker = new DetectWorker({
    detector,
    store,
    dispatcher,
    newestEventMs: () => Promise.resolve(store.rollups.at(-1)?.startMs ?? -1),
    watermarkMs: () => scene.watermarkMs,
    clock,
    logger,
    metrics,
  });
  const scene: DetectScene = {
    worker,
    detector,
    store,
    clock,
    metrics,
    witness,
    watermarkMs: -1,
    see: async (...uses) => {
      store.rollups.push(...rollupsOf(uses));
      for (const use of uses) {
        worker.observe(paneTableOf([use]), { maxEventMs: use.minute * 60_000 + 30_000 });
      }
      await clock.advance(0);
      await clock.advance(0);
    },
    tick: async () => {
      await clock.advance(0);
      await clock.advance(5_000);
      await clock.advance(0);
    },
    act: (action) => {
      store.actions.push({
        action_id: `action-${store.actions.length}`,
        incident_id: detector.incidents[0]?.id ?? "",
        action: "acknowledge",
        actor: "otto",
        at_ms: clock.now(),
        until_ms: null,
        ...action,
      });
    },
  };
  await worker.start();
  await clock.advance(0);
  return scene;
}
