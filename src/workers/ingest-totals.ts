import { REJECT_REASONS, type RejectReason } from "../decode/usage-event.ts";
import { COUNTER, COUNTERS, type PaneTable } from "../reduce/pane.ts";

/** Sums that may pass 2^53: a double while it is safe, spilled into a bigint before it is not. */
class ExactSum {
  #small = 0;
  #big = 0n;

  add(value: number): void {
    if (this.#small + value >= 2 ** 52) {
      this.#big += BigInt(this.#small);
      this.#small = 0;
    }
    this.#small += value;
  }

  get value(): bigint {
    return this.#big + BigInt(this.#small);
  }
}

/** Counters of a pane that are exact integers and add up. */
const SUMMED = COUNTERS.slice(0, COUNTER.cost_usd_squared);

/** What one run has stored in ClickHouse so far. Counts are events unless said. */
export class IngestTotals {
  records = 0;
  accepted = 0;
  rejected = 0;
  duplicates = 0;
  ignored = 0;
  mended = 0;
  readonly rejectedByReason = new Map<RejectReason, number>(REJECT_REASONS.map((one) => [one, 0]));
  readonly unpricedByModel = new Map<string, number>();
  readonly #sums = SUMMED.map(() => new ExactSum());

  addPanes(panes: PaneTable): void {
    for (let row = 0; row < panes.rows; row++) {
      const start = row * COUNTERS.length;
      this.#sums.forEach((sum, counter) => sum.add(panes.counters[start + counter] as number));
    }
  }

  addRejected(reason: RejectReason): void {
    this.rejected++;
    this.rejectedByReason.set(reason, (this.rejectedByReason.get(reason) ?? 0) + 1);
  }

  /** Exact sum of one counter over everything stored. */
  sum(counter: (typeof SUMMED)[number]): bigint {
    return this.#sums[COUNTER[counter]]?.value ?? 0n;
  }
}
