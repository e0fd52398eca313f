import { LONG_FAMILY, PRICE_FAMILY, SIZE_FAMILY, SLOW_FAMILY, WASTE_FAMILY } from "./families.ts";
import { HOUR, HOUR_COLUMNS, type HourColumn } from "./hour-log.ts";
import type { Factor, Level } from "./incident.ts";
import type { Against, Heat, Statistic } from "./statistic.ts";
import type { LateMeasure } from "./usual-rates.ts";

/** Columns of a series' rings: what is added up by minute and by five minutes. */
export const COLUMN = {
  usd: 0,
  requests: 1,
  tokens: 2,
  errors: 3,
  /** Five-minute steps in which a user was active, summed over users. */
  cells: 4,
  /** What tokens would usually have cost, by user; steps of users whose rates are known, and the sum over them of ln(dollars a token / usual). */
  usualUsd: 5,
  ratedCells: 6,
  priceShift: 7,
  /** Tokens that a cache gave and that were put out, and what all would cost at the usual prices of their models: why a price has changed. */
  cacheReadTokens: 8,
  outputTokens: 9,
  modelUsd: 10,
  /** Times that a user began after half an hour of silence. */
  starts: 11,
  /** What steps and requests of each user would usually have made, in requests and tokens; the sums of logarithms for size and pace. */
  usualRequests: 12,
  usualTokens: 13,
  sizeShift: 14,
  paceShift: 15,
  /** Requests in steps of their users' usual pace. */
  loads: 16,
  /** Sums over rated steps: how much dearer the called models are than the user's usual ones (logarithm), and the part of tokens that the cache no longer gives. */
  mixShift: 17,
  cacheShift: 18,
} as const;
/** Columns of a group, of a user, of a key or agent, of a model or tool: most series are leaves, and a column costs eight bytes a step. */
export const COLUMNS = 19;
const USER_COLUMNS = 11;
const LEAF_COLUMNS = 5;
/** Beyond an hour a model or tool is only asked for its dollars. */
const SHARED_COLUMNS = 1;
/** Columns that have minutes; the others are kept by five minutes. */
export const MINUTE_COLUMNS = 4;

const DOLLARS = [2, 5, 15, 60, 360, 1440, 10_080] as const;

function dollars(windows: readonly number[], against: Against): Statistic[] {
  return windows.map((window) => ({
    name: `dollars_${window}m`,
    factor: "dollars",
    window,
    column: COLUMN.usd,
    against,
    family: 0,
    floor: 0.5,
  }));
}

const COUNT = {
  factor: "requests_per_active_user",
  column: COLUMN.requests,
  family: 2,
  floor: 4,
} as const;

/** Requests, as many as the series has ever made. */
function requests(windows: readonly number[]): Statistic[] {
  return windows.map((window) => ({
    ...COUNT,
    name: `requests_${window}m`,
    window,
    against: "past",
  }));
}

/** Requests against the usual pace of whoever makes them: what runs at once. */
function pace(windows: readonly number[]): Statistic[] {
  return windows.map((window) => ({ ...COUNT, name: `pace_${window}m`, window, against: "pace" }));
}

function costly(
  when: Required<Statistic>["costly"],
  statistics: readonly Statistic[],
): Statistic[] {
  return statistics.map((one) => ({ ...one, costly: when }));
}

/** Dollars, requests, active steps and starts together: a heavy session moves the first two, more work moves all. */
function demand(windows: readonly number[]): Statistic[] {
  return windows.map((window) => ({
    name: `demand_${window}m`,
    factor: "active_users",
    window,
    column: COLUMN.cells,
    against: "demand",
    family: 1,
    floor: 2,
  }));
}

/** Requests in steps of each user's pace: what runs at once, however many people it is of. */
function loads(windows: readonly number[]): Statistic[] {
  return windows.map((window) => ({
    name: `loads_${window}m`,
    factor: "requests_per_active_user",
    window,
    column: COLUMN.loads,
    against: "profile",
    family: 1,
    floor: 2,
  }));
}

/** One of the rates, averaged over users' active steps: each counts once, however heavy. */
function rates(
  factor: Factor,
  columns: Pick<Required<Statistic>, "column" | "shift" | "usual">,
  windows: readonly number[],
  name: string = factor,
): Statistic[] {
  return windows.map((window) => ({
    name: `${name}_${window}m`,
    factor,
    window,
    ...columns,
    against: "rates",
    family: FAMILY[factor] ?? 2,
    floor: 6,
  }));
}
const FAMILY: Readonly<Partial<Record<Factor, number>>> = {
  price_per_token: PRICE_FAMILY,
  tokens_per_request: SIZE_FAMILY,
};
const PRICE = { column: COLUMN.usd, shift: COLUMN.priceShift, usual: COLUMN.usualUsd };
const MIX = { ...PRICE, shift: COLUMN.mixShift };
const CACHE = { ...PRICE, shift: COLUMN.cacheShift };
const SIZE = { column: COLUMN.tokens, shift: COLUMN.sizeShift, usual: COLUMN.usualTokens };
const PACE = { column: COLUMN.requests, shift: COLUMN.paceShift, usual: COLUMN.usualRequests };

/** Children that are all beyond their usual day at once: people of a team, teams of a department. None has to stand out. */
const CROWD: Omit<Statistic, "name" | "window"> = {
  factor: "requests_per_active_user",
  column: COLUMN.requests,
  against: "crowd",
  family: 2,
  floor: 0,
};

/** What the children's own evidence comes to together: three people who each have a day of a hundred, on the same day. */
const TOGETHER: Omit<Statistic, "name" | "window"> = { ...CROWD, against: "together" };

