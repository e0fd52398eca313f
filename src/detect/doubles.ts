/** An array of zeros that the engine keeps as plain doubles from the start, side by side: what is filled with whole numbers first is copied later. */
export function doubles(length: number): number[] {
  return new Array<number>(length).fill(0.5).fill(0);
}
