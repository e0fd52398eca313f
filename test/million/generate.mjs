/**
 * Writes canonical usage events as NDJSON: of many teams and users over three days, some out of order, some twice, some bad.
 *
 *   node test/million/generate.mjs --out events.ndjson [--count 1000000] [--seed 1] [--start 2026-03-02] [--huge]
 *
 * The price book is written beside it as events.prices.yaml. The same arguments give the same bytes.
 */
import { createWriteStream, writeFileSync } from "node:fs";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { FAULTS, HUGE, LONG_TEAM } from "./bad.mjs";
import { createEvent, spell } from "./good.mjs";
import { priceBookYaml } from "./prices.mjs";
import { createRandom } from "./random.mjs";
import { createWorld } from "./world.mjs";

const DAY_MS = 86_400_000;
const PERIOD_MS = 3 * DAY_MS;
const MINUTE_MS = 60_000;
/** People who are at work at the same time: what makes a minute's events fall on few keys, as in life. */
const AT_WORK = 60;
/** Events of one stay at work; fewer in a small file, so that everybody comes. */
const SESSION_EVENTS = 40;
const SHARES = {
  bad: 0.01,
  duplicate: 0.0102,
  late: 0.05,
  veryLate: 0.001,
  withoutId: 0.02,
  repeatedWithoutId: 0.02,
  longTeam: 0.001,
  mended: 0.05,
};
/** A duplicate follows within this much event time: well inside the dedupe window of 10 minutes. */
const DUPLICATE_WITHIN_MS = 4 * MINUTE_MS;

/**
 * Gives `{ line, user, kind, reason }` of one record after the other; `kind` is good, duplicate or bad. `user` keys the record:
 * what belongs together (an event, its duplicates, its mended form) has the same.
 */
export function* generate({ count = 1_000_000, seed = 1, startMs, huge = false, teams, users }) {
  const random = createRandom(seed);
  const desk = new Desk(createWorld({ seed, teams, users }), random, count);
  const due = [];
  for (let slot = 0; slot < count; slot++) {
    const nowMs = startMs + Math.floor(((slot + random.next()) / count) * PERIOD_MS);
    // what is still due at the end must fit into the slots that are left
    const waiting = due.length > 0 && (due[0].atMs <= nowMs || due.length >= count - slot);
    if (waiting) yield due.shift().record;
    else
      yield newRecord({
        slot,
        nowMs,
        startMs,
        desk,
        random,
        due,
        huge: huge && slot % 400_000 === 7,
      });
  }
}

function newRecord({ slot, nowMs, startMs, desk, random, due, huge }) {
  const user = desk.next();
  const id = random.chance(SHARES.withoutId) ? undefined : `e${slot.toString(36)}`;
  const timeMs = Math.max(startMs, nowMs - delay(random));
  const event = createEvent(user, { timeMs, id, random });
  if (huge) return badRecord(HUGE, event, user, random);
  if (random.chance(SHARES.bad)) {
    const fault = random.chance(SHARES.longTeam) ? LONG_TEAM : random.pick(FAULTS);
    // the same id, sent again in order: a rejected event has not been seen
    if (random.chance(SHARES.mended)) later(due, nowMs, goodRecord(event, user, random), random);
    return badRecord(fault, event, user, random);
  }
  const record = goodRecord(event, user, random);
  if (id === undefined && random.chance(SHARES.repeatedWithoutId)) {
    later(due, nowMs, record, random);
  } else if (
    id !== undefined &&
    nowMs - timeMs < 2 * MINUTE_MS &&
    random.chance(SHARES.duplicate)
  ) {
    const line = random.chance(0.7) ? record.line : spell(event, random);
    later(due, nowMs, { ...record, line, kind: "duplicate" }, random);
  }
  return record;
}

function delay(random) {
  if (random.chance(SHARES.veryLate)) return 60 * MINUTE_MS + random.below(300 * MINUTE_MS);
  return random.chance(SHARES.late) ? random.below(90_000) : 0;
}

function goodRecord(event, user, random) {
  return { line: spell(event, random), user: user.name, kind: "good", reason: undefined };
}

function badRecord(fault, event, user, random) {
  const line = fault.make(event, random);
  return { line, user: user.name, kind: "bad", reason: fault.reason };
}

function later(due, nowMs, record, random) {
  const atMs = random.chance(0.25) ? nowMs : nowMs + random.below(DUPLICATE_WITHIN_MS);
  let at = due.length;
  while (at > 0 && due[at - 1].atMs > atMs) at--;
  due.splice(at, 0, { atMs, record });
}

/** Whose turn it is: everybody has one session at least, busy people many. */
class Desk {
  #users;
  #random;
  #stay;
  #newcomers = 0;
  #seats = [];

  constructor({ users }, random, count) {
    this.#users = users;
    this.#stay = Math.min(SESSION_EVENTS, count / users.length / 5);
    this.#random = random;
  }

  next() {
    const at = this.#random.below(AT_WORK);
    let seat = this.#seats[at];
    if (seat === undefined || seat.left === 0) {
      seat = { user: this.#come(), left: this.#random.size(this.#stay, 0.5) };
      this.#seats[at] = seat;
    }
    seat.left--;
    return seat.user;
  }

  #come() {
    if (this.#newcomers < this.#users.length && this.#random.chance(0.5)) {
      return this.#users[this.#newcomers++];
    }
    return this.#users[this.#random.zipf(this.#users.length)];
  }
}

/** Midnight UTC of `--start`. */
export function startOf(day) {
  const startMs = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(startMs)) throw new Error(`--start ${day} is no day: give one like 2026-03-02`);
  return startMs;
}

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      count: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      start: { type: "string", default: "2026-03-02" },
      huge: { type: "boolean", default: false },
    },
  });
  if (values.out === undefined) throw new Error("--out FILE is missing");
  const startMs = startOf(values.start);
  const kinds = { good: 0, duplicate: 0, bad: 0 };
  const file = createWriteStream(values.out);
  let block = "";
  const records = generate({
    count: Number(values.count),
    seed: Number(values.seed),
    startMs,
    huge: values.huge,
  });
  for (const { line, kind } of records) {
    kinds[kind]++;
    block += `${line}\n`;
    if (block.length < 1 << 18) continue;
    if (!file.write(block)) await once(file, "drain");
    block = "";
  }
  file.end(block);
  await once(file, "finish");
  const prices = `${values.out.replace(/\.ndjson$/, "")}.prices.yaml`;
  writeFileSync(prices, priceBookYaml(startMs));
  console.log(JSON.stringify({ ...kinds, file: values.out, prices }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
