import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { type Company, createCompany } from "../../src/demo/company.ts";
import { MODELS } from "../../src/demo/models.ts";
import { AppError } from "../../src/runtime/errors.ts";
import { type DemoEvent, dollarsOf, historyEvents, liveEvents } from "./demo-events.ts";

const DAY_MS = 86_400_000;
const LIVE_MS = Date.UTC(2026, 10, 18); // a Wednesday
const STRINGS = [
  "id",
  "department",
  "team",
  "user",
  "key",
  "agent",
  "provider",
  "model",
  "tool",
  "service_tier",
  "session",
];
const NUMBERS = [
  "time",
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
];

/** What is wrong with an event by the limits of the canonical format; empty where nothing is. */
function faultOf(event: DemoEvent): string {
  for (const [field, value] of Object.entries(event) as [string, unknown][]) {
    const ok = STRINGS.includes(field)
      ? typeof value === "string" && value !== "" && value.length <= 128
      : NUMBERS.includes(field) && Number.isInteger(value) && (value as number) >= 0;
    if (!ok) return `${field}: ${JSON.stringify(value)}`;
    if (field.endsWith("_tokens") && (value as number) > 1e9) return `${field} is too large`;
  }
  if ((event.reasoning_output_tokens ?? 0) > (event.output_tokens ?? 0)) return "reasoning";
  return "time" in event && "team" in event && "user" in event && "model" in event ? "" : "missing";
}

function digestOf(company: Company): string {
  const hash = createHash("sha256");
  for (const block of company.history()) hash.update(block);
  for (const { timeMs, line } of company.liveDay()) hash.update(`${timeMs} ${line}`);
  return hash.digest("hex");
}

/** Everything the tests ask about four weeks and the live day, gathered in one pass. */
class Census {
  readonly company = createCompany({ seed: 7, startMs: LIVE_MS });
  readonly ids = new Set<string>();
  readonly users = new Set<string>();
  readonly models = new Set<string>();
  readonly faults: string[] = [];
  readonly perDay = new Array<number>(29).fill(0);
  readonly perHour = new Array<number>(24).fill(0);
  readonly dollars = new Map<string, number[]>();
  readonly liveTimes: number[];
  events = 0;
  latestHistoryMs = 0;
  disordered = 0;
  worstDisorderMs = 0;

  constructor() {
    for (const event of historyEvents(this.company)) {
      if (event.time < this.latestHistoryMs) {
        this.disordered++;
        this.worstDisorderMs = Math.max(this.worstDisorderMs, this.latestHistoryMs - event.time);
      }
      this.latestHistoryMs = Math.max(this.latestHistoryMs, event.time);
      this.#count(event);
    }
    const live = liveEvents(this.company);
    this.liveTimes = live.map((event) => event.time);
    for (const event of live) this.#count(event);
  }

  #count(event: DemoEvent): void {
    const day = Math.floor((event.time - LIVE_MS) / DAY_MS) + 28;
    const fault = faultOf(event);
    if (fault !== "") this.faults.push(fault);
    this.events++;
    this.ids.add(event.id);
    this.users.add(event.user);
    this.models.add(event.model);
    this.perDay[day]!++;
    this.perHour[new Date(event.time).getUTCHours()]!++;
    const days = this.dollars.get(event.team) ?? new Array<number>(29).fill(0);
    days[day]! += dollarsOf(event);
    this.dollars.set(event.team, days);
  }
}

function isWeekend(day: number): boolean {
  return [0, 6].includes(new Date(LIVE_MS + (day - 28) * DAY_MS).getUTCDay());
}

