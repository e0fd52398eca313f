import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { kafkaFingerprint, slicesOf, type FetchedBatch } from "../../src/source/kafka-batch.ts";

/** Offsets with holes, sizes, a trailing hole, limits and a place to begin. */
const cases = fc.record({
  steps: fc.array(fc.record({ hole: fc.nat(3), size: fc.nat(50) }), { maxLength: 60 }),
  trailing: fc.nat(5),
  maxRecords: fc.integer({ min: 1, max: 9 }),
  maxBytes: fc.integer({ min: 1, max: 120 }),
  skip: fc.nat(80),
});

describe("slicesOf", () => {
  it("gives every record from the position on exactly once, within the limits, in joined ranges", () => {
    fc.assert(
      fc.property(cases, ({ steps, trailing, maxRecords, maxBytes, skip }) => {
        let offset = -1;
        const records = steps.map(({ hole, size }) => {
          offset += 1 + hole;
          return { offset: String(offset), timestamp: "7", value: Buffer.alloc(size) };
        });
        const lastOffset = offset + trailing;
        const batch: FetchedBatch = {
          topic: "t",
          partition: 0,
          records,
          fetchedOffset: 0,
          lastOffset,
          highWatermark: lastOffset + 1,
        };

        const slices = [...slicesOf(batch, skip, { maxRecords, maxBytes })];

        const expected = records.map((one) => Number(one.offset)).filter((one) => one >= skip);
        expect(slices.flatMap((slice) => [...slice.offsets])).toEqual(expected);
        expect(slices.at(-1)?.endOffset).toBe(lastOffset + 1);
        slices.forEach((slice, index) => {
          const bytes = slice.values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
          expect(slice.values.length).toBeLessThanOrEqual(maxRecords);
          expect(slice.values.length <= 1 || bytes <= maxBytes).toBe(true);
          const next = slices[index + 1];
          if (next !== undefined) expect(slice.endOffset).toBe(next.offsets[0]);
        });
      }),
    );
  });
});

describe("kafkaFingerprint", () => {
  const record = { offset: "5", timestamp: "7", value: Buffer.from("abc") };

  it.each([
    ["offset", { ...record, offset: "6" }],
    ["time", { ...record, timestamp: "8" }],
    ["value", { ...record, value: Buffer.from("abd") }],
    ["tombstone", { ...record, value: null }],
  ])("differs where the %s differs", (_, other) => {
    expect(kafkaFingerprint(other)).not.toBe(kafkaFingerprint(record));
  });

  it("is the same for the same record read again", () => {
    expect(kafkaFingerprint({ ...record, value: Buffer.from("abc") })).toBe(
      kafkaFingerprint(record),
    );
  });
});
