import type { IncidentRow } from "../store/rows.ts";
import type { Track } from "./episode.ts";
import type { Incident } from "./incident.ts";

/** An incident as stored: columns for analysts, and the whole of it with its bookkeeping as one document. */
export function rowOfIncident(incident: Incident, track: Track | null): IncidentRow {
  return {
    incident_id: incident.id,
    revision: incident.revision,
    kind: incident.kind,
    severity: incident.severity,
    state: incident.state,
    department: incident.scope.department ?? "",
    team: incident.scope.team ?? "",
    user: incident.scope.user ?? "",
    opened_at_ms: incident.openedAtMs,
    paged_at_ms: incident.pagedAtMs,
    updated_at_ms: incident.updatedAtMs,
    resolved_at_ms: incident.resolvedAtMs,
    expected_usd: incident.expectedUsd,
    actual_usd: incident.actualUsd,
    excess_usd: incident.excessUsd,
    document: JSON.stringify({ ...incident, track }),
  };
}

/** Reads a stored incident back. We wrote the document ourselves, in this shape. */
export function incidentOfRow(row: IncidentRow): { incident: Incident; track: Track | null } {
  const { track, ...incident } = JSON.parse(row.document) as Incident & { track: Track | null };
  return { incident, track };
}
