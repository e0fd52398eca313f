import type { Pipeline } from "../config/pipeline.ts";
import { headerText } from "../decode/record-decoder.ts";
import { AppError } from "../runtime/errors.ts";
import type { PassHandler } from "../source/kafka-pass.ts";
import { KafkaScan } from "../source/kafka-scan.ts";
import type { RecordBatch } from "../source/source.ts";
import type { DeadLetterPlace } from "../store/dead-letter-queries.ts";
import type { CommandContext } from "./command.ts";
import type { Letter, ListRequest } from "./dead-letter-list.ts";
import { misuse } from "./flags.ts";
import { kafkaSecurity } from "./kafka-security.ts";

/** Which of the topic's events are asked for, and how many of the newest are kept to be shown. */
export type LettersRequest = Pick<ListRequest, "reason" | "topic" | "sinceMs" | "limit">;

/** Places that are remembered: what a topic holds twice is one event. */
const MAX_EVENTS = 1_000_000;
const KEPT_BYTES = 65_536;

interface Tally {
  readonly reason: string;
  events: number;
  cut: number;
  newestMs: number;
}

/** Reads the dead-letter topic that a pipeline names. Throws AppError `usage` where it names none, or no broker is set. */
export async function readLetters(
  { path, source }: Pipeline,
  request: LettersRequest,
  { settings, clock, logger, signal }: CommandContext,
): Promise<TopicLetters> {
  const topic = source.kafka?.deadLetterTopic;
  const { KAFKA_BROKERS: brokers } = settings;
  if (topic === undefined || brokers === undefined) {
    const missing =
      topic === undefined
        ? `pipeline ${path} names no dead-letter topic: set source.kafka.dead_letter_topic, or leave --from-topic out to read the table`
        : "SPIKEWATCH_KAFKA_BROKERS is not set: set it to host:port of the brokers";
    throw misuse(missing);
  }
  const scan = new KafkaScan({
    brokers,
    ...kafkaSecurity(settings),
    topics: [topic],
    groupPrefix: `${source.kafka?.group ?? "spikewatch"}-dead-letter`,
    clock,
    logger,
    signal,
  });
  const letters = new TopicLetters(request);
  const ranges = [...(await scan.ranges()).values()];
  await scan.read(
    ranges.map(({ low, high, ...partition }) => ({ ...partition, from: low, end: high })),
    letters.handler,
  );
  return letters;
}

/** The records of a dead-letter topic, each event once. */
class TopicLetters {
  readonly #request: LettersRequest;
  readonly #seen = new Map<string, DeadLetterPlace>();
  readonly #tallies = new Map<string, Tally>();
  #letters: Letter[] = [];

  constructor(request: LettersRequest) {
    this.#request = request;
  }

  readonly handler: PassHandler = {
    batch: (records) => {
      for (let index = 0; index < records.values.length; index++) this.#add(records, index);
      this.#trim(Math.max(1_000, 2 * this.#request.limit));
      return Promise.resolve();
    },
    gap: () => Promise.resolve(),
    progress: () => 0,
    maxLead: 0,
  };

  counts(): Tally[] {
    return [...this.#tallies.values()].sort((a, b) => b.events - a.events);
  }

  /** Where they came from. */
  places(): DeadLetterPlace[] {
    return [...this.#seen.values()];
  }

  newest(): Letter[] {
    this.#trim(this.#request.limit);
    return this.#letters;
  }

  #add(records: RecordBatch, index: number): void {
    const letter = letterOf(records, index);
    if (letter === null || !this.#isAskedFor(letter)) return;
    const { topic, partition, incarnation, offset, event, reason, arrivedMs, rawBytes } = letter;
    const key = `${topic}/${partition}/${incarnation}/${offset}/${event}`;
    if (this.#seen.has(key)) return;
    if (this.#seen.size >= MAX_EVENTS) {
      throw new AppError(
        `the dead-letter topic holds more than ${MAX_EVENTS.toLocaleString("en-US")} such events: ask for some of them with --since, --reason or --topic`,
        { code: "input" },
      );
    }
    this.#seen.set(key, { topic, partition, incarnation, offset, event });
    const tally = this.#tallies.get(reason) ?? { reason, events: 0, cut: 0, newestMs: 0 };
    tally.events++;
    if (rawBytes > KEPT_BYTES) tally.cut++;
    tally.newestMs = Math.max(tally.newestMs, arrivedMs);
    this.#tallies.set(reason, tally);
    this.#letters.push(letter);
  }

  #isAskedFor({ reason, topic, arrivedMs }: Letter): boolean {
    const asked = this.#request;
    if (asked.reason !== undefined && asked.reason !== reason) return false;
    if (asked.topic !== undefined && asked.topic !== topic) return false;
    return asked.sinceMs === undefined || arrivedMs >= asked.sinceMs;
  }

  #trim(kept: number): void {
    if (this.#letters.length <= kept && kept !== this.#request.limit) return;
    this.#letters = this.#letters.sort((a, b) => b.arrivedMs - a.arrivedMs).slice(0, kept);
  }
}

/** null: not written by spikewatch. */
function letterOf(records: RecordBatch, index: number): Letter | null {
  const headers = records.headers?.[index];
  const text = (name: string): string => headerText(headers, `spikewatch-${name}`) ?? "";
  const raw = records.values[index];
  if (raw === null || raw === undefined || text("reason") === "") return null;
  const names = Object.keys(headers ?? {}).filter((name) => !name.startsWith("spikewatch-"));
  return {
    topic: text("topic"),
    partition: Number(text("partition")),
    incarnation: Number(text("incarnation")),
    offset: Number(text("offset")),
    event: Number(text("event")),
    reason: text("reason"),
    detail: text("detail"),
    raw: Buffer.from(raw),
    rawBytes: Number(text("raw-bytes")),
    headers: Object.fromEntries(names.map((name) => [name, headerText(headers, name) ?? ""])),
    arrivedMs: records.appendTimesMs[index] ?? 0,
  };
}
