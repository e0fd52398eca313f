import { DAY } from "./calendar.ts";
import { quantile } from "./intervals.ts";
import type { Watcher } from "./run.ts";
import type { Simulation } from "./simulate.ts";
import type { SimUse } from "./types.ts";

/** Dollars and requests of one series in steps of ten minutes; NaN where an incident was. */
export interface Series {
  /** What the table goes by: a team kind, or what ServeGen calls the client's model. */
  readonly group: string;
  readonly usd: Float64Array;
  readonly requests: Float64Array;
  /** Forecast by the time of day alone, or by working day and weekend too. */
  readonly byWeekend: boolean;
  /** Day of the week of the first bin, 0 Monday. */
  readonly firstWeekday: number;
}

export interface Liveliness {
  readonly group: string;
  readonly series: number;
  readonly usdPerDay: number;
  /** Busy hours: root mean square of (dollars − forecast) over the mean forecast; and the robust spread of dollars a request. Medians over the series. */
  readonly hourlyCv: number;
  readonly priceCv: number;
  /** Ten-minute bins a week over five times the forecast, and hours a week over 1.5 times; in brackets busy ones alone. */
  readonly overFive: number;
  readonly overFiveBusy: number;
  readonly overHalf: number;
  readonly overHalfBusy: number;
}

const STEP = 10;
const BINS_A_DAY = DAY / STEP;
const BINS_A_WEEK = 7 * BINS_A_DAY;

