import type { ReceiverRules } from "../../src/notify/delivery-decision.ts";
import { Dispatcher, type DispatcherOptions } from "../../src/notify/dispatcher.ts";
import type { Notifier } from "../../src/notify/notifier.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { anIncident } from "../support/incident-builders.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";

export const PRIMARY: ReceiverRules = { role: "primary", tickets: true, edits: true };
export const MAIL: ReceiverRules = { role: "primary", tickets: false, edits: false };
export const FALLBACK: ReceiverRules = { role: "fallback", tickets: true, edits: true };
export const DEAD = { kind: "permanent", error: "slack answered is_archived" } as const;
export const DOWN = { kind: "retryable", error: "slack answered http 503" } as const;

export const opened = anIncident();
export const grown = anIncident({ revision: 2, excessUsd: 900, actualUsdPerHour: 3_000 });
export const resolved = anIncident({
  revision: 3,
  state: "resolved",
  resolvedAtMs: opened.updatedAtMs,
});

/** Lets what is ready run, then time pass: so that sleepers of now count from now. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  await clock.advance(0);
  await clock.advance(ms);
}

interface Extra {
  readonly minIntervalMs?: number;
  readonly queueLimit?: number;
  readonly mayTell?: () => boolean;
  /** Of an earlier process. */
  readonly store?: MemoryIncidentStore;
}

export function aDispatcher(
  receivers: readonly (readonly [Notifier, ReceiverRules])[],
  { minIntervalMs = 0, store = new MemoryIncidentStore(), ...more }: Extra = {},
) {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const options: DispatcherOptions = {
    receivers: receivers.map(([notifier, rules]) => ({ notifier, rules, minIntervalMs })),
    store,
    clock,
    metrics,
    logger: silentLogger,
    random: () => 0,
    ...more,
  };
  return { dispatcher: new Dispatcher(options), clock, store, metrics };
}

export async function deliveriesOf(metrics: Metrics): Promise<Record<string, number>> {
  const { values } = await metrics.deliveries.get();
  return Object.fromEntries(
    values.map(({ labels, value }) => [`${labels.channel ?? ""} ${labels.status ?? ""}`, value]),
  );
}
