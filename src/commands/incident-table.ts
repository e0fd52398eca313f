import type { Incident } from "../detect/incident.ts";
import { cleanName } from "../notify/escape.ts";
import { formatClock, formatTime, formatUsd, formatUsdPerHour } from "../notify/format.ts";
import { write } from "../notify/phrase.ts";
import { narrowestPhrase } from "../notify/scope-phrase.ts";
import { leader } from "../notify/who-and-why.ts";
import { textTable } from "./text-table.ts";

export interface TableOptions {
  readonly nowMs: number;
  /** How many more there are that ended. */
  readonly ended: number;
  /** Ends the commands that are shown, like ` --data DIR`. */
  readonly suffix: string;
}

const HEAD = ["ID", "STATE", "SEVERITY", "KIND", "SCOPE", "SINCE", "NOW", "EXCESS", "WHO"];

/** A table for a terminal, and what to type next. Names are cleaned and cut. */
export function incidentTable(incidents: readonly Incident[], options: TableOptions): string {
  const { ended, suffix, nowMs } = options;
  const hidden = ended === 0 ? "" : `${ended} ended: spikewatch incidents list --all${suffix}\n`;
  if (incidents.length === 0) return `No open incidents.\n${hidden}`;
  const rows = [HEAD, ...incidents.map((one) => cells(one, nowMs))];
  return `${textTable(rows)}\n${nextSteps(incidents, suffix)}${hidden}`;
}

function cells(incident: Incident, nowMs: number): string[] {
  const name = (text: string): string => cleanName(text, 32);
  const who = leader(incident);
  return [
    cleanName(incident.id, 128),
    stateOf(incident, nowMs),
    incident.severity,
    incident.kind,
    write(narrowestPhrase(incident.scope), { name }),
    formatTime(incident.openedAtMs),
    incident.state === "resolved" ? "over" : formatUsdPerHour(incident.actualUsdPerHour),
    formatUsd(incident.excessUsd),
    who === null ? "" : write(who, { name }).replace("carries ", "").replace(" of the excess", ""),
  ];
}

function stateOf({ state, acknowledgedBy, mutedUntilMs }: Incident, nowMs: number): string {
  if (state === "resolved") return state;
  const by = acknowledgedBy === null ? "" : ` (${cleanName(acknowledgedBy, 16)})`;
  const muted = mutedUntilMs !== null && mutedUntilMs > nowMs;
  return `${state}${by}${muted ? `, muted until ${formatClock(mutedUntilMs)}` : ""}`;
}

function nextSteps(incidents: readonly Incident[], suffix: string): string {
  const next = incidents.find((one) => one.state === "open") ?? incidents[0];
  if (next === undefined || next.state === "resolved") return "";
  const id = cleanName(next.id, 128);
  const commands = [
    ...(next.state === "open" ? [`spikewatch incidents ack ${id}${suffix}`] : []),
    `spikewatch incidents mute ${id} --for 4h${suffix}`,
  ];
  return `Next: ${commands.join("\n      ")}\n`;
}

/** One incident for machines; the field names of `backtest`, and what people said. */
export function incidentLine(incident: Incident): Record<string, unknown> {
  return {
    incident_id: incident.id,
    kind: incident.kind,
    severity: incident.severity,
    state: incident.state,
    scope: incident.scope,
    opened_at: iso(incident.openedAtMs),
    paged_at: iso(incident.pagedAtMs),
    resolved_at: iso(incident.resolvedAtMs),
    expected_usd: incident.expectedUsd,
    actual_usd: incident.actualUsd,
    excess_usd: incident.excessUsd,
    actual_usd_per_hour: incident.actualUsdPerHour,
    expected_usd_per_hour: incident.expectedUsdPerHour,
    excess_usd_next_24h: incident.excessUsdNext24h,
    acknowledged_by: incident.acknowledgedBy,
    muted_until: iso(incident.mutedUntilMs),
    contributors: incident.contributors.map((one) => ({
      dimension: one.dimension,
      value: one.value,
      share: one.share,
      actual_usd: one.actualUsd,
      expected_usd: one.expectedUsd,
    })),
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
