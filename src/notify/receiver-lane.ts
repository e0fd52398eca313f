import { GOES_ON_DAYS, type Incident } from "../detect/incident.ts";
import type { Clock } from "../runtime/clock.ts";
import type { DeliveryRow } from "../store/rows.ts";
import {
  decide,
  RINGS,
  toldFrom,
  type Decision,
  type ReceiverRules,
  type Told,
} from "./delivery-decision.ts";
import { JobQueue, type Job } from "./job-queue.ts";
import type { NotificationReason, Notifier } from "./notifier.ts";
import { PageBudget } from "./page-budget.ts";
import type { Sender } from "./sender.ts";

/** A notifier with what it is for. */
export interface Receiver {
  readonly notifier: Notifier;
  readonly rules: ReceiverRules;
  /** Least time between two messages to it: Slack takes about one a second per channel. */
  readonly minIntervalMs: number;
}

/** What a lane has to tell the others, and they it. */
export interface LaneNeighbours {
  /** This receiver fails, for good or for long: someone else should carry the job as well. */
  handOn(job: Job, error: string): void;
  /** This receiver works. */
  works(): void;
  /** Which other receivers fail, in words for the reader; null: none. */
  trouble(): string | null;
}

export interface ReceiverLaneOptions {
  readonly receiver: Receiver;
  readonly sender: Sender;
  readonly neighbours: LaneNeighbours;
  readonly clock: Clock;
  /** Most incidents that may wait. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * The queue and the memory of one receiver: its trouble delays nobody else. What to say is decided when a job's turn comes, on what the incident is by then.
 */
export class ReceiverLane {
  readonly #options: ReceiverLaneOptions;
  readonly #queue: JobQueue;
  readonly #told = new Map<string, Told>();
  readonly #gaveUpAtMs = new Map<string, number>();
  readonly #mutedRecorded = new Set<string>();
  readonly #budget = new PageBudget();
  /** Why the send in hand has been failing for long; null while all is well. */
  #stalledBy: string | null = null;
  #work: Promise<void> | null = null;
  #alarm = new AbortController();

  constructor(options: ReceiverLaneOptions) {
    this.#options = options;
    this.#queue = new JobQueue(options.limit);
  }

  get name(): string {
    return this.#options.receiver.notifier.receiver;
  }

  get isBusy(): boolean {
    return this.#work !== null;
  }

  /** What a restart found in the store about one incident and this receiver. Where nothing is due any more, it is over. */
  know(incidentId: string, rows: readonly DeliveryRow[], isDue: boolean): void {
    const told = toldFrom(rows);
    if (told !== null) {
      this.#told.set(incidentId, isDue ? told : { ...told, resolved: true });
    }
    if (isDue) this.#options.sender.know(rows);
  }

  /** Whether this receiver would be, or already was, told: what a failing receiver asks before it looks further. */
  wouldTell(job: Job): boolean {
    const decision = this.#decide(job);
    return decision.kind !== "skip" || decision.why === "already_told";
  }

  /** False: full. The incident is offered again with its next change, and decided anew then. */
  offer(job: Job): boolean {
    if (!this.#queue.offer(job)) return false;
    if (this.#stalledBy !== null) this.#handOn(job, this.#stalledBy);
    this.#wake();
    return true;
  }

  /** Resolves when nothing is due; edits that wait for their time are not waited for. */
  async idle(): Promise<void> {
    while (this.#work !== null) await this.#work;
  }

  #wake(): void {
    this.#alarm.abort();
    if (this.#options.signal.aborted) return;
    this.#work ??= this.#drain().finally(() => {
      this.#work = null;
      this.#setAlarm();
    });
  }

  /** Wakes when the next job is due: at once for what came while the last was ending. */
  #setAlarm(): void {
    const { clock, signal } = this.#options;
    const dueMs = this.#queue.nextDueMs;
    if (dueMs === null || signal.aborted) return;
    const waitMs = dueMs - clock.now();
    if (waitMs <= 0) {
      this.#wake();
      return;
    }
    this.#alarm = new AbortController();
    const either = AbortSignal.any([this.#alarm.signal, signal]);
    void clock.sleep(waitMs, either).then(() => {
      if (!either.aborted) this.#wake();
    });
  }

  async #drain(): Promise<void> {
    const { clock, signal } = this.#options;
    while (!signal.aborted) {
      const job = this.#queue.takeDue(clock.now());
      if (job === null) return;
      await this.#handle(job);
    }
  }

  #decide({ incident, reason, standsIn }: Job): Decision {
    return decide({
      told: this.#told.get(incident.id) ?? null,
      incident,
      reason,
      standsIn,
      nowMs: this.#options.clock.now(),
      rules: this.#options.receiver.rules,
      gaveUpAtMs: this.#gaveUpAtMs.get(incident.id) ?? null,
    });
  }

