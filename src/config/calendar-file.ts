import { z } from "zod";
import { ALWAYS, dimensionText } from "./schema-parts.ts";
import { readYamlFile, type Environment } from "./yaml-file.ts";

export const CALENDAR_KINDS = ["holiday", "month_end", "event"] as const;

/** What an event is expected to cost where the calendar does not say, times normal. */
const EXPECT = 2;
const LAST_DAYS = 1;
const DAY_MINUTES = 1440;
const LOCAL_TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?$/;
const localTime = z
  .string()
  .refine(
    (text) => localMinuteOf(text) !== null,
    "is no date of the calendar; write 2026-12-24 or 2026-12-24T18:00, local time without a zone",
  );

const entry = z
  .strictObject({
    name: dimensionText.describe("What people call it; shown where it counts"),
    kind: z
      .enum(CALENDAR_KINDS)
      .describe("holiday: like a Sunday; month_end, event: `expect` times normal"),
    date: localTime.optional().describe("One day, local to whoever it is about"),
    from: localTime.optional().describe("First day, or local time"),
    to: localTime.optional().describe("Last day, or the local time at which it is over"),
    every: z.literal("month_end").optional().describe("Comes back with the end of each month"),
    days: z
      .int()
      .min(1)
      .max(28)
      .optional()
      .describe("With `every: month_end`: this many last days of the month, default 1"),
    departments: z
      .array(dimensionText)
      .min(1, "is empty; remove it, and it is about everybody")
      .optional()
      .describe("About these, and the teams named; absent with teams: about everybody"),
    teams: z
      .array(dimensionText)
      .min(1, "is empty; remove it, and it is about everybody")
      .optional()
      .describe("About these, and the departments named"),
    expect: z
      .number()
      .gt(0)
      .max(1000)
      .optional()
      .describe("Times normal, default 2; a larger excess is still told"),
  })
  .superRefine(checkWhen, ALWAYS)
  .superRefine(checkMeaning, ALWAYS)
  .transform((yaml) => ({
    name: yaml.name,
    kind: yaml.kind,
    when: whenOf(yaml),
    departments: yaml.departments ?? [],
    teams: yaml.teams ?? [],
    expect: yaml.kind === "holiday" ? null : (yaml.expect ?? EXPECT),
  }));

/** A calendar file: a list of entries. Output: local minutes since 1970-01-01T00:00, every default set. */
export const CALENDAR_SCHEMA = z.array(entry);
export type CalendarEntry = z.output<typeof entry>;

/** Reads a calendar. Throws a ConfigError with every problem and its line. */
export function loadCalendar(path: string, env: Environment = {}): readonly CalendarEntry[] {
  return readYamlFile(CALENDAR_SCHEMA, { path, env });
}

interface Times {
  readonly kind: unknown;
  readonly date?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly every?: unknown;
  readonly days?: unknown;
  readonly expect?: unknown;
}

function checkWhen({ date, from, to, every, days }: Times, context: z.RefinementCtx): void {
  const report = (path: string[], message: string): void =>
    context.addIssue({ code: "custom", path, message });
  const ways = [date, every, from ?? to].filter((one) => one !== undefined).length;
  if (ways === 0) report([], "says no time; write date, from and to, or every: month_end");
  if (ways > 1) report([], "says its time twice; keep date, or from and to, or every: month_end");
  if ((from === undefined) !== (to === undefined)) {
    const [alone, other] = from === undefined ? ["to", "from"] : ["from", "to"];
    report([alone], `needs a ${other} beside it; for one day write date`);
  }
  if (days !== undefined && every === undefined)
    report(["days"], "goes with every: month_end; remove it");
  const [begin, end] = [beginOf(from), endOf(to)];
  if (begin !== null && end !== null && end <= begin)
    report(["to"], "is not after from; swap them");
}

function checkMeaning({ kind, every, expect }: Times, context: z.RefinementCtx): void {
  if (kind === "holiday" && expect !== undefined) {
    const message = "has no meaning for a holiday; remove it, or write kind: event";
    context.addIssue({ code: "custom", path: ["expect"], message });
  }
  if (kind === "holiday" && every !== undefined) {
    const message = "is no holiday; write kind: month_end";
    context.addIssue({ code: "custom", path: ["kind"], message });
  }
}

/** When an entry counts: a span of local minutes (to exclusive), or the last days of each month. */
type When =
  | { readonly every: "once"; readonly fromMinute: number; readonly toMinute: number }
  | { readonly every: "month_end"; readonly days: number };

/** Of an entry whose checks have passed; of another one it does not matter. */
function whenOf(yaml: Times & { readonly days?: number | undefined }): When {
  if (yaml.every !== undefined) return { every: "month_end", days: yaml.days ?? LAST_DAYS };
  const fromMinute = beginOf(yaml.date ?? yaml.from) ?? 0;
  const toMinute = endOf(yaml.date ?? yaml.to) ?? 0;
  return { every: "once", fromMinute, toMinute };
}

function beginOf(text: unknown): number | null {
  return typeof text === "string" ? localMinuteOf(text) : null;
}

/** A day ends when it is over, a time when it is there. */
function endOf(text: unknown): number | null {
  const minute = beginOf(text);
  const isDay = typeof text === "string" && text.length === "2026-12-24".length;
  return minute === null ? null : minute + (isDay ? DAY_MINUTES : 0);
}

/** Minutes on a clock on the wall, counted as if it were UTC; null for what no calendar has. */
function localMinuteOf(text: string): number | null {
  const [, year, month, day, hour = "00", minute = "00"] = LOCAL_TIME.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const iso = `${year}-${month}-${day}T${hour}:${minute}`;
  const ms = Date.parse(`${iso}:00Z`);
  // 30 February is read as 2 March: what comes back must be what went in.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(iso) ? ms / 60_000 : null;
}
