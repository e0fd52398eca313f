/**
 * Whether a record is a canonical usage event, read straight from the format's description and written apart from the product: every
 * rule on its own line, one object an event, no cleverness.
 */
export const BUCKETS = [
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
];
const DIMENSIONS = ["team", "user", "provider", "model", "tool"];
const OTHER_STRINGS = ["department", "key", "agent", "session", "service_tier", "id"];
const LONGEST_RECORD = 4 * 1024 * 1024;
const DEEPEST = 20;
const FIVE_MINUTES_MS = 300_000;
const LAST_TIMESTAMP_MS = 0xffff_ffff * 1000;
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

class Bad extends Error {}

/**
 * `{ event }` with integers as numbers and cost as BigInt nano-dollars, or `{ reason }`. `line` is text or bytes, `nowMs` what
 * counts as now.
 */
export function judge(line, nowMs) {
  try {
    return { event: read(line, nowMs) };
  } catch (error) {
    if (error instanceof Bad) return { reason: error.message };
    throw error;
  }
}

function read(line, nowMs) {
  if (Buffer.byteLength(line) > LONGEST_RECORD) throw new Bad("record_too_large");
  const given = parse(line.toString());
  const event = { timeMs: timeOf(given, nowMs) };
  for (const name of DIMENSIONS) event[name] = string(given, name, 128) ?? "unknown";
  for (const name of OTHER_STRINGS) event[name] = string(given, name, 128);
  string(given, "prompt_hash", 64);
  event.requests = integer(given, "requests", 1, "invalid_requests");
  if (event.requests < 1 || event.requests > 1_000_000) throw new Bad("invalid_requests");
  event.errors = integer(given, "errors", 0, "invalid_errors");
  if (event.errors > event.requests) throw new Bad("invalid_errors");
  for (const name of [...BUCKETS, "reasoning_output_tokens"]) {
    event[name] = integer(given, name, 0, "invalid_tokens");
    if (event[name] > 1_000_000_000 * event.requests) throw new Bad("tokens_out_of_range");
  }
  if (event.reasoning_output_tokens > event.output_tokens) {
    throw new Bad("reasoning_exceeds_output");
  }
  event.reportedNanos = reportedNanos(given);
  checkLabels(given);
  return event;
}

function parse(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Bad("invalid_json");
  }
  if (depthOf(value) > DEEPEST) throw new Bad("too_deep");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Bad("not_an_object");
  }
  return value;
}

function depthOf(value) {
  if (typeof value !== "object" || value === null) return 0;
  let deepest = 0;
  for (const name of Object.keys(value)) deepest = Math.max(deepest, depthOf(value[name]));
  return deepest + 1;
}

/** A field as it was written: never what every object inherits. */
function own(given, name) {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function timeOf(given, nowMs) {
  const time = own(given, "time");
  if (time === undefined) throw new Bad("missing_time");
  const ms = millisecondsOf(time);
  if (ms < 0 || ms > LAST_TIMESTAMP_MS) throw new Bad("time_out_of_range");
  if (ms > nowMs + FIVE_MINUTES_MS) throw new Bad("time_in_future");
  return ms;
}

function millisecondsOf(time) {
  if (Number.isInteger(time)) return time;
  if (typeof time !== "string") throw new Bad("invalid_time");
  if (/^\d+$/.test(time)) return Number(time);
  const parts = RFC3339.exec(time);
  if (parts === null) throw new Bad("invalid_time");
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const midnight = Date.UTC(year, month - 1, day);
  // Date.UTC turns 30 February into 2 March: such a day does not exist
  if (new Date(midnight).toISOString().slice(0, 10) !== time.slice(0, 10)) {
    throw new Bad("invalid_time");
  }
  if (hour > 23 || minute > 59 || second > 59) throw new Bad("invalid_time");
  const millis = Math.floor(Number(`0${parts[7] ?? ""}`) * 1000 + 1e-6);
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + millis - offsetOf(parts[8]);
}

function offsetOf(zone) {
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

function string(given, name, longest) {
  const value = own(given, name);
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw new Bad("invalid_string");
  // code points are never more than code units
  if (value.length > longest && [...value].length > longest) throw new Bad("string_too_long");
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value)) throw new Bad("invalid_string");
  return value;
}

function integer(given, name, absent, reason) {
  const value = own(given, name);
  if (value === undefined) return absent;
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new Bad(reason);
}

/** Dollars with at most nine decimals, as BigInt nano-dollars; undefined where none were reported. */
function reportedNanos(given) {
  const value = own(given, "cost_usd");
  if (value === undefined) return undefined;
  const nanos = decimal(typeof value === "number" ? String(value) : value, 9);
  if (nanos === undefined) throw new Bad("invalid_cost");
  return nanos;
}

/** A decimal text times 10^places as a BigInt; undefined where it is none, negative, or has more places. */
export function decimal(text, places) {
  const parts = typeof text === "string" && /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text);
  if (!parts) return undefined;
  const [, whole, fraction = "", exponent = "0"] = parts;
  const shift = places - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? digits / divisor : undefined;
}

function checkLabels(given) {
  const labels = own(given, "labels");
  if (labels === undefined) return;
  const isObject = typeof labels === "object" && labels !== null && !Array.isArray(labels);
  if (!isObject) throw new Bad("invalid_labels");
  const values = Object.values(labels);
  if (values.length > 16) throw new Bad("invalid_labels");
  if (!values.every((value) => typeof value === "string")) throw new Bad("invalid_labels");
}
