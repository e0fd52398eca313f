import { AppError } from "../runtime/errors.ts";
import { kafkaFingerprint, type FetchedBatch } from "./kafka-batch.ts";
import type { Partition } from "./source.ts";

/**
 * Proves that a topic is still the one that was read: the last record stored is read once more and compared with its fingerprint. A topic
 * deleted and created anew has the same name and other records under the same offsets. Kafka's topic id would tell, but kafkajs cannot ask for it.
 */
export class LogProof {
  /** Where the record stands that proves it. */
  readonly offset: number;
  readonly #fingerprint: string;

  private constructor(offset: number, fingerprint: string) {
    this.offset = offset;
    this.#fingerprint = fingerprint;
  }

  /** null where the fingerprint names no record. */
  static of(fingerprint: string): LogProof | null {
    const [digits = ""] = fingerprint.split(":", 1);
    return /^\d+$/.test(digits) ? new LogProof(Number(digits), fingerprint) : null;
  }

  /**
   * True once nothing more can be learnt: the record was seen and is the same, or the log does not hold it any more (compaction, retention).
   * Throws AppError `kafka_refused` where another record stands in its place.
   */
  isSettledBy(batch: FetchedBatch): boolean {
    const record = batch.records.find(({ offset }) => Number(offset) === this.offset);
    if (record === undefined) return batch.lastOffset >= this.offset;
    const found = kafkaFingerprint(record);
    if (found !== this.#fingerprint) throw isAnotherLog(batch, this.offset);
    return true;
  }
}

function isAnotherLog({ topic, partition }: Partition, offset: number): AppError {
  return new AppError(
    `topic "${topic}" partition ${partition} holds another record at offset ${offset} than the one that was counted: ` +
      `the topic was deleted and created again, or lost its end. ${howToGoOn(topic)}`,
    { code: "kafka_refused" },
  );
}

/** What an operator does about a log that is not the one that was read. */
export function howToGoOn(topic: string): string {
  return `Restore it, or count the new one from its beginning, besides what is stored: spikewatch checkpoints restart --topic ${topic}`;
}
