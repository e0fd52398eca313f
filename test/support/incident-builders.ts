import type { Incident } from "../../src/detect/incident.ts";

export const OPENED_AT = Date.UTC(2026, 2, 4, 2, 41);

/** A page as the on-call would get it: one runaway user of team checkout. */
export function anIncident(changes: Partial<Incident> = {}): Incident {
  return {
    id: "inc-7f3a",
    revision: 1,
    kind: "spike",
    severity: "page",
    state: "open",
    scope: { department: "shop", team: "checkout" },
    openedAtMs: OPENED_AT,
    pagedAtMs: OPENED_AT,
    updatedAtMs: OPENED_AT + 12 * 60_000,
    resolvedAtMs: null,
    windowMs: 5 * 60_000,
    expectedUsd: 40,
    actualUsd: 248,
    excessUsd: 208,
    actualUsdPerHour: 1_240,
    expectedUsdPerHour: 198,
    excessUsdNext24h: 25_008,
    score: 41.2,
    bar: 6,
    contributors: [
      { dimension: "user", value: "u0412", share: 0.96, actualUsd: 201, expectedUsd: 1.3 },
      { dimension: "user", value: "__rest__", share: 0.04, actualUsd: 47, expectedUsd: 38.7 },
      { dimension: "model", value: "claude-opus-4-5", share: 0.9, actualUsd: 210, expectedUsd: 23 },
      { dimension: "model", value: "gpt-5-mini", share: 0.1, actualUsd: 38, expectedUsd: 17 },
    ],
    factors: [
      { factor: "requests_per_active_user", ratio: 4.9, share: 0.86 },
      { factor: "tokens_per_request", ratio: 1.3, share: 0.14 },
      { factor: "active_users", ratio: 1, share: 0 },
    ],
    acknowledgedBy: null,
    mutedUntilMs: null,
    chart: Array.from({ length: 288 }, (_, index) => ({
      startMs: OPENED_AT - (287 - index) * 300_000,
      actualUsd: index > 284 ? 100 : 12 + 6 * Math.sin(index / 40),
      expectedUsd: 14,
    })),
    ...changes,
  };
}
