/** In working hours about three times a mean hour is expected: there a measure is the plain logarithm. */
const WORKING_HOURS = 3;

/**
 * How far a window's `actual` is over what is `expected` of it: the logarithm of their ratio, noise added to both, times the square root of how much is expected.
 * `typical`: what a mean window of that length holds. At seven in the morning one session more doubles an hour, at eleven it takes many: what is counted varies
 * by the root of its mean (detection.md 7.3: a M + b M²), so without this the edges of the day would set the bar for its middle.
 */
export function riseOver(actual: number, expected: number, typical: number, noise: number): number {
  return Math.log((actual + noise) / (expected + noise)) * steadiness(expected, typical, noise);
}

/** The total that is so far over. */
export function totalAt(rise: number, expected: number, typical: number, noise: number): number {
  const ratio = Math.exp(rise / steadiness(expected, typical, noise));
  return ratio * (expected + noise) - noise;
}

function steadiness(expected: number, typical: number, noise: number): number {
  return Math.sqrt((expected + noise) / (WORKING_HOURS * typical + noise));
}

/** Of what a mean window holds, so much is noise: two sessions more of nothing say nothing. */
const NOISE_SHARE = 0.5;

/** What is added to both sides, so that little against nothing is no surprise: half of what a mean window holds, and at least `floor`. */
export function noiseOf(typical: number, floor: number): number {
  return Math.max(floor, NOISE_SHARE * typical);
}
