import { describe, expect, it } from "@jest/globals";
import { decode, type DecodeOptions } from "./decoding.ts";

const TIME = "2026-11-21T08:00:00Z";
const TIME_MS = Date.parse(TIME);

/** The reason why an event with these fields is rejected, null where it counts. */
function reasonOf(fields: Record<string, unknown>, options?: DecodeOptions): string | null {
  const { rows, rejected } = decode([{ time: TIME, ...fields }], options);
  expect(rows.length + rejected.length).toBe(1);
  return rejected[0]?.reason ?? null;
}

describe("CanonicalJson", () => {
  it("reads every field", () => {
    const { rows } = decode(
      [
        {
          id: "req_011",
          time: TIME,
          department: "engineering",
          team: "payments",
          user: "ada",
          key: "ci",
          agent: "reviewer",
          provider: "anthropic",
          model: "claude-sonnet-4-5",
          tool: "claude-code",
          service_tier: "batch",
          session: "s1",
          requests: 3,
          errors: 1,
          uncached_input_tokens: 1,
          cache_read_input_tokens: 2,
          cache_write_5m_input_tokens: 3,
          cache_write_1h_input_tokens: 4,
          output_tokens: 6,
          reasoning_output_tokens: 5,
          cost_usd: "0.000000001",
          prompt_hash: "abc",
          labels: { env: "prod", other: "x" },
          unknown_field: { a: [1] },
        },
      ],
      { pipeline: { labels: ["env"] } },
    );

    expect(rows).toEqual([
      {
        department: "engineering",
        team: "payments",
        user: "ada",
        key: "ci",
        agent: "reviewer",
        provider: "anthropic",
        model: "claude-sonnet-4-5",
        tool: "claude-code",
        service_tier: "batch",
        label1: "prod",
        label2: "",
        label3: "",
        label4: "",
        session: "s1",
        timeMs: TIME_MS,
        requests: 3,
        errors: 1,
        input: 1,
        read: 2,
        write5m: 3,
        write1h: 4,
        output: 6,
        reasoning: 5,
        reportedNanos: 1,
        id: expect.any(String),
        record: 0,
        event: 0,
      },
    ]);
  });

  it("keeps `unknown` for what is absent, null or empty", () => {
    const { rows } = decode([{ time: TIME }, { time: TIME, team: null, user: "", id: "" }], {
      pipeline: { labels: ["env"] },
    });

    for (const row of rows) {
      expect(row).toMatchObject({
        department: "unknown",
        team: "unknown",
        user: "unknown",
        key: "unknown",
        agent: "unknown",
        provider: "unknown",
        model: "unknown",
        tool: "unknown",
        service_tier: "unknown",
        label1: "unknown",
        label2: "",
        session: null,
        requests: 1,
        errors: 0,
        input: 0,
        output: 0,
        reportedNanos: -1,
        id: null,
      });
    }
  });

  it("prefers the event, then a Kafka header, then the pipeline's default", () => {
    const pipeline = {
      mapping: { team: ["header.x-team", "header.x-squad"], session: ["header.x-session"] },
      defaults: { team: "unassigned", env: "dev", session: "none" },
      labels: ["env"],
    };
    const headers = { "x-squad": Buffer.from("ads"), "x-session": ["s9"] };

    const own = decode([{ time: TIME, team: "search", session: "s1" }], { pipeline, headers });
    const header = decode([{ time: TIME }], { pipeline, headers });
    const fallback = decode([{ time: TIME }], { pipeline });

    expect(own.rows[0]).toMatchObject({ team: "search", session: "s1", label1: "dev" });
    expect(header.rows[0]).toMatchObject({ team: "ads", session: "s9" });
    expect(fallback.rows[0]).toMatchObject({ team: "unassigned", session: "none", label1: "dev" });
  });

  it("does not let one event's values leak into the next", () => {
    const full = {
      time: TIME,
      id: "x",
      team: "a",
      session: "s",
      errors: 1,
      output_tokens: 9,
      cost_usd: 1,
      labels: { env: "prod" },
    };
    const options = { pipeline: { labels: ["env"] } };

    const after = decode([full, { ...full, requests: 0 }, { time: TIME }], options).rows[1];

    expect(after).toEqual({ ...decode([{ time: TIME }], options).rows[0], record: 2 });
  });

  it("counts teams and labels that are called like JavaScript's insides", () => {
    const text = `{"time":"${TIME}","team":"__proto__","user":"constructor","labels":{"__proto__":"p","constructor":"c"}}`;
    const pipeline = { labels: ["__proto__", "constructor", "toString"] };

    const { rows } = decode([text, text], { pipeline });

    const expected = { team: "__proto__", user: "constructor", label1: "p", label2: "c" };
    expect(rows[0]).toMatchObject({ ...expected, label3: "unknown" });
    expect(rows[1]).toMatchObject({ ...expected, label3: "unknown" });
  });

  it("takes the last of duplicate keys", () => {
    const { rows } = decode([`{"time":"${TIME}","team":"a","team":"b"}`]);

    expect(rows[0]).toMatchObject({ team: "b" });
  });

  it("mends lone surrogates, so that one broken name is one team", () => {
    const { rows } = decode([
      `{"time":"${TIME}","team":"a\\ud800"}`,
      { time: TIME, team: "a\ufffd" },
    ]);

    expect(rows.map(({ team }) => team)).toEqual(["a\ufffd", "a\ufffd"]);
  });

  it("gives equal ids equal hashes and different ids different ones", () => {
    const { rows } = decode(["a", "b", "a"].map((id) => ({ time: TIME, id })));

    expect(rows[0]!["id"]).toBe(rows[2]!["id"]);
    expect(rows[0]!["id"]).not.toBe(rows[1]!["id"]);
  });

  it.each([
    ["-0 tokens", `{"time":"${TIME}","output_tokens":-0}`],
    ["a byte order mark", `\ufeff{"time":"${TIME}"}`],
    ["twenty levels", `{"time":"${TIME}","x":${"[".repeat(19)}${"]".repeat(19)}}`],
    ["brackets in strings", `{"time":"${TIME}","x":"${'[{\\"'.repeat(50)}"}`],
    ["many events side by side", `[${Array(30).fill(`{"time":"${TIME}","labels":{}}`).join()}]`],
  ])("counts an event with %s", (_, text) => {
    expect(decode([text]).rejected).toEqual([]);
    expect(decode([Buffer.from(text)]).rows.length).toBeGreaterThan(0);
    expect(decode([new TextEncoder().encode(text)]).rows).toEqual(decode([text]).rows);
    for (const row of decode([text]).rows) expect(Object.is(row["output"], -0)).toBe(false);
  });

  it("refuses a record over the limit, keeps 64 KiB of it and tells its size", () => {
    const text = JSON.stringify({ time: TIME, pad: "x".repeat(10_000_000) });

    const { rejected } = decode([text], { pipeline: { limits: { max_record: "4MiB" } } });

    expect(rejected[0]).toMatchObject({ reason: "record_too_large", rawBytes: text.length });
    expect(rejected[0]!.raw.byteLength).toBe(65_536);
    expect(decode([text], { pipeline: { limits: { max_record: "16MiB" } } }).rows).toHaveLength(1);
  });

  it("tells the true size of a record that its source cut, and refuses it even where the cut is valid", () => {
    const good = JSON.stringify({ time: TIME });

    const { rows, rejected } = decode([good, good], {
      pipeline: { limits: { max_record: "4MiB" } },
      sizes: [good.length, 10_000_000],
    });

    expect(rows.map(({ record }) => record)).toEqual([0]);
    expect(rejected).toMatchObject([
      {
        record: 1,
        reason: "record_too_large",
        detail: "the record has 10000000 bytes, limits.max_record is 4194304",
        rawBytes: 10_000_000,
      },
    ]);
  });

  it("judges each event of an array alone and keeps the text of the bad ones", () => {
    const bad = `{"time":"${TIME}" , "output_tokens": 1152921504606846976, "x": "],["}`;
    const text = ` [ {"time":"${TIME}","team":"a"}, ${bad} ,7,{"time":"${TIME}","team":"b"} ]`;

    const { rows, rejected } = decode([{ time: TIME }, text]);

    expect(rows.map(({ record, event, team }) => [record, event, team])).toEqual([
      [0, 0, "unknown"],
      [1, 0, "a"],
      [1, 3, "b"],
    ]);
    expect(rejected.map(({ record, event, reason }) => [record, event, reason])).toEqual([
      [1, 1, "tokens_out_of_range"],
      [1, 2, "not_an_object"],
    ]);
    expect(Buffer.from(rejected[0]!.raw).toString()).toBe(bad);
    expect(rejected[0]!.rawBytes).toBe(bad.length);
  });

  it("ignores tombstones and empty arrays", () => {
    const { rows, rejected, tally } = decode([null, "[]", { time: TIME }]);

    expect([rows.length, rejected.length, tally.ignored]).toEqual([1, 0, 2]);
  });

  it("measures the future from the broker's append time where there is one", () => {
    const appendMs = TIME_MS - 10 * 60_000;

    expect(reasonOf({}, { appendMs })).toBe("time_in_future");
    expect(reasonOf({}, { appendMs: TIME_MS - 5 * 60_000 })).toBeNull();
  });

  it("says what is wrong with which field, on one line, cut", () => {
    const { rejected } = decode([{ time: TIME, team: `a\n${"x".repeat(100_000)}` }]);

    expect(rejected[0]!.detail).toMatch(/^team: longer than 128 characters: "a\\nx+"$/);
    expect(rejected[0]!.detail.length).toBeLessThan(300);
  });

  it("keeps rejected bytes apart from the buffer they came in", () => {
    const bytes = Buffer.from("{broken");
    const { rejected } = decode([bytes]);

    bytes.fill(0);

    expect(Buffer.from(rejected[0]!.raw).toString()).toBe("{broken");
  });
});
