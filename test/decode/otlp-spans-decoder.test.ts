import { describe, expect, it } from "@jest/globals";
import type { PipelineInput } from "./decoding.ts";
import { attributes, decodeTraces, END, END_MS, one, span, traces, type Value } from "./spans.ts";

const USAGE = {
  "gen_ai.usage.input_tokens": 9200,
  "gen_ai.usage.cache_read.input_tokens": 8000,
  "gen_ai.usage.cache_creation.input_tokens": 700,
  "gen_ai.usage.output_tokens": 410,
  "gen_ai.usage.reasoning.output_tokens": 120,
};
const BUCKETS = { input: 500, read: 8000, write5m: 700, write1h: 0, output: 410, reasoning: 120 };

describe("OtlpJsonSpans", () => {
  it("reads the Collector's sample into disjoint buckets", () => {
    const record = traces(
      [
        span(
          {
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": "claude-sonnet-4-5",
            "gen_ai.response.model": "claude-sonnet-4-5-20250929",
            "gen_ai.response.id": "msg_01ABC",
            "gen_ai.conversation.id": "conv-1",
            "openai.response.service_tier": "flex",
            ...USAGE,
            "gen_ai.response.finish_reasons": { arrayValue: { values: [{ stringValue: "stop" }] } },
          },
          { traceId: "7c9e", spanId: "a1b2", kind: 3, status: {} },
        ),
      ],
      { "service.name": "checkout-assistant", "team.id": "payments" },
    );

    const { rows, rejected, tally } = decodeTraces([record]);

    expect(rejected).toEqual([]);
    expect(tally).toEqual({ ignored: 0, mended: 0 });
    expect(rows[0]).toMatchObject({
      timeMs: END_MS,
      team: "payments",
      provider: "anthropic",
      model: "claude-sonnet-4-5-20250929",
      tool: "checkout-assistant",
      session: "conv-1",
      service_tier: "flex",
      requests: 1,
      errors: 0,
      reportedNanos: -1,
      ...BUCKETS,
    });
  });

  it.each(["chat", "text_completion", "generate_content", "embeddings"])(
    "counts %s",
    (operation) => {
      const { rows } = one({ "gen_ai.operation.name": operation, "gen_ai.usage.input_tokens": 1 });

      expect(rows).toHaveLength(1);
    },
  );

  it.each(["invoke_agent", "invoke_workflow", "execute_tool", "create_agent", "fetch_response"])(
    "ignores %s, whose usage its children report",
    (operation) => {
      const { rows, tally } = one({
        "gen_ai.operation.name": operation,
        "gen_ai.usage.input_tokens": 1,
      });

      expect([rows.length, tally.ignored]).toEqual([0, 1]);
    },
  );

  it("ignores spans without usage, but counts a failed call as an error", () => {
    const { rows, tally } = decodeTraces([
      traces([
        { endTimeUnixNano: END, name: "GET /" },
        span({}),
        span({ "error.type": "timeout" }),
        span({}, { status: { code: 2 } }),
        span({ "gen_ai.usage.output_tokens": 3, "error.type": "content_filter" }),
      ]),
    ]);

    expect(tally.ignored).toBe(2);
    expect(rows.map(({ requests, errors, output }) => [requests, errors, output])).toEqual([
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 3],
    ]);
  });

  it("knows a model call from before there were operations by its model and usage", () => {
    const old = { "gen_ai.system": "xai", "gen_ai.request.model": "grok" };
    const bare = (values: Readonly<Record<string, Value>>): object => ({
      endTimeUnixNano: END,
      attributes: attributes(values),
    });

    const { rows, tally } = decodeTraces([
      traces([bare({ ...old, "gen_ai.usage.prompt_tokens": 1 }), bare(old)]),
    ]);

    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ provider: "x_ai", model: "grok" });
    expect(tally.ignored).toBe(1);
  });

  it("gives a call one id however many sources report it", () => {
    const call = { "gen_ai.usage.input_tokens": 1, "gen_ai.response.id": "msg_1" };
    const anonymous = { "gen_ai.usage.input_tokens": 1 };
    const { rows } = decodeTraces([
      traces([
        span(call, { traceId: "aa", spanId: "01" }),
        span(call, { traceId: "bb", spanId: "02" }),
        span(anonymous, { traceId: "AABB", spanId: "01" }),
        span(anonymous, { traceId: "aabb", spanId: "01" }),
        span(anonymous, { traceId: "aabb", spanId: "02" }),
        span(anonymous, { traceId: "aabb" }),
      ]),
    ]);
    const ids = rows.map(({ id }) => id);

    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).toBe(ids[3]);
    expect(new Set(ids).size).toBe(4);
    expect(ids[5]).toBeNull();
  });

  it("follows the pipeline's mapping in order: span, resource, header, default", () => {
    const pipeline: PipelineInput = {
      mapping: { team: ["attribute.squad", "resource.squad", "header.x-team"] },
      defaults: { team: "unassigned" },
      labels: ["env"],
    };
    const usage = { "gen_ai.usage.input_tokens": 1 };
    const records = [
      traces([span({ ...usage, squad: "own", env: "dev" })], { squad: "res", env: "prod" }),
      traces([span(usage)], { squad: "res", env: "prod" }),
      traces([span(usage)]),
    ];

    const mapped = decodeTraces(records, { pipeline, headers: { "x-team": "head" } });
    const plain = decodeTraces(records, { pipeline });

    expect(mapped.rows.map(({ team, label1 }) => [team, label1])).toEqual([
      ["own", "dev"],
      ["res", "prod"],
      ["head", "unknown"],
    ]);
    expect(plain.rows[2]).toMatchObject({ team: "unassigned" });
  });

  it("keeps a span's values apart from its neighbour's and its resource's", () => {
    const record = {
      resourceSpans: [
        {
          resource: { attributes: attributes({ "team.id": "a", "service.name": "s" }) },
          scopeSpans: [{ spans: [span({ "user.id": 7, "gen_ai.usage.input_tokens": 1 })] }],
        },
        { scopeSpans: [{ spans: [span({ "gen_ai.usage.input_tokens": 1 })] }] },
      ],
    };

    const { rows } = decodeTraces([record]);

    expect(rows.map(({ team, user, tool }) => [team, user, tool])).toEqual([
      ["a", "7", "s"],
      ["unknown", "unknown", "unknown"],
    ]);
  });

  it("rejects one bad span with what a replay needs, and counts the rest", () => {
    const good = span({ "gen_ai.usage.output_tokens": 1 });
    const bad = span({ "gen_ai.usage.output_tokens": -1 });
    const { rows, rejected } = decodeTraces([traces([good, bad, good], { "team.id": "ads" })]);

    expect(rows.map(({ event }) => event)).toEqual([0, 2]);
    expect(rejected.map(({ event, reason }) => [event, reason])).toEqual([[1, "invalid_tokens"]]);
    expect(JSON.parse(Buffer.from(rejected[0]!.raw).toString())).toEqual(
      traces([bad], { "team.id": "ads" }),
    );
  });

  it.each([
    [{ endTimeUnixNano: undefined }, {}, "missing_time"],
    [{ endTimeUnixNano: "0" }, {}, "missing_time"],
    [{ endTimeUnixNano: "soon" }, {}, "invalid_time"],
    [{ endTimeUnixNano: "1895219204250000000" }, {}, "time_in_future"],
    [{}, { "gen_ai.usage.output_tokens": { doubleValue: 1.5 } }, "invalid_tokens"],
    [{}, { "gen_ai.usage.output_tokens": { arrayValue: {} } }, "invalid_tokens"],
    [{}, { "gen_ai.usage.cache_read.input_tokens": "x" }, "invalid_tokens"],
    [{}, { "gen_ai.usage.output_tokens": "1152921504606846976" }, "tokens_out_of_range"],
    [{}, { "gen_ai.usage.cost": { doubleValue: -1 } }, "invalid_cost"],
    [{}, { "team.id": "x".repeat(129) }, "string_too_long"],
    [{}, { "team.id": { kvlistValue: { values: [] } } }, "invalid_string"],
    [{}, { "gen_ai.conversation.id": "a\u0007" }, "invalid_string"],
    [{}, { "gen_ai.response.id": "x".repeat(513) }, "string_too_long"],
    [{ traceId: "x".repeat(65), spanId: "1" }, {}, "string_too_long"],
    [{ attributes: 7 }, {}, "shape_mismatch"],
    [{ attributes: [null] }, {}, "shape_mismatch"],
    [{ attributes: [{ value: {} }] }, {}, "shape_mismatch"],
  ])("judges a span with %j %j: %s", (fields, values, reason) => {
    const base = { "gen_ai.usage.input_tokens": 1, ...(values as Record<string, Value>) };

    const { rows, rejected } = decodeTraces([traces([span(base, fields)])]);

    expect(rows).toHaveLength(0);
    expect(rejected.map((one) => one.reason)).toEqual([reason]);
  });

  it.each([
    [{ resourceMetrics: [] }, "shape_mismatch"],
    [[], "shape_mismatch"],
    [{ resourceSpans: {} }, "shape_mismatch"],
    [{ resourceSpans: [7] }, "shape_mismatch"],
    [{ resourceSpans: [{ scopeSpans: 7 }] }, "shape_mismatch"],
    [{ resourceSpans: [{ resource: { attributes: [7] } }] }, "shape_mismatch"],
    [{ resourceSpans: [{ scopeSpans: [{ spans: 7 }] }] }, "shape_mismatch"],
    [{ resourceSpans: [{ scopeSpans: [null] }] }, "shape_mismatch"],
    [{ resourceSpans: [{ scopeSpans: [{ spans: ["x"] }] }] }, "shape_mismatch"],
  ])("rejects what is no trace: %j", (record, reason) => {
    const { rows, rejected } = decodeTraces([record]);

    expect(rows).toHaveLength(0);
    expect(rejected.map((one) => one.reason)).toEqual([reason]);
  });

  it("takes what proto3 leaves out for empty", () => {
    const { rejected, tally } = decodeTraces([
      { resourceSpans: [] },
      { resourceSpans: [{ resource: null, scopeSpans: null }, {}] },
      { resourceSpans: [{ scopeSpans: [{}] }] },
    ]);

    expect(rejected).toEqual([]);
    expect(tally.ignored).toBe(1);
  });

  it("reads a reported cost", () => {
    const { rows } = one({
      "gen_ai.usage.output_tokens": 1,
      "gen_ai.usage.cost": { doubleValue: 0.0431 },
    });

    expect(rows[0]).toMatchObject({ reportedNanos: 43_100_000 });
  });
});
