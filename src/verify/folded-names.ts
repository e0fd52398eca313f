import { OTHER } from "../decode/usage-event.ts";
import { SUMS, type Cell } from "./ledger.ts";

/** Cost follows the model's name, which is what was folded. */
const COMPARED = SUMS.indexOf("cost_nanos");

/**
 * Takes out the minutes in which a flood of names was folded into `__other__`: there the cells differ, but their requests, errors and tokens come to the same
 * together, which is what is promised. Gives the other cells, and how many were taken out.
 */
export function withoutFoldedNames(cells: readonly Cell[]): {
  readonly cells: readonly Cell[];
  readonly folded: number;
} {
  const byMinute = new Map<number, Cell[]>();
  for (const cell of cells) {
    const others = byMinute.get(cell.minute);
    if (others === undefined) byMinute.set(cell.minute, [cell]);
    else others.push(cell);
  }
  const kept = [...byMinute.values()].filter((minute) => !isFolded(minute)).flat();
  return { cells: kept, folded: cells.length - kept.length };
}

function isFolded(minute: readonly Cell[]): boolean {
  if (!minute.some(({ team, model }) => team === OTHER || model === OTHER)) return false;
  for (let index = 0; index < COMPARED; index++) {
    if (minute.reduce((sum, { more }) => sum + (more[index] ?? 0n), 0n) !== 0n) return false;
  }
  return true;
}
