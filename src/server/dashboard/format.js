// How the page writes money, ratios, counts and times.

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const cents = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const whole = new Intl.NumberFormat("en-US", {
  style: "currency",
  currency: "USD",
  maximumFractionDigits: 0,
});
const short = new Intl.NumberFormat("en-US", {
  style: "currency",
  currency: "USD",
  notation: "compact",
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const counts = new Intl.NumberFormat("en-US");
const shortCounts = new Intl.NumberFormat("en-US", {
  notation: "compact",
  maximumFractionDigits: 1,
});
const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});
const seconds = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZone: "UTC",
});
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** $0.37 · $412.08 · $12,400 · $1.24M; a dash where there is no number. */
export function money(usd) {
  if (!Number.isFinite(usd)) return "–";
  const size = Math.abs(usd);
  if (size > 0 && size < 0.005) return usd > 0 ? "<$0.01" : "−<$0.01";
  if (size < 1000) return cents.format(usd);
  return size < 1_000_000 ? whole.format(usd) : short.format(usd);
}

/** For what is compared with: whole dollars from 100 on. */
export function roughMoney(usd) {
  return Math.abs(usd) >= 100 && Math.abs(usd) < 1000 ? whole.format(usd) : money(usd);
}

/** For the chart's axis: no more digits than needed. */
export function axisMoney(usd) {
  if (usd === 0) return "$0";
  if (Math.abs(usd) >= 1000) return short.format(usd).replace(/\.?0+(?=[KMB]?$)/, "");
  return Math.abs(usd) >= 10 ? whole.format(usd) : cents.format(usd);
}

/** Spent over expected; null where nothing is expected. */
export function ratioOf(actualUsd, expectedUsd) {
  return expectedUsd > 0 ? actualUsd / expectedUsd : null;
}

/** 0.9× · 2.4× · 31× · >99×; "new" where money goes that nobody expected. */
export function ratioText(actualUsd, expectedUsd) {
  const ratio = ratioOf(actualUsd, expectedUsd);
  if (ratio === null) return actualUsd > 0 ? "new" : "–";
  if (ratio > 99) return ">99×";
  return `${ratio >= 9.95 ? Math.round(ratio) : ratio.toFixed(1)}×`;
}

export function percent(share) {
  return `${Math.round(share * 100)}%`.replace("-", "−");
}

export function count(number) {
  return counts.format(number);
}

export function shortCount(number) {
  return number < 10_000 ? counts.format(number) : shortCounts.format(number);
}

/** 14:02, with the day where it is not that of `nowMs`. */
export function time(ms, nowMs = ms) {
  const text = clock.format(ms);
  const sameDay = Math.floor(ms / DAY_MS) === Math.floor(nowMs / DAY_MS);
  return sameDay ? text : `${date.format(ms)}, ${text}`;
}

export function timeOfDay(ms) {
  return seconds.format(ms);
}

export function day(ms) {
  return date.format(ms);
}

/** 8 s · 42 min · 3 h 5 min · 2 d 4 h */
export function duration(ms) {
  const span = Math.max(0, ms);
  if (span < MINUTE_MS) return `${Math.round(span / 1000)} s`;
  if (span < HOUR_MS) return `${Math.floor(span / MINUTE_MS)} min`;
  const [large, small, largeUnit, smallUnit] =
    span < DAY_MS ? [HOUR_MS, MINUTE_MS, "h", "min"] : [DAY_MS, HOUR_MS, "d", "h"];
  const rest = Math.floor((span % large) / small);
  return `${Math.floor(span / large)} ${largeUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ""}`;
}
