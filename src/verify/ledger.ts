import { COUNTERS } from "../reduce/pane.ts";

/** The sums that are compared, in this order: all of `usage_by_minute`. */
export const SUMS = COUNTERS.slice(0, COUNTERS.indexOf("unpriced_tokens") + 1);
const COST = SUMS.indexOf("cost_nanos");
const UNPRICED = SUMS.indexOf("unpriced_tokens");

/** One team and model in one minute. */
export interface CellName {
  /** Seconds since the epoch. */
  readonly minute: number;
  readonly team: string;
  readonly model: string;
}

export interface Cell extends CellName {
  /** Of each sum, what the topic has more than ClickHouse. */
  readonly more: bigint[];
  /** What of that may be missing in ClickHouse for a good reason, null: nothing. */
  slack: bigint[] | null;
  /** What ClickHouse was told to hold; null where it was not asked, or the two had been equal before. */
  stored: readonly bigint[] | null;
  /** Made after its minute was set off: ClickHouse may have held the same as the topic until then. */
  readonly late: boolean;
  /** Cost cannot be compared: other prices counted then. */
  pricedOtherwise: boolean;
}

/**
 * What was recounted, and what is stored, set off against each other cell by cell. A cell in which both are equal is dropped: so the ledger holds the minutes
 * that are not read to their end yet, and what differs.
 */
export class Ledger {
  readonly #cells = new Map<string, Cell>();
  readonly #minutes = new Set<number>();
  #from: number;
  readonly #to: number;
  /** Minutes before it (epoch seconds) are set off. */
  settledTo = 0;
  #compared = 0;
  #pricedOtherwise = 0;

  /** Minutes in [from, to), seconds since the epoch; others are left out. */
  constructor(range: { readonly from: number; readonly to: number }) {
    this.#from = range.from;
    this.#to = range.to;
  }

  /** Cells held. */
  get size(): number {
    return this.#cells.size;
  }

  /** Cells of ClickHouse that were set off. */
  get compared(): number {
    return this.#compared;
  }

  /** How many of those have a cost that cannot be compared. */
  get pricedOtherwise(): number {
    return this.#pricedOtherwise;
  }

  /** First and last minute of which there was anything on either side, and how many; null: none. */
  get span(): { readonly first: number; readonly last: number; readonly minutes: number } | null {
    let first = Infinity;
    let last = -Infinity;
    let minutes = 0;
    for (const minute of this.#minutes) {
      if (minute < this.#from) continue;
      first = Math.min(first, minute);
      last = Math.max(last, minute);
      minutes++;
    }
    return minutes === 0 ? null : { first, last, minutes };
  }

  /** Adds one event's sums. `doubtful`: ClickHouse may have it or not. */
  count(key: CellName, sums: readonly number[], doubtful: boolean): void {
    if (!this.#holds(key.minute)) return;
    const cell = this.#cell(key);
    sums.forEach((sum, index) => {
      if (sum !== 0) cell.more[index] = (cell.more[index] ?? 0n) + BigInt(sum);
    });
    if (doubtful) {
      const slack = (cell.slack ??= SUMS.map(() => 0n));
      sums.forEach((sum, index) => (slack[index] = (slack[index] ?? 0n) + BigInt(sum)));
    }
    if (cell.stored !== null) this.#dropIfEqual(cell);
  }

  /** Sets off what ClickHouse holds of a cell. Once for each cell. */
  setOff(
    stored: CellName & { readonly sums: readonly bigint[]; readonly pricedOtherwise: boolean },
  ): void {
    if (!this.#holds(stored.minute)) return;
    this.#compared++;
    const cell = this.#cell(stored, true);
    cell.stored = stored.sums;
    cell.pricedOtherwise = stored.pricedOtherwise;
    stored.sums.forEach((sum, index) => (cell.more[index] = (cell.more[index] ?? 0n) - sum));
    if (cell.pricedOtherwise) this.#pricedOtherwise++;
    this.#dropIfEqual(cell);
  }

  /** Another look at a cell that differs. */
  restate(again: CellName & { readonly sums: readonly bigint[] }): void {
    const cell = this.#cells.get(keyOf(again));
    if (cell === undefined) return;
    const before = cell.stored ?? (cell.late ? again.sums : []);
    again.sums.forEach((sum, index) => {
      cell.more[index] = (cell.more[index] ?? 0n) + (before[index] ?? 0n) - sum;
    });
    cell.stored = again.sums;
    this.#dropIfEqual(cell);
  }

  /** Leaves out minutes before `from`: the topic does not hold them wholly any more. */
  startAt(from: number): void {
    this.#from = Math.max(this.#from, from);
    for (const cell of this.#cells.values()) if (cell.minute < this.#from) this.#drop(cell);
  }

  /** Leaves out single minutes. */
  leaveOut(minutes: ReadonlySet<number>): void {
    for (const cell of this.#cells.values()) if (minutes.has(cell.minute)) this.#drop(cell);
    for (const minute of minutes) this.#minutes.delete(minute);
  }

  /** Cells that differ by more than they may, by minute, team and model. */
  differences(): Cell[] {
    return [...this.#cells.values()]
      .filter((cell) => differingSums(cell).length > 0)
      .sort(
        (a, b) =>
          a.minute - b.minute || compareText(a.team, b.team) || compareText(a.model, b.model),
      );
  }

  #holds(minute: number): boolean {
    return minute >= this.#from && minute < this.#to;
  }

  #cell({ minute, team, model }: CellName, settling = false): Cell {
    const key = keyOf({ minute, team, model });
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = {
        minute,
        team,
        model,
        more: SUMS.map(() => 0n),
        slack: null,
        stored: null,
        late: minute < this.settledTo && !settling,
        pricedOtherwise: false,
      };
      this.#cells.set(key, cell);
      this.#minutes.add(minute);
    }
    return cell;
  }

  #dropIfEqual(cell: Cell): void {
    if (cell.slack === null && differingSums(cell).length === 0) this.#drop(cell);
  }

  #drop(cell: CellName): void {
    this.#cells.delete(keyOf(cell));
  }
}

/** The sums of a cell that differ by more than they may, as indexes into SUMS. */
export function differingSums({ more, slack, pricedOtherwise }: Cell): number[] {
  return SUMS.flatMap((_, index) => {
    if (pricedOtherwise && (index === COST || index === UNPRICED)) return [];
    const off = more[index] ?? 0n;
    return off >= 0n && off <= (slack?.[index] ?? 0n) ? [] : [index];
  });
}

/** No name holds a control character. */
function keyOf({ minute, team, model }: CellName): string {
  return `${minute}\u0000${team}\u0000${model}`;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
