import type { Evaluation, False, Outcome } from "./evaluate.ts";
import type { KindSummary, Rate, Summary } from "./summary.ts";
import type { Told } from "./told.ts";

function two(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "–";
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${Math.round(100 * value)} %` : "–";
}

function span([low, high]: readonly [number, number]): string {
  return `${two(low)}–${two(high)}`;
}

function minutes(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return "∞";
  return value < 180 ? `${Math.round(value)} min` : `${(value / 60).toFixed(1)} h`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function rate({ count, quarters, rate: its, interval }: Rate): string {
  return quarters === 0 ? "–" : `${two(its)} (${span(interval)}; ${count})`;
}

export function falseTable(summary: Summary): string {
  const rows = summary.byTeamKind
    .filter(({ pages, where }) => pages.quarters > 0 || where === "organisation")
    .map(({ where, pages, tickets }) => [
      where,
      where === "organisation" ? "" : pages.quarters.toFixed(1),
      rate(pages),
      rate(tickets),
    ]);
  const all = [
    "**all**",
    summary.quarters.toFixed(1),
    rate(summary.falsePages),
    rate(summary.falseTickets),
  ];
  const cold = [
    "weeks 1–5 (cold)",
    summary.coldPages.quarters.toFixed(1),
    rate(summary.coldPages),
    "",
  ];
  return table(
    ["team kind", "team-quarters", "false pages a team-quarter (95 %; n)", "false tickets"],
    [...rows, all, cold],
  );
}

export function kindTable(kinds: readonly KindSummary[]): string {
  return table(
    [
      "incident",
      "n",
      "in time (95 %)",
      "by a page",
      "had 20 USD by then",
      "in time, of these",
      "at all",
      "median",
      "p90",
      "burnt before, median",
      "named",
      "or leads",
      "one page",
    ],
    kinds.map((one) => [
      one.size === "" ? one.kind : `${one.kind}, ${one.size}`,
      String(one.incidents),
      `${two(one.inTime)} (${span(one.interval)})`,
      two(one.pagedInTime),
      two(one.moneyInTime),
      two(one.inTimeOfThese),
      two(one.found),
      minutes(one.medianMinutes),
      minutes(one.p90Minutes),
      `${one.medianBurntUsd.toFixed(0)} USD`,
      percent(one.named),
      percent(one.leads),
      percent(one.once),
    ]),
  );
}

export function headline(name: string, summary: Summary): string {
  return [
    `**${name}**: ${two(summary.falsePages.rate)} false pages a team-quarter (95 % ${span(summary.falsePages.interval)}, ${summary.falsePages.count} in ${summary.quarters.toFixed(1)},`,
    `${summary.repeats} of them repeats), ${two(summary.falseTickets.rate)} false tickets; mean recall over kinds ${two(summary.recallInTime)} in time (${two(summary.recallPaged)} by pages alone), ${two(summary.recall)} at all;`,
    `right name ${percent(summary.named)} in the scope, ${percent(summary.leads)} with leading contributors; one page ${percent(summary.once)}.`,
  ].join(" ");
}

/** False pages by what made them, most first: what to mend next. */
export function causeTable(wrong: readonly False[]): string {
  const counts = new Map<string, number>();
  for (const { told, where, why } of wrong) {
    const name = `${told.kind} | ${told.factor} | ${levelOf(told)} | ${told.windowMinutes} min | ${where} | ${why}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 40);
  return table(
    ["kind", "factor", "level", "window", "team kind", "why", "n"],
    rows.map(([name, count]) => [...name.split(" | "), String(count)]),
  );
}

function levelOf({ scope }: Told): string {
  return Object.keys(scope).at(-1) ?? "organisation";
}

function scopeText({ scope }: Told): string {
  return Object.entries(scope)
    .map(([level, value]) => `${level}=${value}`)
    .join(" ");
}

export function toldLine(told: Told): string {
  const at = new Date(told.minute * 60_000).toISOString().slice(0, 16);
  const money = `${told.actualUsd.toFixed(2)}/${told.expectedUsd.toFixed(2)} USD`;
  const score = `score ${told.score.toFixed(2)}/bar ${told.bar.toFixed(2)}`;
  return `${at} ${told.severity} ${told.kind} ${told.factor} ${told.windowMinutes} min [${scopeText(told)}] ${money} (actual/expected) ${score}`;
}

function missLine({ truth, told, minutes: took, teamKind }: Outcome): string {
  const at = new Date(truth.startMinute * 60_000).toISOString().slice(0, 16);
  const hours = ((truth.endMinute - truth.startMinute) / 60).toFixed(1);
  const what = `${truth.kind} ${truth.size} ${teamKind} [${truth.teams.join(",")}] ${at} ${hours} h`;
  const money = `excess ${truth.excessUsd.toFixed(0)} normal ${truth.normalUsd.toFixed(0)} USD`;
  const late = told === null ? "MISSED" : `LATE ${minutes(took)}: ${toldLine(told)}`;
  return `${what} ${money} ${late} names ${truth.names.map(({ value }) => value).join(",")}`;
}

/** One line for each false page and ticket, each incident missed or late, each page that names the wrong thing. */
export function listOf(seed: string, evaluation: Evaluation): string[] {
  const wrong = (label: string, list: readonly False[]): string[] =>
    list.map(
      ({ told, where, why, near }) =>
        `${label} seed ${seed} ${where} ${toldLine(told)} ${why} near: ${near.join(", ") || "-"}`,
    );
  const counted = evaluation.outcomes.filter(({ counts }) => counts);
  return [
    ...wrong("FALSE-PAGE", evaluation.falsePages),
    ...wrong("FALSE-TICKET", evaluation.falseTickets),
    ...counted.filter(({ inTime }) => !inTime).map((one) => `MISS seed ${seed} ${missLine(one)}`),
    ...counted
      .filter(({ told, leads }) => told !== null && !leads)
      .map((one) => `MISNAMED seed ${seed} ${missLine(one)}`),
  ];
}
