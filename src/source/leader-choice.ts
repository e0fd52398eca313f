/** What a candidate says of itself when a leader is chosen. */
export interface Candidacy {
  /** The member id under which it was made leader and still is, as far as it knows; empty: it does not lead. */
  readonly leadsAs: string;
  /** Since when it leads, epoch ms of its clock. */
  readonly sinceMs: number;
  /** It could lead without delay. */
  readonly ready: boolean;
  /** When it started, epoch ms of its clock. */
  readonly startedMs: number;
}

export interface Candidate {
  readonly memberId: string;
  /** null: what it said cannot be read. */
  readonly candidacy: Candidacy | null;
}

/**
 * The member that leads. Who leads already goes on, so that a newcomer moves nothing; a claim counts only under the member id it was given for, because
 * the group gives a new one to a member that it had removed. Else one that is ready, and of those the oldest.
 */
export function chooseLeader(candidates: readonly Candidate[]): string | null {
  const order = [...candidates].sort(
    (a, b) =>
      claim(b) - claim(a) ||
      readiness(b) - readiness(a) ||
      age(a) - age(b) ||
      (a.memberId < b.memberId ? -1 : 1),
  );
  return order[0]?.memberId ?? null;
}

/** Later claims win: who was made leader last was made it after the other's session had ended. */
function claim({ memberId, candidacy }: Candidate): number {
  return candidacy !== null && candidacy.leadsAs === memberId ? candidacy.sinceMs : -1;
}

function readiness({ candidacy }: Candidate): number {
  return candidacy?.ready === true ? 1 : 0;
}

function age({ candidacy }: Candidate): number {
  return candidacy?.startedMs ?? Number.MAX_SAFE_INTEGER;
}

export function encodeCandidacy(candidacy: Candidacy): Buffer {
  return Buffer.from(JSON.stringify(candidacy));
}

/** null for anything that is not ours. */
export function decodeCandidacy(data: Uint8Array | null | undefined): Candidacy | null {
  try {
    const found = JSON.parse(Buffer.from(data ?? []).toString()) as Partial<Candidacy>;
    const { leadsAs, sinceMs, ready, startedMs } = found;
    const whole =
      typeof leadsAs === "string" &&
      typeof ready === "boolean" &&
      Number.isFinite(sinceMs) &&
      Number.isFinite(startedMs);
    return whole ? (found as Candidacy) : null;
  } catch {
    return null;
  }
}
