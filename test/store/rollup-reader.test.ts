import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { rollupOf, wholeSteps } from "../../src/store/rollup-reader.ts";
import { RowBinaryWriter } from "../../src/store/row-binary.ts";
import type { Rollup } from "../../src/store/rows.ts";

const name = fc.oneof(fc.constantFrom("", "unknown", "Zoë 🚀"), fc.string({ maxLength: 300 }));
const count = fc.maxSafeNat();
const rollup = fc.record({
  startMs: fc.nat(5).map((step) => 1_767_600_000_000 + step * 300_000),
  department: name,
  team: name,
  user: name,
  key: name,
  agent: name,
  model: name,
  tool: name,
  requests: count,
  errors: count,
  cacheReadTokens: count,
  outputTokens: count,
  tokens: count,
  costUsd: fc.double({ noNaN: true, noDefaultInfinity: true }),
  sessions: fc.array(name, { maxLength: 3 }),
});
const rollups = fc
  .array(rollup, { maxLength: 30 })
  .map((rows) => rows.sort((a, b) => a.startMs - b.startMs));

describe("wholeSteps", () => {
  it("gives what was written, each step whole, wherever the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(rollups, fc.array(fc.integer({ min: 1, max: 200 })), async (rows, cuts) => {
        const chunks: (readonly Rollup[])[] = [];
        const steps = wholeSteps(cut(encoded(rows), cuts), rollupOf);
        for await (const chunk of steps) chunks.push(chunk);

        expect(chunks.flat()).toEqual(rows);
        const ends = chunks.map((chunk) => chunk.at(-1)?.startMs);
        expect(new Set(ends).size).toBe(chunks.length);
        chunks.slice(1).forEach((chunk, at) => expect(chunk[0]?.startMs).not.toBe(ends[at]));
      }),
    );
  });

  it("refuses an answer that ends in the middle of a row", async () => {
    const [row] = fc.sample(rollup, 1);
    const bytes = encoded(row === undefined ? [] : [row]);
    const steps = wholeSteps(cut(bytes.subarray(0, bytes.length - 1), []), rollupOf);

    await expect(steps[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "store_unavailable",
    });
  });
});

/** As ClickHouse writes them. */
function encoded(rows: readonly Rollup[]): Buffer {
  const writer = new RowBinaryWriter();
  for (const row of rows) {
    writer.u64(row.startMs);
    const { department, team, user, key, agent, model, tool } = row;
    for (const one of [department, team, user, key, agent, model, tool]) writer.string(one);
    const { requests, errors, cacheReadTokens, outputTokens, tokens } = row;
    for (const one of [requests, errors, cacheReadTokens, outputTokens, tokens]) writer.u64(one);
    writer.f64(row.costUsd);
    writer.varint(row.sessions.length);
    for (const one of row.sessions) writer.string(one);
  }
  return Buffer.concat(writer.finish());
}

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncIterable<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at = Math.min(bytes.length, at + size);
  }
  yield bytes.subarray(at);
}
