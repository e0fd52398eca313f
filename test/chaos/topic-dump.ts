import { spawn } from "node:child_process";
import { installKafka } from "../support/kafka/install.ts";

export interface DumpedRecord {
  readonly partition: number;
  readonly offset: number;
  /** null is a tombstone. */
  readonly value: Buffer | null;
}

const HEAD_BYTES = 16;

/** All committed records of a topic, partition by partition, read by Kafka's own Java consumer: no line of ours or of kafkajs takes part. */
export async function* dumpTopic(
  brokers: readonly string[],
  topic: string,
): AsyncGenerator<DumpedRecord> {
  const { classpath } = await installKafka();
  const jvm = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
  const child = spawn("java", [...jvm, "-cp", classpath, "DumpMain", brokers.join(","), topic], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (let end = endOf(rest, at); end <= rest.length; end = endOf(rest, at)) {
        yield recordAt(rest, at, end);
        at = end;
      }
      rest = rest.subarray(at);
    }
    const code = await ended;
    if (code === 0 && rest.length === 0) return;
    throw new Error(`the topic could not be dumped:\n${Buffer.concat(errors).toString()}`);
  } finally {
    child.kill("SIGKILL");
  }
}

/** Infinity where not even its length is there. */
function endOf(bytes: Buffer, at: number): number {
  if (bytes.length < at + HEAD_BYTES) return Infinity;
  return at + HEAD_BYTES + Math.max(0, bytes.readInt32BE(at + 12));
}

function recordAt(bytes: Buffer, at: number, end: number): DumpedRecord {
  const isTombstone = bytes.readInt32BE(at + 12) < 0;
  return {
    partition: bytes.readInt32BE(at),
    offset: Number(bytes.readBigInt64BE(at + 4)),
    value: isTombstone ? null : bytes.subarray(at + HEAD_BYTES, end),
  };
}
