import { describe, expect, it } from "@jest/globals";
import { kafkaFingerprint, type FetchedBatch } from "../../src/source/kafka-batch.ts";
import { LogProof } from "../../src/source/log-proof.ts";

function aRecord(offset: number, text = `r${offset}`) {
  return { offset: String(offset), timestamp: "1700000000000", value: Buffer.from(text) };
}

function aBatch(records: ReturnType<typeof aRecord>[], lastOffset: number): FetchedBatch {
  return {
    topic: "usage",
    partition: 2,
    records,
    fetchedOffset: 0,
    lastOffset,
    highWatermark: lastOffset + 1,
  };
}

function aProof(record = aRecord(7)): LogProof {
  return LogProof.of(kafkaFingerprint(record))!;
}

describe("LogProof", () => {
  it("says where the record stands that is to be read again", () => {
    expect(aProof().offset).toBe(7);
  });

  it.each(["", "sha256-of-a-file", ":1:2", "-1:1:2"])("proves nothing by %j", (fingerprint) => {
    expect(LogProof.of(fingerprint)).toBeNull();
  });

  it("is settled by the same record", () => {
    expect(aProof().isSettledBy(aBatch([aRecord(6), aRecord(7)], 7))).toBe(true);
  });

  it("waits while its record has not come", () => {
    expect(aProof().isSettledBy(aBatch([aRecord(5), aRecord(6)], 6))).toBe(false);
  });

  it("lets go where the record was compacted away", () => {
    expect(aProof().isSettledBy(aBatch([aRecord(6), aRecord(8)], 8))).toBe(true);
  });

  it.each([
    ["content", aRecord(7, "another")],
    ["time", { ...aRecord(7), timestamp: "1700000000001" }],
    ["tombstone", { ...aRecord(7), value: null }],
  ])("refuses another record in its place (%s), and says what to do", (_, record) => {
    expect(() => aProof().isSettledBy(aBatch([record as never], 7))).toThrow(
      /^topic "usage" partition 2 holds another record at offset 7 .* spikewatch checkpoints restart --topic usage$/,
    );
  });
});