describe("createCompany", () => {
  let census: Census;

  beforeAll(() => {
    census = new Census();
  }, 60_000);

  it("has at least 12 teams in 4 departments and 300 people, and they are heard of", () => {
    const departments = new Set(census.company.teams.map((team) => team.department));

    expect(census.company.teams.length).toBeGreaterThanOrEqual(12);
    expect(departments.size).toBeGreaterThanOrEqual(4);
    expect(census.company.people.length).toBeGreaterThanOrEqual(300);
    expect(census.users.size).toBeGreaterThanOrEqual(300);
    expect(census.dollars.size).toBe(census.company.teams.length);
  });

  it("sends between 300,000 and 550,000 events, each valid and each with an id of its own", () => {
    expect(census.events).toBeGreaterThanOrEqual(300_000);
    expect(census.events).toBeLessThan(550_000);
    expect(census.faults).toEqual([]);
    expect(census.ids.size).toBe(census.events);
  });

  it("uses only the models of its list", () => {
    const names = Object.values(MODELS).map((model) => model.name as string);

    expect([...census.models].sort()).toEqual(names.sort());
  });

  it("sends history nearly in order: as collectors do, never later than two minutes", () => {
    expect(census.disordered / census.events).toBeGreaterThan(0.05);
    expect(census.worstDisorderMs).toBeGreaterThan(30_000);
    expect(census.worstDisorderMs).toBeLessThan(120_000);
  });

  it("parts history and live day at midnight, the live day in order of time", () => {
    const { liveTimes } = census;

    expect(census.latestHistoryMs).toBeLessThan(LIVE_MS);
    expect(census.latestHistoryMs).toBeGreaterThan(LIVE_MS - 60 * 60_000);
    expect(liveTimes[0]).toBeGreaterThanOrEqual(LIVE_MS);
    expect(liveTimes.at(-1)).toBeLessThan(LIVE_MS + DAY_MS);
    expect(liveTimes.every((time, index) => index === 0 || time >= liveTimes[index - 1]!)).toBe(
      true,
    );
  });

  it("works on weekdays and by day: weekends and nights are far quieter", () => {
    const history = census.perDay.slice(0, 28);
    const mean = (days: number[]): number => days.reduce((sum, n) => sum + n, 0) / days.length;
    const weekdays = mean(history.filter((_, day) => !isWeekend(day)));
    const weekends = mean(history.filter((_, day) => isWeekend(day)));

    expect(weekdays / weekends).toBeGreaterThan(4);
    expect(mean(census.perHour.slice(9, 16)) / mean(census.perHour.slice(2, 6))).toBeGreaterThan(8);
  });

  it("spends plausibly: an engineering team 130 to 420 dollars a weekday, the company some thousands", () => {
    const weekday = (team: string): number => {
      const days = census.dollars.get(team)!.filter((_, day) => !isWeekend(day) && day < 28);
      return days.reduce((sum, dollars) => sum + dollars, 0) / days.length;
    };
    const teams = census.company.teams.map((team) => weekday(team.name));

    for (const team of ["payments", "checkout", "search", "mobile-apps", "web-shop"]) {
      expect(weekday(team)).toBeGreaterThan(130);
      expect(weekday(team)).toBeLessThan(420);
    }
    expect(teams.reduce((sum, dollars) => sum + dollars, 0)).toBeGreaterThan(1500);
    expect(teams.reduce((sum, dollars) => sum + dollars, 0)).toBeLessThan(5000);
    expect(Math.min(...teams)).toBeGreaterThan(5);
  });

  it("is the same company to the byte for the same seed, another for another", () => {
    const digest = (seed: number): string =>
      digestOf(createCompany({ seed, startMs: LIVE_MS, historyDays: 3 }));

    expect(digest(7)).toBe(digest(7));
    expect(digest(8)).not.toBe(digest(7));
  });

  it("gives each part again on demand, whatever was asked before", () => {
    const company = createCompany({ seed: 9, startMs: LIVE_MS, historyDays: 2 });
    const first = Array.from(company.liveDay(), ({ line }) => line).join("");

    const history = Buffer.concat([...company.history()]);

    expect(Array.from(company.liveDay(), ({ line }) => line).join("")).toBe(first);
    expect(Buffer.concat([...company.history()]).equals(history)).toBe(true);
  });

  it("gives history in blocks of whole lines, none over 64 KiB", () => {
    const company = createCompany({ seed: 3, startMs: LIVE_MS, historyDays: 2 });

    for (const block of company.history()) {
      expect(block.length).toBeLessThanOrEqual(65_536);
      expect(block.at(-1)).toBe(10);
    }
  });

  it.each([
    [{ seed: 1.5, startMs: LIVE_MS }, "the seed 1.5 is no integer"],
    [{ seed: 1, startMs: LIVE_MS + 1 }, "give a midnight UTC"],
    [{ seed: 1, startMs: Number.NaN }, "give a midnight UTC"],
  ])("refuses %j", (options, message) => {
    expect(() => createCompany(options)).toThrow(AppError);
    expect(() => createCompany(options)).toThrow(message);
  });
});
