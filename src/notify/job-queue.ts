import type { Incident } from "../detect/incident.ts";
import type { DeliveryRow } from "../store/rows.ts";
import type { NotificationReason } from "./notifier.ts";

/** Something to tell one receiver, if by its turn it still needs telling. */
export interface Job {
  readonly incident: Incident;
  readonly reason: NotificationReason;
  /** For a receiver that failed. */
  readonly standsIn: boolean;
  /** Said in the message when this receiver stands in for another. */
  readonly notice?: string;
  /** Sends whose end a restart does not know: find out first. */
  readonly unfinished?: readonly DeliveryRow[];
}

/** What matters most of several reasons that came while one waited. */
const WEIGHT: Record<NotificationReason, number> = {
  opened: 4,
  escalated: 3,
  reopened: 3,
  resolved: 2,
  acknowledged: 1,
  updated: 0,
};

/** One job per incident, first come first served: what comes later about an incident joins what waits. So its length is bounded by the incidents. */
export class JobQueue {
  readonly #waiting = new Map<string, { readonly job: Job; readonly dueMs: number }>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** When the first is due; null: nothing waits. */
  get nextDueMs(): number | null {
    if (this.#waiting.size === 0) return null;
    let nextMs = Infinity;
    for (const { dueMs } of this.#waiting.values()) nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  /** False: full. */
  offer(job: Job): boolean {
    const { id } = job.incident;
    const before = this.#waiting.get(id)?.job;
    if (before === undefined && this.#waiting.size >= this.#limit) return false;
    this.#waiting.set(id, { job: before === undefined ? job : merged(before, job), dueMs: 0 });
    return true;
  }

  /** Back until its time, unless something newer about the incident came meanwhile. */
  putBack(job: Job, dueMs: number): void {
    const { id } = job.incident;
    if (!this.#waiting.has(id)) this.#waiting.set(id, { job, dueMs });
  }

  takeDue(nowMs: number): Job | null {
    for (const [id, { job, dueMs }] of this.#waiting) {
      if (dueMs > nowMs) continue;
      this.#waiting.delete(id);
      return job;
    }
    return null;
  }

  /** Takes all that `wanted` picks, due or not. */
  takeAll(wanted: (job: Job) => boolean): Job[] {
    const jobs = this.jobs().filter(wanted);
    for (const { incident } of jobs) this.#waiting.delete(incident.id);
    return jobs;
  }

  jobs(): Job[] {
    return [...this.#waiting.values()].map((one) => one.job);
  }
}

function merged(before: Job, now: Job): Job {
  const reason = WEIGHT[before.reason] >= WEIGHT[now.reason] ? before.reason : now.reason;
  const newer = now.incident.revision >= before.incident.revision;
  const notice = now.notice ?? before.notice;
  const unfinished = before.unfinished ?? now.unfinished;
  return {
    incident: newer ? now.incident : before.incident,
    reason,
    standsIn: before.standsIn || now.standsIn,
    ...(notice === undefined ? {} : { notice }),
    ...(unfinished === undefined ? {} : { unfinished }),
  };
}
