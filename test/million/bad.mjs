import { spell } from "./good.mjs";

const HUGE_BYTES = 10 * 1024 * 1024;

/** Sets fields of a valid event to what must not be. */
function fields(reason, change) {
  return {
    reason,
    make: (event, random) => JSON.stringify({ ...event, ...change(event, random) }),
  };
}

function text(reason, make) {
  return { reason, make };
}

const BUCKETS = [
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
];
const tokens = (value) => (_, random) => ({ [random.pick(BUCKETS)]: value });

/** Every way an event is bad here, with the one reason it must be rejected for. */
export const FAULTS = [
  text("invalid_json", (event) => JSON.stringify(event).slice(0, -1)),
  text("invalid_json", (event, random) => {
    const line = JSON.stringify(event);
    return line.slice(0, 1 + random.below(line.length - 2));
  }),
  text("invalid_json", (event) => `${JSON.stringify(event)}}`),
  text("invalid_json", (event) => JSON.stringify(event).replaceAll('"', "'")),
  text("invalid_json", (event) =>
    JSON.stringify({ ...event, output_tokens: 0 }).replace(
      '"output_tokens":0',
      '"output_tokens":NaN',
    ),
  ),
  text("invalid_json", () => "2026-03-02 12:00:00 INFO usage flushed"),
  text("not_an_object", (_, random) => random.pick(["null", "42", '"usage"', "true"])),
  text("too_deep", (event) =>
    JSON.stringify(event).replace("{", `{"deep":${"[".repeat(40)}${"]".repeat(40)},`),
  ),
  fields("missing_time", () => ({ time: undefined })),
  fields("invalid_time", (event) => ({ time: new Date(event.time).toISOString().slice(0, -1) })),
  fields("invalid_time", () => ({ time: "2026-02-30T12:00:00Z" })),
  fields("invalid_time", () => ({ time: "2026-03-02T25:00:00Z" })),
  fields("invalid_time", () => ({ time: "yesterday" })),
  fields("time_out_of_range", () => ({ time: "9999-12-31T23:59:59Z" })),
  fields("time_out_of_range", () => ({ time: 253_402_300_799_000 })),
  fields("time_out_of_range", () => ({ time: -1_000 })),
  fields("time_in_future", () => ({ time: "2099-01-01T00:00:00Z" })),
  fields("invalid_tokens", tokens(-5)),
  fields("invalid_tokens", tokens(1.5)),
  fields("invalid_tokens", tokens("NaN")),
  fields("invalid_tokens", tokens("12abc")),
  fields("invalid_tokens", tokens("-7")),
  fields("invalid_tokens", tokens(true)),
  fields("tokens_out_of_range", tokens(2 ** 60)),
  fields("tokens_out_of_range", tokens(String(2n ** 60n))),
  fields("tokens_out_of_range", (event, random) => ({
    requests: 1,
    errors: 0,
    ...tokens(1_000_000_001)(event, random),
  })),
  fields("string_too_long", () => ({ user: "u".repeat(129) })),
  fields("string_too_long", () => ({ model: "🜁".repeat(129) })),
  fields("string_too_long", () => ({ id: "i".repeat(129) })),
  fields("string_too_long", () => ({ prompt_hash: "f".repeat(65) })),
  fields("invalid_string", () => ({ team: 17 })),
  fields("invalid_string", () => ({ model: ["m-alpha"] })),
  fields("invalid_string", () => ({ tool: "new\nline" })),
  fields("invalid_string", () => ({ user: "nul\u0000" })),
  fields("invalid_requests", () => ({ requests: 0 })),
  fields("invalid_requests", () => ({ requests: 1_000_001 })),
  fields("invalid_requests", () => ({ requests: "many" })),
  fields("invalid_errors", (event) => ({ errors: (event.requests ?? 1) + 1 })),
  fields("invalid_errors", () => ({ errors: -1 })),
  fields("reasoning_exceeds_output", (event) => ({
    reasoning_output_tokens: event.output_tokens + 1,
  })),
  fields("invalid_cost", () => ({ cost_usd: -0.01 })),
  fields("invalid_cost", () => ({ cost_usd: "free" })),
  fields("invalid_cost", () => ({ cost_usd: "NaN" })),
  fields("invalid_labels", () => ({ labels: ["a"] })),
  fields("invalid_labels", () => ({ labels: { project: 3 } })),
  fields("invalid_labels", () => ({
    labels: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`l${index}`, "x"])),
  })),
];

/** Rare, since each is 100 kB. */
export const LONG_TEAM = fields("string_too_long", () => ({ team: "t".repeat(100_000) }));

/** Over the 4 MiB a record may have; valid apart from that. */
export const HUGE = text("record_too_large", (event, random) =>
  spell({ ...event, padding: "p".repeat(HUGE_BYTES) }, random),
);