  async #handle(job: Job): Promise<void> {
    if (job.unfinished !== undefined) await this.#settle(job, job.unfinished);
    const decision = this.#decide(job);
    switch (decision.kind) {
      case "wait":
        this.#queue.putBack(job, decision.untilMs);
        break;
      case "skip":
        if (decision.why === "muted") await this.#recordMuted(job);
        this.#forgetEnded(job.incident);
        break;
      case "send":
        await this.#send(job, decision.as);
        break;
    }
  }

  /** Pages ring by the budget; where there are too many of them, one message tells all that wait. What burns again has a thread of its own. */
  async #send(job: Job, as: NotificationReason): Promise<void> {
    if (as !== "opened" && as !== "reopened") {
      await this.#tell([job], as);
      return;
    }
    const { clock } = this.#options;
    const answer = this.#budget.ask(clock.now());
    if (typeof answer === "object") {
      this.#queue.putBack(job, answer.waitUntilMs);
      return;
    }
    const others = as === "opened" && answer === "digest" ? this.#takeOtherPages() : [];
    this.#budget.spend(clock.now(), answer);
    await this.#tell([job, ...others], as);
  }

  #takeOtherPages(): Job[] {
    return this.#queue.takeAll((job) => {
      const decision = this.#decide(job);
      return job.unfinished === undefined && decision.kind === "send" && decision.as === "opened";
    });
  }

  async #tell(jobs: readonly [Job, ...Job[]], as: NotificationReason): Promise<void> {
    const [job, ...others] = jobs;
    const { sender, neighbours } = this.#options;
    const told = this.#told.get(job.incident.id);
    const notice = job.notice ?? neighbours.trouble();
    const end = await sender.send({
      incidents: [job.incident, ...others.map((one) => one.incident)],
      as,
      reference: told === undefined || told.inDigest ? "" : told.reference,
      ...(told === undefined ? {} : { after: told.revision }),
      ...(notice === null ? {} : { notice }),
      onStall: (error) => this.#stall(jobs, error),
    });
    const handedOn = this.#stalledBy !== null;
    this.#stalledBy = null;
    if (end.kind === "delivered") {
      neighbours.works();
      for (const one of jobs) this.#remember(one.incident, end.reference, jobs.length > 1);
    } else if (end.kind === "dead") {
      for (const one of jobs) this.#giveUp(one, end.error, handedOn);
    }
  }

  #remember(incident: Incident, reference: string, inDigest: boolean): void {
    const { id, revision, severity } = incident;
    const atMs = this.#options.clock.now();
    const told = { reference, revision, severity, resolved: false, atMs, incident, inDigest };
    this.#told.set(id, told);
    this.#gaveUpAtMs.delete(id);
    this.#forgetEnded(incident);
    this.#forgetOld(atMs);
  }

  #giveUp(job: Job, error: string, handedOn: boolean): void {
    if (!handedOn) this.#handOn(job, error);
    this.#gaveUpAtMs.set(job.incident.id, this.#options.clock.now());
    this.#forgetEnded(job.incident);
  }

  #stall(inHand: readonly Job[], error: string): void {
    this.#stalledBy = error;
    for (const job of [...inHand, ...this.#queue.jobs()]) this.#handOn(job, error);
  }

  /** Only what rings: an edit that fails is not worth another receiver's bell. */
  #handOn(job: Job, error: string): void {
    const decision = this.#decide(job);
    if (decision.kind !== "send") return;
    const { neighbours } = this.#options;
    if (RINGS.has(decision.as)) neighbours.handOn(job, error);
  }

  async #settle(job: Job, unfinished: readonly DeliveryRow[]): Promise<void> {
    const known = this.#told.get(job.incident.id) ?? null;
    const told = await this.#options.sender.settle(job.incident, unfinished, known);
    if (told !== null) this.#told.set(job.incident.id, told);
  }

  async #recordMuted({ incident, reason }: Job): Promise<void> {
    if (this.#mutedRecorded.has(incident.id)) return;
    this.#mutedRecorded.add(incident.id);
    await this.#options.sender.recordMuted(incident, reason);
  }

  /** Of an ended incident is remembered what was told, also where its end was not (muted, given up): where it burns again, that is said in its thread. */
  #forgetEnded({ id, state }: Incident): void {
    if (state !== "resolved") return;
    const told = this.#told.get(id);
    if (told !== undefined) this.#told.set(id, { ...told, resolved: true, incident: null });
    this.#gaveUpAtMs.delete(id);
    this.#mutedRecorded.delete(id);
  }

  #forgetOld(nowMs: number): void {
    for (const [id, { resolved, atMs }] of this.#told) {
      if (resolved && nowMs - atMs > ENDED_KEPT_MS) this.#told.delete(id);
    }
  }
}

/** Longer than what has ended may go on as the same incident. */
const ENDED_KEPT_MS = (GOES_ON_DAYS + 1) * 86_400_000;
