import { describe, expect, it } from "@jest/globals";
import { LIMITS } from "../../src/decode/usage-event.ts";
import { decode, NOW_MS } from "./decoding.ts";

const TIME = "2026-11-21T08:00:00Z";

/** The reason why an event with these fields is rejected, null where it counts. */
function reasonOf(fields: Record<string, unknown>): string | null {
  const { rows, rejected } = decode([{ time: TIME, ...fields }]);
  expect(rows.length + rejected.length).toBe(1);
  return rejected[0]?.reason ?? null;
}

describe("CanonicalJson's limits", () => {
  it.each([
    [{ time: undefined }, "missing_time"],
    [{ time: null }, "missing_time"],
    [{ time: "yesterday" }, "invalid_time"],
    [{ time: "2026-11-21T08:00:00" }, "invalid_time"],
    [{ time: true }, "invalid_time"],
    [{ time: "1969-12-31T23:59:59.999Z" }, "time_out_of_range"],
    [{ time: -1 }, "time_out_of_range"],
    [{ time: "0000-01-01T00:00:00Z" }, "time_out_of_range"],
    [{ time: "9999-12-31T23:59:59Z" }, "time_out_of_range"],
    [{ time: NOW_MS + 5 * 60_000 + 1 }, "time_in_future"],
    [{ time: NOW_MS + 5 * 60_000 }, null],
    [{ time: 0 }, null],
    [{ team: 7 }, "invalid_string"],
    [{ team: ["a"] }, "invalid_string"],
    [{ team: "a\u0000b" }, "invalid_string"],
    [{ team: "a\nb" }, "invalid_string"],
    [{ team: "a\u0085b" }, "invalid_string"],
    [{ team: "x".repeat(129) }, "string_too_long"],
    [{ team: "x".repeat(100_000) }, "string_too_long"],
    [{ team: "😀".repeat(129) }, "string_too_long"],
    [{ team: "😀".repeat(128) }, null],
    [{ user: false }, "invalid_string"],
    [{ department: 1 }, "invalid_string"],
    [{ key: 1 }, "invalid_string"],
    [{ agent: 1 }, "invalid_string"],
    [{ provider: 1 }, "invalid_string"],
    [{ model: 1 }, "invalid_string"],
    [{ tool: 1 }, "invalid_string"],
    [{ service_tier: 1 }, "invalid_string"],
    [{ session: 1 }, "invalid_string"],
    [{ session: "x".repeat(129) }, "string_too_long"],
    [{ id: 1 }, "invalid_string"],
    [{ id: "x".repeat(129) }, "string_too_long"],
    [{ prompt_hash: "x".repeat(65) }, "string_too_long"],
    [{ prompt_hash: 5 }, "invalid_string"],
    [{ requests: 0 }, "invalid_requests"],
    [{ requests: 1_000_001 }, "invalid_requests"],
    [{ requests: "many" }, "invalid_requests"],
    [{ requests: 1_000_000 }, null],
    [{ errors: 2 }, "invalid_errors"],
    [{ errors: 2, requests: 2 }, null],
    [{ errors: -1 }, "invalid_errors"],
    [{ output_tokens: -1 }, "invalid_tokens"],
    [{ output_tokens: 1.5 }, "invalid_tokens"],
    [{ output_tokens: "NaN" }, "invalid_tokens"],
    [{ output_tokens: "1e3" }, "invalid_tokens"],
    [{ output_tokens: true }, "invalid_tokens"],
    [{ output_tokens: 2 ** 60 }, "tokens_out_of_range"],
    [{ output_tokens: "1152921504606846976" }, "tokens_out_of_range"],
    [{ output_tokens: 1e9 + 1 }, "tokens_out_of_range"],
    [{ output_tokens: 1e9 }, null],
    [{ output_tokens: 2e9, requests: 2 }, null],
    [{ uncached_input_tokens: -1 }, "invalid_tokens"],
    [{ cache_read_input_tokens: {} }, "invalid_tokens"],
    [{ cache_write_5m_input_tokens: [] }, "invalid_tokens"],
    [{ cache_write_1h_input_tokens: "x" }, "invalid_tokens"],
    [{ reasoning_output_tokens: -1 }, "invalid_tokens"],
    [{ output_tokens: 5, reasoning_output_tokens: 6 }, "reasoning_exceeds_output"],
    [{ cost_usd: -0.01 }, "invalid_cost"],
    [{ cost_usd: "free" }, "invalid_cost"],
    [{ cost_usd: {} }, "invalid_cost"],
    [{ cost_usd: "4503599.627370495" }, null],
    [{ cost_usd: "4503599.627370496" }, "cost_out_of_range"],
    [{ cost_usd: 1e300 }, "cost_out_of_range"],
    [{ labels: "env=prod" }, "invalid_labels"],
    [{ labels: ["prod"] }, "invalid_labels"],
    [{ labels: { env: 1 } }, "invalid_labels"],
    [
      { labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`l${i}`, ""])) },
      "invalid_labels",
    ],
    [{ labels: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`l${i}`, ""])) }, null],
    [{ labels: { env: null } }, null],
    [{ labels: null }, null],
  ])("judges %j: %p", (fields, reason) => {
    expect(reasonOf(fields)).toBe(reason);
  });

  it.each([
    ["", "invalid_json"],
    ["{", "invalid_json"],
    ["{} x", "invalid_json"],
    [`{"time":"${TIME}","output_tokens":NaN}`, "invalid_json"],
    [`{"time":"${TIME}","output_tokens":Infinity}`, "invalid_json"],
    [`{"time":"${TIME}","output_tokens":01}`, "invalid_json"],
    [`{"time":"${TIME}",}`, "invalid_json"],
    ["null", "not_an_object"],
    ["7", "not_an_object"],
    ['"text"', "not_an_object"],
    [`{"time":"${TIME}","output_tokens":1e999}`, "tokens_out_of_range"],
    ["[".repeat(100_000), "too_deep"],
    [`{"time":"${TIME}","x":${"[".repeat(20)}${"]".repeat(20)}}`, "too_deep"],
  ])("judges the text %.40s: %p", (text, reason) => {
    const { rows, rejected } = decode([text]);

    expect(rows).toHaveLength(0);
    expect(rejected.map((one) => one.reason)).toEqual([reason]);
    expect(Buffer.from(rejected[0]!.raw).toString()).toBe(text.slice(0, LIMITS.keptRawBytes));
    expect(rejected[0]!.rawBytes).toBe(text.length);
  });
});