/** Sessions that a person began: a count is steadier than what each of them spends. The further of both windows is the person's heat. */
function sessions(window: number): Statistic {
  const name = `sessions_${window}m`;
  return { ...CROWD, name, window, against: "sessions", of: "sessions", floor: 2 };
}

/** What a person's last steps cost by the measure of what that person usually pays: read by `apart` alone. */
function lately(of: LateMeasure): Statistic {
  const name = `${of}_steps`;
  return { ...DAY_OF_PERSON, name, factor: "price_per_token", window: 360, against: "lately", of };
}

/** People who are far beyond what they usually do while the rest of their team is not: `apart.ts`. */
function apart(of: Heat, window: number, told: Pick<Statistic, "factor" | "family">): Statistic {
  return { ...CROWD, ...told, name: `apart_${of}_${window}m`, window, against: "apart", of };
}

/** How far the people who were at work in the last day are beyond what each usually makes of a day: who is away says nothing, nobody weighs for two. */
const PEOPLE: Statistic = {
  ...CROWD,
  name: "people_1440m",
  window: 1440,
  against: "people",
  family: SLOW_FAMILY,
};

/** What a person makes of a day: read by `PEOPLE` alone. */
const DAY_OF_PERSON: Statistic = {
  ...CROWD,
  name: "requests_1440m",
  window: 1440,
  against: "past",
  family: SLOW_FAMILY,
  floor: 4,
};

/** A person's pace however little it costs: read by `CROWD` alone, for what many do is dear together. */
const HEAT_OF_PERSON: Statistic = {
  ...COUNT,
  name: "heat_60m",
  window: 60,
  against: "pace",
  family: SLOW_FAMILY,
};

/** Working days that are each a little beyond the usual, added up. */
const SLOW: Statistic = {
  ...CROWD,
  name: "slow_1440m",
  window: 1440,
  against: "slow",
  family: SLOW_FAMILY,
};

/** A group's sums from so many minutes on are long: what an hour does not show, a page is late for. */
const LONG = 360;

function byLength(statistic: Statistic): Statistic {
  const { family, window } = statistic;
  const isLong = window >= LONG && family < PRICE_FAMILY;
  return isLong ? { ...statistic, family: LONG_FAMILY } : statistic;
}

/** Organisation, departments and teams: totals against the profile, factors against what their users usually do. */
export const GROUP_STATISTICS: readonly Statistic[] = [
  ...dollars(DOLLARS, "profile"),
  ...demand([15, 60, 360, 1440, 2880, 5760]),
  ...loads([15, 60, 360]),
  { ...CROWD, name: "crowd_360m", window: 360 },
  { ...TOGETHER, name: "together_360m", window: 360 },
  apart("sessions", 240, { factor: "requests_per_active_user", family: WASTE_FAMILY }),
  apart("mix", 360, { factor: "price_per_token", family: PRICE_FAMILY }),
  apart("cache", 360, { factor: "price_per_token", family: PRICE_FAMILY }),
  PEOPLE,
  SLOW,
  ...rates("price_per_token", PRICE, [60, 360]),
  ...rates("price_per_token", MIX, [60, 360], "model_mix"),
  ...rates("price_per_token", CACHE, [60, 360], "cache_misses"),
  ...rates("tokens_per_request", SIZE, [60, 360]),
  ...rates("requests_per_active_user", PACE, [60, 360]),
].map(byLength);

/** People: how much they run at once against their usual pace, and their own heaviest days, both on the scale of their peers. */
export const PERSON_STATISTICS: readonly Statistic[] = [
  ...costly("always", pace([15, 30, 60, 120])),
  ...costly("off-hours", dollars([15, 60, 360], "past")),
  ...dollars([1440], "past"),
  ...costly("always", requests([360])),
  HEAT_OF_PERSON,
  sessions(120),
  sessions(240),
  lately("mix"),
  lately("cache"),
  DAY_OF_PERSON,
  ...rates("price_per_token", PRICE, [60, 360]),
];

/** Where it is kept whether a person's day held anything at all. */
export const DAY_OF_PERSON_INDEX = PERSON_STATISTICS.indexOf(DAY_OF_PERSON);

/** Keys and agents have no usual rates of their own. */
const LEAF_STATISTICS: readonly Statistic[] = [
  ...dollars([15, 60, 360, 1440], "past"),
  ...requests([15, 60, 360]),
];

/** Models and tools only tell what an incident is made of. */
const NONE: readonly Statistic[] = [];

export function isGroup(level: Level): boolean {
  return level === "organisation" || level === "department" || level === "team";
}

/** Columns that a series keeps by five minutes, errors left out: nobody asks for more than an hour of them. */
export function columnsOf(level: Level): number {
  if (isGroup(level)) return COLUMNS;
  if (level === "user") return USER_COLUMNS;
  return level === "model" || level === "tool" ? SHARED_COLUMNS : LEAF_COLUMNS;
}

/** Where the hours keep a column. */
export function hourOfColumn(column: number): HourColumn {
  if (column === COLUMN.cells) return HOUR.cells;
  if (column === COLUMN.starts) return HOUR.starts;
  if (column === COLUMN.loads) return HOUR.loads;
  return column === COLUMN.requests || column === COLUMN.tokens ? column : HOUR.usd;
}

/** Columns of HOUR of which a series learns what to expect. Whoever works for one user needs no number of them. */
export function hourColumnsOf(level: Level): number {
  if (isGroup(level)) return HOUR_COLUMNS;
  if (level === "user") return HOUR.cells + 1;
  return level === "key" ? HOUR.tokens + 1 : HOUR.activeUsers + 1;
}

export function statisticsOf(level: Level): readonly Statistic[] {
  if (isGroup(level)) return GROUP_STATISTICS;
  if (level === "user") return PERSON_STATISTICS;
  return level === "model" || level === "tool" ? NONE : LEAF_STATISTICS;
}
