import { budgetName, BUDGETS, DETECTOR, type Measured, type Negatives } from "./measure.ts";
import { causeTable, falseTable, headline, kindTable, table, toldLine } from "./markdown.ts";
import { poisson } from "./intervals.ts";
import type { Liveliness } from "./realism.ts";
import type { Summary } from "./summary.ts";

interface About {
  readonly command: string;
  readonly seeds: string;
  readonly seconds: number;
}

/** The whole report. */
export function markdownOf(
  about: About,
  measured: Measured,
  { negatives, list }: { negatives: Negatives | null; list: boolean },
): string {
  const summary = measured.summaries.get(DETECTOR) as Summary;
  const wrong = measured.evaluations.flatMap(({ falsePages }) => falsePages);
  const tickets = measured.evaluations.flatMap(({ falseTickets }) => falseTickets);
  const parts = [
    "# Detection on simulated companies",
    `\`${about.command}\`: seeds ${about.seeds}, ${about.seconds.toFixed(0)} s.`,
    headline(DETECTOR, summary),
    surgeLine(measured),
    falseTable(summary),
    kindTable(summary.kinds),
    `## By size\n\n${kindTable(summary.sizes)}`,
    `## By kind of team\n\n${kindTable(summary.places)}`,
    `## Budgets and other rules, on the same stream\n\n${rulesTable(measured.summaries)}`,
    `## Livelier than life?\n\n${livelinessTable([...measured.liveliness, ...(negatives?.liveliness ?? [])])}`,
    ...(negatives === null ? [] : [`## ServeGen clients\n\n${clientsText(negatives)}`]),
    `## What made the false pages\n\n${causeTable(wrong)}`,
    `## What made the false tickets\n\n${causeTable(tickets)}`,
  ];
  if (list) parts.push(`## List\n\n${measured.lines.join("\n")}`);
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function surgeLine({ surging }: Measured): string {
  if (surging.length === 0) return "";
  const pages = surging.reduce((sum, one) => sum + one.falsePages.length, 0);
  const tickets = surging.reduce((sum, one) => sum + one.falseTickets.length, 0);
  return `${surging.length} companies that surge, apart from the rates: ${pages} false pages, ${tickets} false tickets.`;
}

function rulesTable(summaries: ReadonlyMap<string, Summary>): string {
  const curve = BUDGETS.map((budget) => (budget === 1 ? DETECTOR : budgetName(budget)));
  const rules = [...summaries.keys()].filter((name) => !curve.includes(name));
  const rows = [...curve, ...rules].flatMap((name) => {
    const summary = summaries.get(name);
    if (summary === undefined) return [];
    const { falsePages, falseTickets } = summary;
    const [low, high] = falsePages.interval;
    return [
      [
        name === DETECTOR ? `**${name}, 1 a quarter**` : name,
        `${falsePages.rate.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`,
        falseTickets.rate.toFixed(2),
        summary.recallInTime.toFixed(2),
        summary.recall.toFixed(2),
      ],
    ];
  });
  const head = [
    "rule",
    "false pages a team-quarter (95 %)",
    "false tickets",
    "recall in time",
    "at all",
  ];
  return table(head, rows);
}

function livelinessTable(all: readonly Liveliness[]): string {
  const rows = all.map((one) => [
    one.group,
    String(one.series),
    one.usdPerDay.toFixed(0),
    one.hourlyCv.toFixed(2),
    one.priceCv.toFixed(2),
    `${one.overFive.toFixed(1)} (${one.overFiveBusy.toFixed(1)})`,
    `${one.overHalf.toFixed(1)} (${one.overHalfBusy.toFixed(1)})`,
  ]);
  const head = [
    "group",
    "series",
    "USD a day",
    "cv of hourly USD",
    "cv of USD a request",
    "10 min over 5x forecast, a week (busy)",
    "hours over 1.5x (busy)",
  ];
  const asked = [
    ["detection.md: 25 people", "", "220–351", "0.58", "0.06–0.07 (calculated)", "", ""],
    ["detection.md: ServeGen over 2,000 USD a day", "", "", "", "", "37", ""],
    ["detection.md: ServeGen, 12 pooled", "", "", "", "", "38", "25"],
  ];
  return table(head, [...rows, ...asked]);
}

function clientsText({ clients, pages, tickets }: Negatives): string {
  const [low, high] = poisson(pages.length);
  const rate = (count: number): string => (count / clients).toFixed(2);
  const line = `${clients} clients, second week: ${pages.length} pages, ${rate(pages.length)} a client-week (95 % ${rate(low)}–${rate(high)}); ${tickets} tickets.`;
  return [line, ...pages.slice(0, 60).map((one) => `- ${toldLine(one)}`)].join("\n");
}
