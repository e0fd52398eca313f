import type { Incident } from "../detect/incident.ts";
import { cleanName, escapeHtml } from "../notify/escape.ts";
import {
  formatDuration,
  formatRatio,
  formatShare,
  formatTime,
  formatTimes,
  formatUsd,
  formatUsdPerHour,
} from "../notify/format.ts";
import { write, type Phrase } from "../notify/phrase.ts";
import { scopePhrase } from "../notify/scope-phrase.ts";
import { factorWords } from "../notify/who-and-why.ts";
import { compareRuns, countRows } from "./backtest-compare.ts";
import { STYLE } from "./backtest-html-style.ts";
import { count, type BacktestResult } from "./backtest-report.ts";
import type { BacktestRun } from "./backtest-run.ts";
import { incidentChart } from "./incident-chart.ts";
import { settingRows } from "./setting-rows.ts";

/** More charts than this make a file that no browser likes; the table has all incidents. */
const MAX_CHARTS = 300;
/** What detection calls those it does not name one by one. */
const REST = new Set(["__rest__", "__other__"]);
const QUARTER_MS = 91 * 86_400_000;

/** An incident, and which of the runs have it. */
interface Shown {
  readonly incident: Incident;
  readonly by: string;
}

/** A backtest as one page that asks the network for nothing and runs no script: all charts are drawn in it. Names are data: all of them are escaped. */
export function reportHtml(result: BacktestResult): string {
  const shown = shownOf(result.runs);
  const charted = new Set(
    [...shown].sort((a, b) => b.incident.excessUsd - a.incident.excessUsd).slice(0, MAX_CHARTS),
  );
  const compared = result.runs.length > 1;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>spikewatch backtest</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Backtest</h1>
${summary(result)}
${settings(result.runs)}
<h2>Incidents</h2>
${shown.length === 0 ? "<p>None: nobody would have been paged.</p>" : table(shown, charted, compared)}
${details(shown, charted, compared)}
</body>
</html>
`;
}

/** In order of time. What two runs both have is shown once, as the first tells it. */
function shownOf(runs: readonly BacktestRun[]): Shown[] {
  const [a, b] = runs;
  if (a === undefined) return [];
  if (b === undefined) return a.incidents.map((incident) => ({ incident, by: "" }));
  const { onlyA, onlyB, both } = compareRuns(a, b);
  const shown = [
    ...onlyA.map((incident) => ({ incident, by: "only A" })),
    ...onlyB.map((incident) => ({ incident, by: "only B" })),
    ...both.map(([incident]) => ({ incident, by: "A and B" })),
  ];
  return shown.sort((x, y) => x.incident.openedAtMs - y.incident.openedAtMs);
}

function summary({ runs, scale, file, rows }: BacktestResult): string {
  const { span, teams, usd } = scale;
  const quarters = span === null ? 0 : (teams * (span.toMs - span.fromMs)) / QUARTER_MS;
  const tiles = runs.flatMap((run, index) => {
    const { pages, tickets } = count(run.incidents);
    const who = runs.length > 1 ? `${"AB"[index] ?? ""}: ` : "";
    return [
      tile(`${who}pages`, String(pages)),
      tile(`${who}tickets`, String(tickets)),
      tile(`${who}pages a team-quarter`, quarters > 0 ? (pages / quarters).toFixed(2) : "–"),
    ];
  });
  const judged =
    file === null
      ? `${(rows ?? 0).toLocaleString("en-US")} rows of usage from ClickHouse`
      : `${file.accepted.toLocaleString("en-US")} events (${file.rejected.toLocaleString("en-US")} rejected)`;
  const time =
    span === null
      ? "nothing was there to judge"
      : `${formatTime(span.fromMs)} to ${formatTime(span.toMs)} (${formatDuration(span.toMs - span.fromMs)})`;
  return `<p>${judged}, ${teams} teams, ${formatUsd(usd)}; ${time}</p><dl class="tiles">${tiles.join("")}</dl>${counts(runs)}`;
}

function tile(name: string, value: string): string {
  return `<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function counts([a, b]: readonly BacktestRun[]): string {
  if (a === undefined || b === undefined) return "";
  const rows = countRows(a, b).map(
    ({ name, counts }) =>
      `<tr><th scope="row">${text(name)}</th>${counts.map((one) => `<td>${one}</td>`).join("")}</tr>`,
  );
  return `<table><thead><tr><th></th><th>A: pages</th><th>tickets</th><th>B: pages</th><th>tickets</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function settings(runs: readonly BacktestRun[]): string {
  const all = runs.map((run) => new Map(settingRows(run.settings)));
  const names = [...(all[0]?.keys() ?? [])];
  const rows = names.map((name) => {
    const values = all.map((one) => one.get(name) ?? "");
    const differs = new Set(values).size > 1 ? ' class="differs"' : "";
    return `<tr${differs}><th scope="row">${name}</th>${values.map((one) => `<td>${text(one, 4_000)}</td>`).join("")}</tr>`;
  });
  const files = runs.map(
    ({ file }, index) => `<th>${runs.length > 1 ? `${"AB"[index] ?? ""}: ` : ""}${text(file)}</th>`,
  );
  return `<h2>Settings</h2><table class="settings"><thead><tr><th></th>${files.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function table(shown: readonly Shown[], charted: ReadonlySet<Shown>, compared: boolean): string {
  const rows = shown.map((one) => {
    const { incident, by } = one;
    const opened = formatTime(incident.openedAtMs);
    const before = [
      charted.has(one) ? `<a href="#${text(incident.id, 128)}">${opened}</a>` : opened,
      ...(compared ? [by] : []),
      `<span class="${incident.severity}">${incident.severity}</span>`,
      incident.kind,
    ];
    const after = [
      lasted(incident),
      formatUsd(incident.actualUsd),
      formatUsd(incident.expectedUsd),
      formatUsd(incident.excessUsd),
    ];
    return `<tr>${cells(before)}<td class="scope">${phrase(scopePhrase(incident.scope))}</td>${cells(after)}</tr>`;
  });
  const by = compared ? "<th>Found by</th>" : "";
  return `<table class="incidents"><thead><tr><th>Opened</th>${by}<th>Severity</th><th>Kind</th><th>Scope</th><th>Lasted</th><th>Actual</th><th>Expected</th><th>Excess</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function cells(values: readonly string[]): string {
  return values.map((value) => `<td>${value}</td>`).join("");
}

function lasted({ openedAtMs, windowMs, resolvedAtMs }: Incident): string {
  return resolvedAtMs === null
    ? "open at the end"
    : formatDuration(resolvedAtMs - (openedAtMs - windowMs));
}

function details(shown: readonly Shown[], charted: ReadonlySet<Shown>, compared: boolean): string {
  const left = shown.length - charted.size;
  const note =
    left === 0
      ? ""
      : `<p>The ${charted.size} with the largest excess are shown; ${left} more are in the table.</p>`;
  return (
    note +
    shown
      .filter((one) => charted.has(one))
      .map((one) => detail(one, compared))
      .join("\n")
  );
}

function detail({ incident, by }: Shown, compared: boolean): string {
  const ratio = formatRatio(incident.actualUsd, incident.expectedUsd);
  const { score, bar } = incident.decision ?? incident;
  const facts = [
    `opened ${formatTime(incident.openedAtMs)}, lasted ${lasted(incident)}`,
    `${formatUsd(incident.actualUsd)} against ${formatUsd(incident.expectedUsd)} expected${ratio === "" ? "" : ` (${ratio})`}: ${formatUsd(incident.excessUsd)} too much`,
    `at last ${formatUsdPerHour(incident.actualUsdPerHour)}, expected ${formatUsdPerHour(incident.expectedUsdPerHour)}`,
    `window ${formatDuration(incident.windowMs)}, score ${score.toFixed(1)}, bar ${bar.toFixed(1)}`,
  ];
  const tag = compared ? ` <span class="by">${by}</span>` : "";
  return `<section class="card" id="${text(incident.id, 128)}">
<h3><span class="${incident.severity}">${incident.severity}</span> ${incident.kind}: ${phrase(scopePhrase(incident.scope))}${tag}</h3>
${list(facts)}
<figure>${incidentChart(incident)}<figcaption><span class="key actual"></span>actual <span class="key expected"></span>expected, dollars an hour, UTC; <span class="key incident"></span>the incident, the line is when it opened</figcaption></figure>
<div class="who">${contributors(incident)}${factors(incident)}</div>
<p class="id">${text(incident.id, 128)}</p>
</section>`;
}

function contributors({ contributors }: Incident): string {
  if (contributors.length === 0) return "";
  const rows = contributors.map((one) => [
    one.dimension,
    REST.has(one.value) ? "all others" : `<b>${text(one.value)}</b>`,
    formatShare(one.share),
    formatUsd(one.actualUsd),
    formatUsd(one.expectedUsd),
  ]);
  const head = ["", "Who carries the excess", "Share", "Actual", "Expected"];
  return `<div>${smallTable(head, rows)}</div>`;
}

function factors({ factors }: Incident): string {
  if (factors.length === 0) return "";
  const rows = factors.map(({ factor, ratio, share }) => [
    factorWords({ factor, ratio, share }),
    `${formatTimes(ratio)} normal`,
    formatShare(share),
  ]);
  return `<div>${smallTable(["Why", "", "Part of the rise"], rows)}</div>`;
}

function smallTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `<tr>${cells(row)}</tr>`);
  return `<table class="small"><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join("")}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function list(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${line}</li>`).join("")}</ul>`;
}

/** Our words, with the names in them made inert. */
function phrase(said: Phrase): string {
  return write(said, { name: (name) => `<b>${text(name)}</b>`, text: escapeHtml });
}

function text(name: string, maxCodePoints = 80): string {
  return escapeHtml(cleanName(name, maxCodePoints));
}
