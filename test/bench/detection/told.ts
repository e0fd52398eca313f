import type { IncidentChange } from "../../../src/detect/episode-book.ts";
import type {
  Factor,
  Incident,
  IncidentKind,
  Scope,
  Severity,
} from "../../../src/detect/incident.ts";
import { ringsAgain } from "../../../src/notify/delivery-decision.ts";

/** Somebody is told: the first time an incident is a ticket or a page, and where a page burns again after its end. */
export interface Told {
  /** Epoch minute of arrival at which it was told. */
  readonly minute: number;
  /** A line in the thread of a message that was told before: it rings, and is no message of its own. */
  readonly again?: boolean;
  readonly severity: Severity;
  readonly scope: Scope;
  readonly kind: IncidentKind | "rule";
  readonly factor: Factor | "rule";
  readonly windowMinutes: number;
  readonly score: number;
  readonly bar: number;
  readonly expectedUsd: number;
  readonly actualUsd: number;
  readonly excessUsd: number;
  /** Values with half of the excess or more in their dimension. */
  readonly leading: readonly { readonly level: string; readonly value: string }[];
  /** The teams that carry most of it, largest first. */
  readonly teams: readonly string[];
}

/** Keeps what was told of each incident, by the notifier's own rule: a page that is updated rings no second time, one that burns again after its end does. */
export class Listener {
  readonly told: Told[] = [];
  readonly #severity = new Map<string, Severity>();

  hear(changes: readonly IncidentChange[], minute: number): void {
    for (const { incident, reason } of changes) {
      const known = this.#severity.get(incident.id);
      if (known === "page" && reason === "reopened" && ringsAgain(incident)) {
        this.told.push({ ...toldOf(incident, minute), again: true });
        continue;
      }
      if (known === "page" || known === incident.severity) continue;
      this.#severity.set(incident.id, incident.severity);
      this.told.push(toldOf(incident, minute));
    }
  }
}

function toldOf(incident: Incident, minute: number): Told {
  const { severity, scope, kind, score, bar, expectedUsd, actualUsd, excessUsd } = incident;
  return {
    minute,
    severity,
    scope,
    kind,
    factor: leadingFactor(incident),
    windowMinutes: Math.round(incident.windowMs / 60_000),
    score,
    bar,
    expectedUsd,
    actualUsd,
    excessUsd,
    leading: incident.contributors
      .filter(({ share }) => share >= 0.5)
      .map(({ dimension, value }) => ({ level: dimension, value })),
    teams: incident.contributors
      .filter(({ dimension, share }) => dimension === "team" && share > 0)
      .toSorted((a, b) => b.share - a.share)
      .map(({ value }) => value),
  };
}

/** The factor the incident names as its own where it does, else the one with the largest part. */
function leadingFactor(incident: Incident): Factor | "rule" {
  const own = (incident as { readonly factor?: Factor }).factor;
  if (own !== undefined) return own;
  return incident.factors.toSorted((a, b) => b.share - a.share)[0]?.factor ?? "dollars";
}
