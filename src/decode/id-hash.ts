/**
 * A 64-bit hash of an event's id, the same in every process and after every restart: two 32-bit lanes in the manner of MurmurHash3
 * (multiply, rotate, cross-add, avalanche) over pairs of UTF-16 units. Ids are compared by hash only, so two different ids may
 * collide and the later event be dropped: with 2 million ids in the window the chance that a new id meets any of them is
 * 2·10^6 / 2^64 ≈ 1.1·10^-13, one event in nine trillion. Not for use against an attacker who chooses ids: he could only hide his own events.
 */
const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;

/** Writes the high and low half of the hash of `text` into `out[0]` and `out[1]`. */
export function hashId(text: string, out: Uint32Array): void {
  const { length } = text;
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let i = 0; i < length; i += 2) {
    // charCodeAt past the end is NaN, and NaN << 16 is 0
    const word = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16);
    high ^= Math.imul(rotate(Math.imul(word, C1), 15), C2);
    high = (Math.imul((rotate(high, 19) + low) | 0, 5) + 0x561ccd1b) | 0;
    low ^= Math.imul(rotate(Math.imul(word, C2), 16), C3);
    low = (Math.imul((rotate(low, 17) + high) | 0, 5) + 0x0bcaa747) | 0;
  }
  high = (high ^ length) + (low ^ length);
  low = (low ^ length) + high;
  high = avalanche(high);
  low = avalanche(low);
  high = (high + low) | 0;
  out[0] = high;
  out[1] = low + high;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Every input bit flips every output bit with probability one half. */
function avalanche(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
