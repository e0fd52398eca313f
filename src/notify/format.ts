/** How numbers are written in messages: short, and with their unit. All of it pure; times are UTC and say so. */

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** $0.42 · $12.30 · $1,234 · $12.3k · $1.23M. Dollars in. */
export function formatUsd(usd: number): string {
  if (!Number.isFinite(usd)) return "unknown";
  const size = Math.abs(usd);
  const sign = usd < 0 && size >= 0.005 ? "−" : "";
  if (size > 0 && size < 0.005) return "under $0.01";
  if (size < 99.995) return `${sign}$${size.toFixed(2)}`;
  if (size < 9_999.5) return `${sign}$${GROUPED.format(size)}`;
  if (size < 999_950) return `${sign}$${(size / 1_000).toFixed(1)}k`;
  if (size < 999_995_000) return `${sign}$${(size / 1_000_000).toFixed(2)}M`;
  return `${sign}$${(size / 1_000_000_000).toFixed(2)}B`;
}

export function formatUsdPerHour(usdPerHour: number): string {
  return `${formatUsd(usdPerHour)}/h`;
}

/** 6.2× · 12× · over 1,000×; "" where nothing was expected, so that nobody reads a ratio to zero. */
export function formatRatio(actual: number, expected: number): string {
  if (expected < 0.005 || !Number.isFinite(actual / expected)) return "";
  return formatTimes(actual / expected);
}

export function formatTimes(ratio: number): string {
  if (!Number.isFinite(ratio)) return "unknown";
  if (ratio >= 1_000) return "over 1,000×";
  if (ratio >= 10) return `${ratio.toFixed(0)}×`;
  return ratio >= 0.95 || ratio === 0 ? `${ratio.toFixed(1)}×` : `${ratio.toFixed(2)}×`;
}

/** A share of 1 as whole percent. */
export function formatShare(share: number): string {
  const percent = Math.round(Math.abs(share) * 100);
  if (percent === 0) return share === 0 ? "0%" : "under 1%";
  return `${share < 0 ? "−" : ""}${percent}%`;
}

/** 2026-03-04 02:41 UTC */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** 02:41 UTC */
export function formatClock(ms: number): string {
  return formatTime(ms).slice(11);
}

/** 40 s · 12 min · 3 h 20 min · 2 d 4 h */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return withRest(`${hours} h`, minutes % 60, "min");
  return withRest(`${Math.floor(hours / 24)} d`, hours % 24, "h");
}

function withRest(whole: string, rest: number, unit: string): string {
  return rest === 0 ? whole : `${whole} ${rest} ${unit}`;
}

const BARS = "▁▂▃▄▅▆▇█";

/** A chart of one line: at most `width` bars, each the largest of the values it stands for, on a scale from zero. */
export function sparkline(values: readonly number[], width: number): string {
  const bars = Math.min(width, values.length);
  const heights = Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * values.length) / bars);
    const to = Math.floor(((bar + 1) * values.length) / bars);
    return Math.max(0, ...values.slice(from, to).filter(Number.isFinite));
  });
  const top = Math.max(...heights, Number.MIN_VALUE);
  return heights.map((height) => BARS[Math.round((height / top) * (BARS.length - 1))]).join("");
}
