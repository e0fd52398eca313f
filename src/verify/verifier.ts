import type { Pipeline } from "../config/pipeline.ts";
import { createDecoder } from "../decode/create-decoder.ts";
import { Dictionaries } from "../decode/event-batch.ts";
import type { PriceBook } from "../price/price-book.ts";
import { createPricer, type Pricer } from "../price/pricer.ts";
import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import type { KafkaScan } from "../source/kafka-scan.ts";
import { partitionKey, type Partition, type RecordBatch } from "../source/source.ts";
import type { AuditStore } from "../store/audit-store.ts";
import { Ledger } from "./ledger.ts";
import { covered, firstWholeMinute, makePlan, type Plan, type Recounting } from "./plan.ts";
import { noneRecounted, Recount } from "./recount.ts";
import { judge } from "./judgement.ts";
import type { Verification } from "./verification.ts";

export interface VerifierOptions {
  readonly pipeline: Pipeline;
  readonly topics: readonly string[];
  readonly book: PriceBook;
  readonly scan: Pick<KafkaScan, "ranges" | "compacted" | "read">;
  readonly audit: Pick<
    AuditStore,
    | "partitions"
    | "breaks"
    | "lost"
    | "coverage"
    | "others"
    | "orphans"
    | "entangledMinutes"
    | "isFoldedOver"
    | "cells"
  >;
  readonly clock: Clock;
  /** Only minutes in [from, to), seconds since the epoch. */
  readonly range?: { readonly from: number; readonly to: number };
  /** Cells to hold before ClickHouse is asked for the minutes that are read, and at most. */
  readonly maxCells?: { readonly soft: number; readonly hard: number };
}

/** After all that a DateTime holds. */
export const END_OF_TIME = 2 ** 32;
const MAX_CELLS = { soft: 50_000, hard: 500_000 };
/** How far (event time) a partition may be ahead of the slowest: what lies between must be held in memory. */
const MAX_LEAD_MS = 10 * 60_000;