/** Collects what the teams of a simulation spend, to be set beside what real clients spend. */
export class RealismWatcher implements Watcher {
  readonly name = "realism";
  readonly told = [];
  readonly #simulation: Simulation;
  readonly #series = new Map<string, Series>();
  readonly #bins: number;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#bins = Math.ceil((simulation.endMinute - simulation.startMinute) / STEP);
    for (const { name, kind } of simulation.teams) {
      this.#series.set(name, {
        group: kind,
        usd: new Float64Array(this.#bins),
        requests: new Float64Array(this.#bins),
        byWeekend: true,
        firstWeekday: 0,
      });
    }
  }

  minute(_minute: number, uses: readonly SimUse[]): void {
    const { startMinute } = this.#simulation;
    for (const use of uses) {
      const series = this.#series.get(use.team);
      const bin = Math.floor((use.minute - startMinute) / STEP);
      if (series === undefined || bin < 0 || bin >= this.#bins) continue;
      series.usd[bin] = (series.usd[bin] ?? 0) + use.usd;
      series.requests[bin] = (series.requests[bin] ?? 0) + use.requests;
    }
  }

  /** Once the simulation is over: incidents cut out, and the time before a team began. */
  series(): Series[] {
    const { startMinute, incidents, teams } = this.#simulation;
    const bin = (minute: number): number => Math.max(0, Math.floor((minute - startMinute) / STEP));
    for (const { teams: hit, startMinute: from, endMinute } of incidents) {
      for (const team of hit) this.#series.get(team)?.usd.fill(NaN, bin(from), bin(endMinute) + 1);
    }
    for (const { name, startMinute: from } of teams) {
      this.#series.get(name)?.usd.fill(NaN, 0, bin(from));
    }
    return [...this.#series.values()];
  }
}

/** Forecasts of each bin from the weeks before it: mean at the same time of day (of working days or weekends). NaN in the first week. */
function forecastOf({ usd, byWeekend, firstWeekday }: Series, of: Float64Array): Float64Array {
  const sums = new Float64Array(2 * BINS_A_DAY);
  const counts = new Float64Array(2 * BINS_A_DAY);
  const forecast = new Float64Array(of.length).fill(NaN);
  const slot = (bin: number): number => {
    const weekday = (Math.floor(bin / BINS_A_DAY) + firstWeekday) % 7;
    return (byWeekend && weekday >= 5 ? BINS_A_DAY : 0) + (bin % BINS_A_DAY);
  };
  for (let week = 0; week * BINS_A_WEEK < of.length; week++) {
    const to = Math.min(of.length, (week + 1) * BINS_A_WEEK);
    for (let bin = week * BINS_A_WEEK; bin < to; bin++) {
      const at = slot(bin);
      const count = counts[at] as number;
      if (count > 0) forecast[bin] = (sums[at] as number) / count;
    }
    for (let bin = week * BINS_A_WEEK; bin < to; bin++) {
      if (Number.isNaN(usd[bin])) continue;
      const at = slot(bin);
      // Six weeks of memory, so that growth is not forecast away by the first weeks.
      sums[at] = (sums[at] as number) * 0.97 + (of[bin] as number);
      counts[at] = (counts[at] as number) * 0.97 + 1;
    }
  }
  return forecast;
}

interface Tally {
  bins: number;
  over: number;
  overBusy: number;
  squares: number;
  forecast: number;
  busy: number;
  /** Logarithms of dollars a request over its forecast. */
  readonly prices: number[];
}

function tallyOf(series: Series, step: number, factor: number): Tally {
  const forecast = forecastOf(series, series.usd);
  const calls = forecastOf(series, series.requests);
  const known = forecast.filter((one) => !Number.isNaN(one));
  const usual = (known.reduce((sum, one) => sum + one, 0) / Math.max(1, known.length)) * step;
  const tally: Tally = {
    bins: 0,
    over: 0,
    overBusy: 0,
    squares: 0,
    forecast: 0,
    busy: 0,
    prices: [],
  };
  for (let bin = 0; bin + step <= series.usd.length; bin += step) {
    const actual = sum(series.usd, bin, step);
    const expected = sum(forecast, bin, step);
    if (Number.isNaN(actual) || Number.isNaN(expected)) continue;
    tally.bins++;
    const isBusy = expected > usual;
    const isOver = actual > factor * expected;
    if (isOver) tally.over++;
    if (!isBusy) continue;
    if (isOver) tally.overBusy++;
    tally.busy++;
    tally.squares += (actual - expected) ** 2;
    tally.forecast += expected;
    const requests = sum(series.requests, bin, step);
    const price = actual / requests / (expected / sum(calls, bin, step));
    if (!(requests > 0) || !Number.isFinite(price)) continue;
    tally.prices.push(Math.log(price));
  }
  return tally;
}

function sum(values: Float64Array, from: number, count: number): number {
  let total = 0;
  for (let one = from; one < from + count; one++) total += values[one] ?? 0;
  return total;
}

function livelinessOf(group: string, all: readonly Series[]): Liveliness {
  const rows = all.map((series) => {
    const tens = tallyOf(series, 1, 5);
    const hours = tallyOf(series, 6, 1.5);
    const mean = hours.forecast / hours.busy;
    const spent = series.usd.filter((one) => !Number.isNaN(one));
    return {
      usdPerDay: (sum(spent, 0, spent.length) / spent.length) * BINS_A_DAY,
      hourlyCv: Math.sqrt(hours.squares / hours.busy) / mean,
      priceCv: (quantile(hours.prices, 0.75) - quantile(hours.prices, 0.25)) / 1.349,
      overFive: (tens.over / tens.bins) * BINS_A_WEEK,
      overFiveBusy: (tens.overBusy / tens.bins) * BINS_A_WEEK,
      overHalf: (hours.over / hours.bins) * 168,
      overHalfBusy: (hours.overBusy / hours.bins) * 168,
    };
  });
  const mean = (pick: (row: (typeof rows)[number]) => number): number => {
    const known = rows.map(pick).filter((one) => Number.isFinite(one));
    return known.reduce((total, one) => total + one, 0) / known.length;
  };
  return {
    group,
    series: all.length,
    usdPerDay: mean((row) => row.usdPerDay),
    hourlyCv: quantile(rows.map((row) => row.hourlyCv).filter(Number.isFinite), 0.5),
    priceCv: quantile(rows.map((row) => row.priceCv).filter(Number.isFinite), 0.5),
    overFive: mean((row) => row.overFive),
    overFiveBusy: mean((row) => row.overFiveBusy),
    overHalf: mean((row) => row.overHalf),
    overHalfBusy: mean((row) => row.overHalfBusy),
  };
}

/** How lively each group is: the mean over its series. */
export function liveliness(all: readonly Series[]): Liveliness[] {
  const groups = [...new Set(all.map(({ group }) => group))];
  return groups.map((group) =>
    livelinessOf(
      group,
      all.filter((one) => one.group === group),
    ),
  );
}
