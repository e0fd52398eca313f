import { LONG_PROMPT } from "./prices.mjs";

const BUCKETS = [
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
];
const TIER_SHARE = 0.3;

/** One valid canonical event as an object, its time still in milliseconds. */
export function createEvent(user, { timeMs, id, random }) {
  const at = random.below(user.models.length);
  const model = user.models[at];
  const event = {
    time: timeMs,
    team: user.team,
    user: user.name,
    department: user.department,
    provider: model.provider,
    model: model.model,
    tool: user.tools[at],
  };
  if (id !== undefined) event.id = id;
  if (user.key !== undefined) event.key = user.key;
  if (user.agent !== undefined) event.agent = user.agent;
  if (random.chance(TIER_SHARE)) event.service_tier = random.pick(model.tiers);
  addCounts(event, model, random);
  addExtras(event, random);
  return event;
}

function addCounts(event, model, random) {
  const requests = model.single !== true && random.chance(0.05) ? random.size(40) : 1;
  if (requests > 1 || random.chance(0.1)) event.requests = requests;
  if (random.chance(0.03)) event.errors = random.below(requests + 1);
  const times = (median) => random.size(median) * requests;
  event.uncached_input_tokens = times(900);
  if (random.chance(0.5)) event.cache_read_input_tokens = times(6_000);
  if (random.chance(0.25)) event.cache_write_5m_input_tokens = times(1_500);
  if (random.chance(0.05)) event.cache_write_1h_input_tokens = times(2_000);
  event.output_tokens = random.chance(0.02) ? 0 : times(300);
  if (random.chance(0.2)) event.reasoning_output_tokens = random.below(event.output_tokens + 1);
  if (model.single === true && random.chance(0.05)) promptOfExactly(event, LONG_PROMPT);
  if (random.chance(0.0002)) largestOf(event);
  if (random.chance(0.1)) event.cost_usd = cost(random);
}

/** On the edge of the long-context band: not above it. */
function promptOfExactly(event, prompt) {
  delete event.cache_write_5m_input_tokens;
  delete event.cache_write_1h_input_tokens;
  event.cache_read_input_tokens = prompt - 1_000;
  event.uncached_input_tokens = 1_000;
}

/** The most that is allowed: 10^9 tokens for each request. Over 2^53 pico-dollars with most models. */
function largestOf(event) {
  event.requests = 9;
  event.errors = Math.min(event.errors ?? 0, 9);
  event.uncached_input_tokens = 9_000_000_000;
}

/** At most nine decimals, as a number or as text; both with digits a double holds. */
function cost(random) {
  const nanos = random.chance(0.05) ? random.below(50) : random.size(3_000_000, 2);
  const text = `${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, "0")}`;
  return random.chance(0.5) ? text.replace(/\.?0+$/, "") || "0" : Number(text);
}

function addExtras(event, random) {
  if (random.chance(0.5)) event.session = `s-${event.user}-${random.below(40)}`;
  if (random.chance(0.1)) event.labels = { project: `p${random.below(9)}`, constructor: "x" };
  if (random.chance(0.02)) event.prompt_hash = "f".repeat(64);
  if (random.chance(0.01)) event.latency = { p50: [1.5, null, { deep: true }], note: "ignored" };
  for (const name of ["department", "provider", "model", "tool", "team", "user"]) {
    if (random.chance(0.001)) delete event[name];
  }
}

/** The event as a line, in one of the spellings the format allows. */
export function spell(event, random) {
  const spelled = { ...event, time: spellTime(event.time, random) };
  if (random.chance(0.05)) {
    for (const name of [...BUCKETS, "requests", "errors"]) {
      if (spelled[name] !== undefined) spelled[name] = String(spelled[name]);
    }
  }
  let line = JSON.stringify(random.chance(0.1) ? reversed(spelled) : spelled);
  if (random.chance(0.002)) line = line.replace(/("output_tokens":)(\d+)(?=[,}])/, "$1$2.0");
  if (random.chance(0.002)) line = line.replace(/("output_tokens":\d+)000(?=[,}])/, "$1e3");
  if (random.chance(0.002)) line = line.replace("{", '{"__proto__":{"team":"not-me"},');
  if (random.chance(0.01)) line = line.replace(/[^\x20-\x7e]/g, escaped);
  if (random.chance(0.005)) line = ` ${line.replaceAll('":', '" :\t')} `;
  return line;
}

function spellTime(timeMs, random) {
  const form = random.next();
  if (form < 0.6) return new Date(timeMs).toISOString();
  if (form < 0.85) return timeMs;
  if (form < 0.9) return String(timeMs);
  const minutes = random.pick([-480, -210, 60, 120, 330, 765]);
  const local = new Date(timeMs + minutes * 60_000).toISOString().slice(0, -1);
  const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, "0");
  const rest = String(Math.abs(minutes) % 60).padStart(2, "0");
  return `${local}${minutes < 0 ? "-" : "+"}${hours}:${rest}`;
}

function reversed(event) {
  return Object.fromEntries(Object.entries(event).reverse());
}

function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
