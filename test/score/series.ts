/** A daily curve with noise, every five minutes; the same for the same seed. */
export function dailySeries(rows: number, seed = 1): { timeMs: number; value: number }[] {
  const random = randomOf(seed);
  return Array.from({ length: rows }, (_, row) => {
    const noise = random() + random() + random() - 1.5;
    const value = 100 + 40 * Math.sin((2 * Math.PI * row) / 288) + 4 * noise;
    return { timeMs: Date.UTC(2026, 0, 1) + row * 300_000, value };
  });
}

/** Uniform in [0, 1), Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
