/** Seeded random numbers (mulberry32): the same seed gives the same file everywhere. */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const below = (bound) => Math.floor(next() * bound);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)],
    /** A positive integer with a long tail, around `median`. */
    size: (median, spread = 1) =>
      Math.max(1, Math.round(median * Math.exp(spread * (next() + next() + next() - 1.5) * 2))),
    /** An index in [0, count), small ones far more often: P(i) falls about as 1/(i + 1). */
    zipf: (count) => Math.min(count - 1, Math.floor((count + 1) ** next()) - 1),
    shuffled(items) {
      const copy = [...items];
      for (let at = copy.length - 1; at > 0; at--) {
        const other = below(at + 1);
        [copy[at], copy[other]] = [copy[other], copy[at]];
      }
      return copy;
    },
  };
}
