import { z } from "zod";
import { ALWAYS, dimensionText, timezone } from "./schema-parts.ts";

/** What a scope of an override may name, from the widest down. */
export const SCOPE_NAMES = ["department", "team", "user", "key", "agent", "model", "tool"] as const;

/** Kinds of incidents that can be muted: all there are. */
export const MUTABLE_KINDS = [
  "spike",
  "shift",
  "ramp",
  "off-hours",
  "price",
  "waste",
  "budget",
  "new",
  "drop",
  "pipeline",
] as const;

const pagesPerQuarter = z
  .number()
  .gt(0)
  .max(1000)
  .describe("How many chance pages a team may get in a quarter; fewer means later and larger");
const minimumUsd = z.number().min(0).describe("Money at stake below which nobody is told");
const sensitivity = z
  .number()
  .gt(0)
  .max(10)
  .describe("Multiplies pages_per_quarter, for files that have it: 2: twice as eager; 0.5: half");
const zone = timezone.describe("Whose clock and days count, an IANA name such as Europe/Berlin");

const override = z
  .strictObject({
    department: dimensionText.optional(),
    team: dimensionText.optional(),
    user: dimensionText.optional(),
    key: dimensionText.optional(),
    agent: dimensionText.optional(),
    model: dimensionText.optional(),
    tool: dimensionText.optional(),
    pages_per_quarter: pagesPerQuarter.optional(),
    minimum_usd: minimumUsd.optional(),
    sensitivity: sensitivity.optional(),
    timezone: zone.optional(),
    mute_kinds: z.array(z.enum(MUTABLE_KINDS)).optional().describe("Kinds that are not told here"),
  })
  .superRefine(checkOverride, ALWAYS)
  .transform((yaml) => ({
    scope: given({
      department: yaml.department,
      team: yaml.team,
      user: yaml.user,
      key: yaml.key,
      agent: yaml.agent,
      model: yaml.model,
      tool: yaml.tool,
    }),
    pagesPerQuarter: yaml.pages_per_quarter ?? null,
    minimumUsd: yaml.minimum_usd ?? null,
    sensitivity: yaml.sensitivity ?? null,
    timezone: yaml.timezone ?? null,
    muteKinds: yaml.mute_kinds ?? null,
  }));

/** `detection:` of a pipeline file. Output: camel case; `calendar` is still the path as it is written. */
export const DETECTION_SCHEMA = z
  .strictObject({
    pages_per_quarter: pagesPerQuarter.default(1),
    minimum_usd: minimumUsd.default(20),
    sensitivity: sensitivity.default(1),
    timezone: zone.default("UTC"),
    calendar: z
      .string()
      .min(1)
      .optional()
      .describe("File of holidays, month ends and planned events, relative to this file"),
    overrides: z
      .array(override)
      .superRefine(checkTwice, { when: ({ value }) => Array.isArray(value) })
      .default([])
      .describe("Other settings for a department, team, user, key, …; the most specific wins"),
  })
  .prefault({})
  .transform((yaml) => ({
    pagesPerQuarter: yaml.pages_per_quarter,
    minimumUsd: yaml.minimum_usd,
    sensitivity: yaml.sensitivity,
    timezone: yaml.timezone,
    calendar: yaml.calendar,
    overrides: yaml.overrides,
  }));

function checkOverride(yaml: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const names = SCOPE_NAMES as readonly string[];
  const keys = Object.keys(yaml).filter((key) => yaml[key] !== undefined);
  if (!keys.some((key) => names.includes(key))) {
    const message = `names no scope; add ${SCOPE_NAMES.join(", ")}, or write it above for all`;
    context.addIssue({ code: "custom", path: [], message });
  } else if (keys.every((key) => names.includes(key))) {
    const message = "sets nothing; add a setting such as minimum_usd, or remove it";
    context.addIssue({ code: "custom", path: [], message });
  }
}

/** What is set twice for one scope would depend on the order of lines. */
function checkTwice(overrides: readonly unknown[], context: z.RefinementCtx): void {
  const seen = new Map<string, number>();
  overrides.forEach((one, index) => {
    const scope = scopeText(one);
    const first = seen.get(scope);
    if (first === undefined) seen.set(scope, index);
    else if (scope !== "") {
      const message = `has the scope of overrides[${first}]; put both into one`;
      context.addIssue({ code: "custom", path: [index], message });
    }
  });
}

/** Of an override that is read, or, where another one is wrong, as it was written. */
function scopeText(override: unknown): string {
  if (typeof override !== "object" || override === null) return "";
  const scope: unknown = Reflect.get(override, "scope") ?? override;
  if (typeof scope !== "object" || scope === null) return "";
  const parts = SCOPE_NAMES.map((name): unknown => Reflect.get(scope, name));
  return parts.some((part) => part !== undefined) ? JSON.stringify(parts) : "";
}

type Names = Partial<Record<(typeof SCOPE_NAMES)[number], string>>;

function given(scope: Readonly<Record<keyof Names, string | undefined>>): Names {
  const named = Object.entries(scope).filter(([, name]) => name !== undefined);
  return Object.fromEntries(named);
}
