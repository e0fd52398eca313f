import type { Pipeline } from "../config/pipeline.ts";
import type { RecordBatch } from "../source/source.ts";
import type { Decoder, DecodeTally } from "./decoder.ts";
import type { Dictionaries, EventBatch } from "./event-batch.ts";
import { EventWriter } from "./event-writer.ts";
import { JsonRecord } from "./json-record.ts";
import { LIMITS, type RejectedEvent, type RejectReason } from "./usage-event.ts";

export type Headers = Readonly<Record<string, unknown>> | undefined;

/** The record a format is looking at, and where its events go. One instance is reused for all records. */
export class RecordInHand {
  readonly writer: EventWriter;
  readonly tally: DecodeTally = { ignored: 0, mended: 0 };
  /** Position of the record in its RecordBatch. */
  index = 0;
  /** Its text without byte order mark, and what it parsed to. */
  text = "";
  value: unknown = undefined;
  bytes: Uint8Array = new Uint8Array(0);
  /** Its true length: more than `bytes` where the source cut it. */
  size = 0;
  headers: Headers = undefined;
  /** No event may be later, epoch ms. */
  latestMs = 0;
  rejected: RejectedEvent[] = [];

  constructor(writer: EventWriter) {
    this.writer = writer;
  }

  /** Keeps the whole record as one rejected event. */
  rejectRecord(reason: RejectReason, detail: string): void {
    const raw = this.bytes.subarray(0, LIMITS.keptRawBytes);
    this.#reject({ event: 0, reason, detail }, Uint8Array.from(raw), this.size);
  }

  /** Keeps one event of the record, by the writer's reason. `text` is what a replay would read again. */
  rejectEvent(event: number, text: string): void {
    const bytes = new TextEncoder().encode(text);
    const { reason, detail } = this.writer;
    const raw = bytes.slice(0, LIMITS.keptRawBytes);
    this.#reject({ event, reason, detail }, raw, bytes.byteLength);
  }

  #reject(
    what: Pick<RejectedEvent, "event" | "reason" | "detail">,
    raw: Uint8Array,
    rawBytes: number,
  ): void {
    // JSON.parse quotes the input, and data must not draw lines in a log
    const detail = what.detail.replace(/\p{Cc}/gu, "\ufffd");
    this.rejected.push({ record: this.index, ...what, detail, raw, rawBytes });
  }
}

/** One way to write usage events down: finds them in a parsed record and writes or rejects each. Never throws on data. */
export interface RecordFormat {
  decode(record: RecordInHand): void;
}

/** What all formats share: bytes to JSON, tombstones, limits, and the time before which an event must lie. */
export class RecordDecoder implements Decoder {
  readonly #format: RecordFormat;
  readonly #json: JsonRecord;
  readonly #writer: EventWriter;
  readonly #hand: RecordInHand;

  constructor(pipeline: Pipeline, dictionaries: Dictionaries, format: RecordFormat) {
    this.#format = format;
    this.#json = new JsonRecord({ maxBytes: pipeline.limits.maxRecordBytes });
    this.#writer = new EventWriter(pipeline, dictionaries);
    this.#hand = new RecordInHand(this.#writer);
  }

  decode(
    records: RecordBatch,
    range: { readonly from: number; readonly to: number; readonly nowMs: number },
    events: EventBatch,
    rejected: RejectedEvent[],
  ): DecodeTally {
    const hand = this.#hand;
    this.#writer.attach(events);
    hand.rejected = rejected;
    hand.tally.ignored = 0;
    hand.tally.mended = 0;
    for (let index = range.from; index < range.to; index++) {
      const bytes = records.values[index];
      if (bytes === null || bytes === undefined) {
        hand.tally.ignored++; // a tombstone says that a key is gone, not that something was used
        continue;
      }
      const appendMs = records.appendTimesMs[index] ?? NaN;
      hand.latestMs = (Number.isNaN(appendMs) ? range.nowMs : appendMs) + LIMITS.maxFutureMs;
      hand.index = index;
      hand.bytes = bytes;
      hand.size = records.sizes?.[index] ?? bytes.byteLength;
      hand.headers = records.headers?.[index];
      this.#decodeRecord(hand);
    }
    hand.rejected = [];
    return { ...hand.tally };
  }

  #decodeRecord(hand: RecordInHand): void {
    const json = this.#json;
    if (!json.parse(hand.bytes, hand.size)) {
      hand.rejectRecord(json.reason ?? "invalid_json", json.detail);
      return;
    }
    hand.text = json.text;
    hand.value = json.value;
    this.#format.decode(hand);
  }
}

/** A Kafka header as text: the client gives bytes, text, or a list where a key came twice. */
export function headerText(headers: Headers, name: string): string | undefined {
  if (headers === undefined || !Object.hasOwn(headers, name)) return undefined;
  const given = headers[name];
  const first: unknown = Array.isArray(given) ? given[0] : given;
  if (typeof first === "string") return first;
  return first instanceof Uint8Array ? new TextDecoder().decode(first) : undefined;
}
