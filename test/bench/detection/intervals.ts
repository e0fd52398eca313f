/** 95 % of a share, by Wilson: [low, high]. */
export function wilson(hits: number, of: number): readonly [number, number] {
  if (of === 0) return [0, 1];
  const z = 1.959964;
  const share = hits / of;
  const middle = share + (z * z) / (2 * of);
  const spread = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const scale = 1 + (z * z) / of;
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}

/** 95 % of the mean of a Poisson count, exact (Garwood): [low, high]. */
export function poisson(count: number): readonly [number, number] {
  // Exact sums underflow there, and the difference is in the third digit.
  if (count > 400) {
    const spread = 1.959964 * Math.sqrt(count);
    return [count - spread, count + spread];
  }
  const low = count === 0 ? 0 : solve((mean) => 1 - cumulated(count - 1, mean) - 0.025, count);
  return [low, solve((mean) => 0.025 - cumulated(count, mean), count)];
}

/** P(X <= count) for a mean. */
function cumulated(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let one = 1; one <= count; one++) {
    term *= mean / one;
    sum += term;
  }
  return sum;
}

/** Where a rising function of the mean passes zero. */
function solve(rising: (mean: number) => number, count: number): number {
  let low = 0;
  let high = count + 10 * Math.sqrt(count + 1) + 10;
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}
