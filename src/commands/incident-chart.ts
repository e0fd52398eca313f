import type { Incident } from "../detect/incident.ts";
import { formatClock, formatUsdPerHour } from "../notify/format.ts";

const WIDTH = 760;
const HEIGHT = 190;
const LEFT = 62;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 22;
const STEPS_PER_HOUR = 12;
const HOUR_MS = 3_600_000;
const TICK_HOURS = 4;

/**
 * An incident's last day as SVG: dollars an hour in five-minute steps against what was expected, the incident's time shaded, a line where it opened.
 * Colours come from the classes of the page around it. Holds numbers alone, no names.
 */
export function incidentChart(incident: Incident): string {
  const { chart } = incident;
  const [first] = chart;
  const last = chart.at(-1);
  if (first === undefined || last === undefined) return "";
  const fromMs = first.startMs;
  const toMs = last.startMs + HOUR_MS / STEPS_PER_HOUR;
  const perHour = chart.flatMap((one) => [one.actualUsd, one.expectedUsd].map(hourly));
  const top = niceTop(Math.max(...perHour, 0.01));
  const scale: Scale = {
    x: (ms) => LEFT + ((clamp(ms, fromMs, toMs) - fromMs) / (toMs - fromMs)) * plotWidth,
    y: (usd) => TOP + (1 - clamp(usd, 0, top) / top) * plotHeight,
  };
  const label = `Dollars an hour from ${formatClock(fromMs)} over a day, at most ${formatUsdPerHour(top)}; the incident opened at ${formatClock(incident.openedAtMs)}`;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">`,
    grid(top, scale),
    hours(fromMs, toMs, scale),
    mark(incident, scale),
    `<path class="area" d="${steps(chart, "actualUsd", scale)} L${at(scale.x(toMs), scale.y(0))} L${at(scale.x(fromMs), scale.y(0))} Z"/>`,
    `<path class="actual" d="${steps(chart, "actualUsd", scale)}"/>`,
    `<path class="expected" d="${steps(chart, "expectedUsd", scale)}"/>`,
    "</svg>",
  ].join("");
}

interface Scale {
  readonly x: (ms: number) => number;
  readonly y: (usdPerHour: number) => number;
}

const plotWidth = WIDTH - LEFT - RIGHT;
const plotHeight = HEIGHT - TOP - BOTTOM;

/** Each value holds for its five minutes: a staircase. */
function steps(
  chart: Incident["chart"],
  value: "actualUsd" | "expectedUsd",
  { x, y }: Scale,
): string {
  return chart
    .map((one, index) => {
      const height = y(hourly(one[value]));
      const begin = `${index === 0 ? "M" : "L"}${at(x(one.startMs), height)}`;
      return `${begin} L${at(x(one.startMs + HOUR_MS / STEPS_PER_HOUR), height)}`;
    })
    .join(" ");
}

function grid(top: number, { y }: Scale): string {
  return [0, top / 2, top]
    .map((usd) => {
      const height = round(y(usd));
      return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height}" y2="${height}"/><text x="${LEFT - 6}" y="${height + 4}" text-anchor="end">${formatUsdPerHour(usd)}</text>`;
    })
    .join("");
}

function hours(fromMs: number, toMs: number, { x }: Scale): string {
  const every = TICK_HOURS * HOUR_MS;
  const ticks: string[] = [];
  for (let ms = Math.ceil(fromMs / every) * every; ms <= toMs; ms += every) {
    const place = round(x(ms));
    // Near an end half of it would be cut off.
    if (place < LEFT + 12 || place > WIDTH - RIGHT - 16) continue;
    ticks.push(
      `<text x="${place}" y="${HEIGHT - 5}" text-anchor="middle">${formatClock(ms).slice(0, 5)}</text>`,
    );
  }
  return ticks.join("");
}

/** From the beginning of the deciding window to the end, and when it opened. */
function mark(incident: Incident, { x, y }: Scale): string {
  const { openedAtMs, windowMs, resolvedAtMs, updatedAtMs } = incident;
  const begin = x(openedAtMs - windowMs);
  const width = Math.max(2, x(resolvedAtMs ?? updatedAtMs) - begin);
  const opened = round(x(openedAtMs));
  return `<rect class="incident" x="${round(begin)}" y="${TOP}" width="${round(width)}" height="${plotHeight}"/><line class="opened" x1="${opened}" x2="${opened}" y1="${TOP}" y2="${round(y(0))}"/>`;
}

function hourly(usd: number): number {
  return usd * STEPS_PER_HOUR;
}

/** A round number not below `usd`. */
function niceTop(usd: number): number {
  const power = 10 ** Math.floor(Math.log10(usd));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((one) => one * power).find((one) => one >= usd) ?? usd;
}

function clamp(value: number, from: number, to: number): number {
  return Math.min(to, Math.max(from, value));
}

function at(x: number, y: number): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
