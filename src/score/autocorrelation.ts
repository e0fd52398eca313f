/** Autocorrelation at lags 0 to `lags` - 1, by a Fourier transform of outliers cut at four standard deviations. O(n log n). */
export function autocorrelation(values: Float64Array, lags: number): Float64Array {
  const count = values.length;
  const size = 2 ** Math.ceil(Math.log2(2 * count));
  const real = centred(values, size);
  const imaginary = new Float64Array(size);
  transform(real, imaginary);
  for (let at = 0; at < size; at++) {
    real[at] = (real[at] as number) ** 2 + (imaginary[at] as number) ** 2;
    imaginary[at] = 0;
  }
  transform(real, imaginary);
  const power = (real[0] as number) / count;
  const result = new Float64Array(lags);
  // Each lag over the pairs that it has: else long periods look weak in a short past.
  for (let lag = 0; lag < lags; lag++) {
    result[lag] = power > 0 ? (real[lag] as number) / (count - lag) / power : 0;
  }
  return result;
}

function centred(values: Float64Array, size: number): Float64Array {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length;
  const most = 4 * Math.sqrt(variance);
  const result = new Float64Array(size);
  values.forEach((one, at) => (result[at] = Math.max(-most, Math.min(most, one - mean))));
  return result;
}

/** In place, radix 2. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  reorder(real, imaginary);
  for (let half = 1; half < size; half *= 2) {
    for (let turn = 0; turn < half; turn++) {
      const cos = Math.cos((-Math.PI * turn) / half);
      const sin = Math.sin((-Math.PI * turn) / half);
      for (let low = turn; low < size; low += 2 * half) {
        const high = low + half;
        const re = (real[high] as number) * cos - (imaginary[high] as number) * sin;
        const im = (real[high] as number) * sin + (imaginary[high] as number) * cos;
        real[high] = (real[low] as number) - re;
        imaginary[high] = (imaginary[low] as number) - im;
        real[low] = (real[low] as number) + re;
        imaginary[low] = (imaginary[low] as number) + im;
      }
    }
  }
}

function reorder(real: Float64Array, imaginary: Float64Array): void {
  for (let at = 1, mirror = 0; at < real.length; at++) {
    let bit = real.length >> 1;
    for (; mirror & bit; bit >>= 1) mirror ^= bit;
    mirror ^= bit;
    if (at >= mirror) continue;
    [real[at], real[mirror]] = [real[mirror] as number, real[at] as number];
    [imaginary[at], imaginary[mirror]] = [imaginary[mirror] as number, imaginary[at] as number];
  }
}