/** Recounts topics and compares them with ClickHouse. One use. */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #ledger: Ledger;
  readonly #pricer: Pricer;
  readonly #recount: Recount;
  readonly #states = new Map<string, Recounting>();
  #loadedTo = 0;
  #softLimit: number;
  #read = 0;
  #toRead = 0;

  constructor(options: VerifierOptions) {
    this.#options = options;
    const { pipeline, book, range = { from: 0, to: END_OF_TIME } } = options;
    // Teams and models make the cells: none of them may be folded into another.
    const dictionaries = new Dictionaries({ team: Infinity, model: Infinity });
    this.#ledger = new Ledger(range);
    this.#pricer = createPricer(book, { costSource: pipeline.costSource, dictionaries });
    this.#recount = new Recount({
      pipeline,
      decoder: createDecoder(pipeline, dictionaries),
      pricer: this.#pricer,
      dictionaries,
      ledger: this.#ledger,
    });
    this.#loadedTo = range.from;
    this.#softLimit = (options.maxCells ?? MAX_CELLS).soft;
  }

  /** Offsets read, and to be read. */
  get progress(): { readonly read: number; readonly total: number } {
    return { read: this.#read, total: this.#toRead };
  }

  /** Throws AppError where nothing can be compared, a retryable one where the next try may. */
  async run(): Promise<Verification> {
    const { scan, audit, range, pipeline } = this.#options;
    const plan = await makePlan(this.#options);
    this.#begin(plan);
    await scan.read(
      plan.partitions.map(({ topic, partition, low, stored }) => ({
        topic,
        partition,
        from: low,
        end: stored.end,
      })),
      {
        batch: (records) => this.#batch(records, plan),
        gap: (partition, from, to) => this.#gap(partition, from, to),
        progress: (partition) => this.#stateOf(partition).progressMs,
        maxLead: Math.max(MAX_LEAD_MS, pipeline.dedupe.windowMs),
      },
    );
    this.#requireSameLog(plan);
    await this.#load(plan, range?.to ?? END_OF_TIME);
    const entangled = await audit.entangledMinutes(plan.scope);
    this.#ledger.leaveOut(entangled);
    await this.#lookAgain(plan);
    if (await audit.isFoldedOver(plan.scope)) {
      throw new AppError(
        "old commits were folded together with newer ones while they were compared: run it again",
        { code: "checkpoint_conflict", retryable: true },
      );
    }
    return judge({
      plan,
      states: [...this.#states.values()],
      ledger: this.#ledger,
      ids: this.#recount.ids,
      entangled: entangled.size,
      topics: this.#options.topics,
      wholeFrom: firstWholeMinute(plan.partitions, pipeline.dedupe.windowMs),
      limited: range !== undefined,
    });
  }

  #begin(plan: Plan): void {
    const { pipeline } = this.#options;
    plan.partitions.forEach((planned, index) => {
      const { coverage, low } = planned;
      this.#toRead += Math.max(0, planned.stored.end - low);
      this.#states.set(partitionKey(planned), {
        planned,
        index,
        progressMs: -1,
        countFrom: coverage.boundary ?? Infinity,
        before: noneRecounted(),
        counts: noneRecounted(),
        next: low,
        fingerprint: "",
      });
    });
    this.#startAt(firstWholeMinute(plan.partitions, pipeline.dedupe.windowMs));
  }

  #startAt(minute: number): void {
    this.#ledger.startAt(minute);
    this.#loadedTo = Math.max(this.#loadedTo, minute);
  }

  async #batch(records: RecordBatch, plan: Plan): Promise<void> {
    const state = this.#stateOf(records);
    this.#recount.add(records, state, this.#options.clock.now());
    this.#read += records.endOffset - state.next;
    state.next = records.endOffset;
    if (records.fingerprint !== "") state.fingerprint = records.fingerprint;
    const slowestMs = this.#slowestMs();
    this.#recount.ids.forgetBefore(slowestMs);
    if (this.#ledger.size <= this.#softLimit) return;
    await this.#load(plan, Math.floor(slowestMs / 60_000) * 60);
    this.#softLimit = Math.max(this.#softLimit, 2 * this.#ledger.size);
    this.#requireRoom();
  }

  /** The log lost its beginning since the plan was made: what is compared begins later. */
  async #gap(partition: Partition, from: number, to: number): Promise<void> {
    const { audit, pipeline } = this.#options;
    const state = this.#stateOf(partition);
    const { planned } = state;
    const { stored } = planned;
    planned.low = to;
    planned.coverage = covered(await audit.coverage([planned]), stored);
    state.countFrom = planned.coverage.boundary ?? Infinity;
    state.before = noneRecounted();
    state.counts = noneRecounted();
    state.next = Math.min(to, stored.end);
    this.#read += state.next - from;
    this.#startAt(firstWholeMinute([planned], pipeline.dedupe.windowMs));
  }

  /** Sets off what ClickHouse holds of the minutes before `to` that were not set off yet. */
  async #load(plan: Plan, to: number): Promise<void> {
    const from = this.#loadedTo;
    if (to <= from) return;
    this.#loadedTo = to;
    this.#ledger.settledTo = to;
    const { versions } = this.#pricer;
    for await (const cell of this.#options.audit.cells(plan.scope, { from, to }, versions)) {
      this.#ledger.setOff(cell);
      this.#requireRoom();
    }
  }

  /** A difference must be seen twice: rows may have been on their way from many parts into one. */
  async #lookAgain({ scope }: Plan): Promise<void> {
    const cells = this.#ledger.differences();
    const [first, last] = [cells.at(0), cells.at(-1)];
    if (first === undefined || last === undefined) return;
    const range = { from: first.minute, to: last.minute + 60 };
    for await (const cell of this.#options.audit.cells(scope, range, this.#pricer.versions)) {
      this.#ledger.restate(cell);
    }
  }

  #requireRoom(): void {
    const { hard } = this.#options.maxCells ?? MAX_CELLS;
    if (this.#ledger.size <= hard) return;
    throw new AppError(
      `more than ${hard.toLocaleString("en-US")} cells of team, model and minute differ or are open at once: compare a part of the time with --since and --until`,
      { code: "input" },
    );
  }

  /** Offsets tell nothing of what they hold: the last record counted must still be the same. */
  #requireSameLog({ compacted }: Plan): void {
    for (const { planned, fingerprint } of this.#states.values()) {
      const { stored } = planned;
      const known = fingerprint !== "" && stored.fingerprint !== "";
      if (!known || fingerprint === stored.fingerprint) continue;
      if (compacted.includes(planned.topic)) continue;
      throw new AppError(
        `the record of ${partitionKey(planned)} before offset ${stored.end} is not the one that was counted: the topic was deleted and created anew, or is another one`,
        { code: "kafka_refused" },
      );
    }
  }

  /** Event time up to which every partition has been read. */
  #slowestMs(): number {
    const open = [...this.#states.values()].filter(
      ({ next, planned }) => next < planned.stored.end,
    );
    return Math.min(...open.map(({ progressMs }) => progressMs));
  }

  #stateOf(partition: Partition): Recounting {
    const state = this.#states.get(partitionKey(partition));
    if (state !== undefined) return state;
    throw new AppError(`${partitionKey(partition)} was not asked for`, { code: "internal" });
  }
}
