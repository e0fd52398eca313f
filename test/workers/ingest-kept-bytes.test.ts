import { describe, expect, it } from "@jest/globals";
import type { RejectedRow } from "../../src/store/store.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import { anIngest, type Scene } from "./ingest-scene.ts";

const OVERPRICED = anEvent({ model: "absurd", requests: 1000, uncached_input_tokens: 1e12 });

function kept({ tables }: Scene): (Pick<RejectedRow, "event" | "rawBytes"> & { text: string })[] {
  return [...tables.rejected.values()].map(({ event, raw, rawBytes }) => ({
    event,
    rawBytes,
    text: Buffer.from(raw).toString(),
  }));
}

/** Hands over one record in memory that is used again right after, as a file's read buffer is. */
async function feedReused(
  { source, log }: Scene,
  text: string,
  headers?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const memory = Buffer.from(text);
  await source.handler.batch({
    topic: log.topic,
    partition: 0,
    values: [memory],
    offsets: Float64Array.of(0),
    appendTimesMs: Float64Array.of(NaN),
    headers: headers === undefined ? null : [headers],
    endOffset: 1,
    fingerprint: "",
    highWatermark: -1,
  });
  memory.fill("#");
}

describe("what an ingest worker keeps of an event it rejects", () => {
  it.each([
    ["that costs too much", JSON.stringify(OVERPRICED)],
    ["that is no JSON", "{broken, but kept"],
    ["that lacks its time", JSON.stringify({ team: "search" })],
  ])("is the event's own bytes, though its memory is used again: one %s", async (_, text) => {
    const scene = await anIngest();

    await feedReused(scene, text);
    await scene.flush();

    expect(kept(scene)).toEqual([{ event: 0, rawBytes: text.length, text }]);
  });

  it("is, of one of many in a record, that event alone", async () => {
    const scene = await anIngest();
    const other = { ...OVERPRICED, user: 'someone, [else] "there"' };

    await feedReused(scene, `[ ${JSON.stringify([anEvent(), OVERPRICED, 7, other]).slice(1)}`);
    await scene.flush();

    const texts = kept(scene).sort((a, b) => a.event - b.event);
    expect(texts.map(({ event, text }) => [event, text])).toEqual([
      [1, JSON.stringify(OVERPRICED)],
      [2, "7"],
      [3, JSON.stringify(other)],
    ]);
  });

  it("is, of one of many spans in a record, that span alone with its resource and scope", async () => {
    const scene = await anIngest({ pipeline: { format: "otlp-json-spans" } });
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "bot" } }] };
    const scope = { name: "sdk" };
    const malformed = { scopeSpans: 7 };
    const scopes = [7, { scope, spans: [aSpan("a", "1"), 8, aSpan("b")] }, { spans: [aSpan("c")] }];
    const record = JSON.stringify({
      resourceSpans: [malformed, { resource, scopeSpans: scopes }],
    });

    await feedReused(scene, record);
    await scene.flush();

    const alone = (span: unknown, around: object = { scope }): object => ({
      resourceSpans: [{ resource, scopeSpans: [{ ...around, spans: [span] }] }],
    });
    const texts = kept(scene).sort((a, b) => a.event - b.event);
    expect(texts.map(({ event, text }) => [event, JSON.parse(text) as object])).toEqual([
      [0, { resourceSpans: [malformed] }],
      [1, { resourceSpans: [{ resource, scopeSpans: [7] }] }],
      [3, alone(8)],
      [4, alone(aSpan("b"))],
      [5, alone(aSpan("c"), {})],
    ]);
    expect(scene.tables.sum("requests")).toBe(1n);
  });

  it("has its record's headers beside it, those that the pipeline reads first", async () => {
    const scene = await anIngest({ pipeline: { mapping: { team: ["header.x-team"] } } });
    const headers = { trace: Buffer.from("1"), big: "b".repeat(8_192), "x-team": ["search", "b"] };

    await feedReused(scene, "{broken", headers);
    await scene.flush();

    const [row] = [...scene.tables.rejected.values()];
    expect(row?.headers).toEqual({ "x-team": "search", trace: "1" });
  });

  it("is stored before 16 MiB of it wait", async () => {
    const scene = await anIngest({ batchRecords: 10, pipeline: { limits: { reject_share: 1 } } });
    const broken = `{"x":"${"y".repeat(70_000)}`;

    await scene.feed(...Array.from({ length: 240 }, () => broken));
    expect(scene.tables.rejected.size).toBe(0);
    await scene.feed(...Array.from({ length: 20 }, () => broken));

    expect(scene.tables.rejected.size).toBeGreaterThanOrEqual(240);
  });
});

function aSpan(spanId: string, input = "900000000"): object {
  const attributes = [
    { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
    { key: "gen_ai.provider.name", value: { stringValue: "acme" } },
    { key: "gen_ai.request.model", value: { stringValue: "absurd" } },
    { key: "gen_ai.usage.input_tokens", value: { intValue: input } },
    { key: "gen_ai.usage.output_tokens", value: { intValue: "1" } },
  ];
  return { traceId: "t", spanId, endTimeUnixNano: "1793367000000000000", attributes };
}
