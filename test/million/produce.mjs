/**
 * Produces the lines of a file to a Kafka topic: four codecs in turn, acks from all, and one partition for each user, so that an event
 * and its duplicates keep their order.
 *
 *   node test/million/produce.mjs --brokers 127.0.0.1:9092 --topic token-usage --input events.ndjson [--partitions 6] [--batch 10000]
 *
 * The topic is created when it is not there. Any error ends it: a retry could write a batch twice.
 */
import { createReadStream } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import kafkajs from "kafkajs";
import { CODECS, registerCodecs } from "./codecs.mjs";
import { linesOf } from "./lines.mjs";

const { Kafka, Partitioners, logLevel } = kafkajs;
/** Raw bytes of one request: under the broker's limit of 1 MB for a batch of one partition, even if nothing compresses. */
const REQUEST_BYTES = 4_000_000;
const LARGEST_REQUEST = 32 * 1024 * 1024;

const QUOTE = 34;
const BACKSLASH = 92;

/** The user, however the line spells it; broken lines share a key. */
export function keyOf(line) {
  const name = line.indexOf('"user"');
  if (name < 0) return "";
  const from = line.indexOf(QUOTE, name + 6);
  if (from < 0 || !/^\s*:\s*$/.test(line.latin1Slice(name + 6, from))) return "";
  for (let end = line.indexOf(QUOTE, from + 1); end >= 0; end = line.indexOf(QUOTE, end + 1)) {
    if (line[end - 1] !== BACKSLASH) return unescaped(line.toString("utf8", from, end + 1));
  }
  return "";
}

function unescaped(text) {
  try {
    return JSON.parse(text).slice(0, 128);
  } catch {
    return "";
  }
}

function partitionOf(key, partitions) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % partitions;
}

/** Sends all lines in order; gives how many, how many batches by codec, and the seconds it took. */
export async function produce({ brokers, topic, lines, partitions = 6, batch = 10_000 }) {
  registerCodecs();
  const kafka = new Kafka({
    brokers,
    clientId: "million",
    logLevel: logLevel.ERROR,
    requestTimeout: 60_000,
  });
  await createTopic(kafka, topic, partitions);
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: false,
    maxInFlightRequests: 1,
    retry: { retries: 0 },
  });
  await producer.connect();
  const started = process.hrtime.bigint();
  const result = { records: 0, batches: {} };
  const names = Object.keys(CODECS);
  let turn = 0;
  let sending = Promise.resolve();
  try {
    for await (const messages of batches(lines, { partitions, batch })) {
      await sending;
      const codec = names[turn++ % names.length];
      result.records += messages.length;
      result.batches[codec] = (result.batches[codec] ?? 0) + 1;
      sending = producer.send({ topic, acks: -1, compression: CODECS[codec].type, messages });
      // read on while it is under way; its error is met by the next `await sending`
      sending.catch(() => undefined);
    }
    await sending;
  } finally {
    await producer.disconnect();
  }
  return { ...result, seconds: Number(process.hrtime.bigint() - started) / 1e9 };
}

async function* batches(lines, { partitions, batch }) {
  let messages = [];
  let bytes = 0;
  for await (const value of lines) {
    const key = keyOf(value);
    if (
      messages.length > 0 &&
      (messages.length === batch || bytes + value.length > REQUEST_BYTES)
    ) {
      yield messages;
      messages = [];
      bytes = 0;
    }
    messages.push({ key, value, partition: partitionOf(key, partitions) });
    bytes += value.length;
  }
  if (messages.length > 0) yield messages;
}

async function createTopic(kafka, topic, partitions) {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const configEntries = [{ name: "max.message.bytes", value: String(LARGEST_REQUEST) }];
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
    });
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const found = topics[0].partitions.length;
    if (found !== partitions)
      throw new Error(`topic ${topic} has ${found} partitions, not ${partitions}`);
  } finally {
    await admin.disconnect();
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      brokers: { type: "string" },
      topic: { type: "string" },
      input: { type: "string" },
      partitions: { type: "string", default: "6" },
      batch: { type: "string", default: "10000" },
    },
  });
  for (const name of ["brokers", "topic", "input"]) {
    if (values[name] === undefined) throw new Error(`--${name} is missing`);
  }
  const result = await produce({
    brokers: values.brokers.split(","),
    topic: values.topic,
    lines: linesOf(createReadStream(values.input, { highWaterMark: 1 << 20 })),
    partitions: Number(values.partitions),
    batch: Number(values.batch),
  });
  console.log(
    JSON.stringify({ ...result, perSecond: Math.round(result.records / result.seconds) }),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
