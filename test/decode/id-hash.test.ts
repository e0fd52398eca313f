import { describe, expect, it } from "@jest/globals";
import { hashId } from "../../src/decode/id-hash.ts";

function hash(text: string): [high: number, low: number] {
  const out = new Uint32Array(2);
  hashId(text, out);
  return [out[0]!, out[1]!];
}

function flippedBits(a: readonly number[], b: readonly number[]): number {
  const ones = (value: number): number => value.toString(2).replaceAll("0", "").length;
  return ones((a[0]! ^ b[0]!) >>> 0) + ones((a[1]! ^ b[1]!) >>> 0);
}

describe("hashId", () => {
  it("never changes: hashes outlive the process that made them", () => {
    expect([hash(""), hash("a"), hash("req_011"), hash("事件-😀")]).toMatchInlineSnapshot(`
     [
       [
         2203605473,
         73651462,
       ],
       [
         252901288,
         1014136501,
       ],
       [
         4194825671,
         1503698081,
       ],
       [
         1249141331,
         1721586856,
       ],
     ]
    `);
  });

  it("tells ids apart that differ little", () => {
    const ids = ["", "\0", "\0\0", "a", "b", "ab", "ba", "aa", "aaa", "a\0", "\0a", "A"];
    expect(new Set(ids.map((id) => hash(id).join())).size).toBe(ids.length);
  });

  it("spreads numbered ids over 36 bits as chance would", () => {
    const seen = new Set<number>();
    const count = 200_000;
    for (let i = 0; i < count; i++) {
      const [high, low] = hash(`evt-${i}`);
      seen.add((high >>> 28) * 2 ** 32 + low);
    }
    // n²/2 / 2^36 = 0.3 collisions are expected; ten would be a wonder
    expect(count - seen.size).toBeLessThan(10);
  });

  it("fills every bit of both halves evenly, also the low ones", () => {
    const ones = new Array<number>(64).fill(0);
    const count = 20_000;
    for (let i = 0; i < count; i++) {
      hash(String(1e9 + i)).forEach((half, index) => {
        for (let bit = 0; bit < 32; bit++) ones[index * 32 + bit]! += (half >>> bit) & 1;
      });
    }
    // five standard deviations of a fair coin
    const slack = 5 * Math.sqrt(count / 4);
    for (const sum of ones) expect(Math.abs(sum - count / 2)).toBeLessThan(slack);
  });

  it("flips about half of the bits for one changed character", () => {
    let flipped = 0;
    const count = 2000;
    for (let i = 0; i < count; i++) {
      flipped += flippedBits(hash(`span:${i}a`), hash(`span:${i}b`));
    }
    expect(flipped / count).toBeGreaterThan(31);
    expect(flipped / count).toBeLessThan(33);
  });
});
