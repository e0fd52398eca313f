import { z } from "zod";
import type { CalendarEntry } from "./calendar-file.ts";
import { DETECTION_SCHEMA } from "./detection.ts";
import { PIPELINE_TEST_SCHEMA } from "./pipeline-test.ts";
import { byteSize, duration } from "./quantity.ts";
import { ALWAYS, dimensionText } from "./schema-parts.ts";

/** Dimensions that a pipeline may map or default by their own name; its labels come on top. */
export const MAPPABLE_DIMENSIONS = [
  "department",
  "team",
  "user",
  "key",
  "agent",
  "provider",
  "model",
  "tool",
  "service_tier",
  "session",
] as const;

export const FORMATS = ["canonical-json", "otlp-json-spans"] as const;
export type Format = (typeof FORMATS)[number];

const MAX_LABELS = 4;
/** The store takes at most this many rows a commit as one part. */
const MAX_FLUSH_ROWS = 50_000;
const DAY_MS = 86_400_000;

const reference = z
  .string()
  .regex(
    /^(resource|attribute|header)\../,
    "is no reference; write resource.NAME, attribute.NAME or header.NAME",
  );

const topicName = z.string().regex(/^[\w.-]{1,249}$/, "is no name of a Kafka topic");

const source = z
  .strictObject({
    kafka: z
      .strictObject({
        topics: z.array(topicName).min(1, "is empty; name at least one topic"),
        group: z.string().min(1).default("spikewatch").describe("Consumer group"),
        session_timeout: duration({ minMs: 1_000, maxMs: 1_800_000 })
          .prefault("30s")
          .describe("A worker that Kafka has not heard for this long loses its partitions"),
        dead_letter_topic: topicName
          .optional()
          .describe("Rejected events are written there too, before the commit that keeps them"),
      })
      .refine(({ topics, dead_letter_topic: to }) => to === undefined || !topics.includes(to), {
        path: ["dead_letter_topic"],
        message: "is one of the topics that are read; name another one",
      })
      .transform(
        ({
          topics,
          group,
          session_timeout: sessionTimeoutMs,
          dead_letter_topic: deadLetterTopic,
        }) => ({
          topics,
          group,
          sessionTimeoutMs,
          deadLetterTopic,
        }),
      )
      .optional()
      .describe("Read when SPIKEWATCH_KAFKA_BROKERS is set"),
    file: z
      .strictObject({ path: z.string().min(1).describe("Relative to this file") })
      .optional()
      .describe("Read when no brokers are set; absent: stdin"),
  })
  .prefault({})
  .describe("Where records come from");

const dedupe = z
  .strictObject({
    window: duration({ minMs: 0, maxMs: 7 * DAY_MS }).prefault("10m"),
    max_ids: z.int().min(1).max(50_000_000).default(2_000_000).describe("Most ids held in memory"),
  })
  .prefault({})
  .describe("Events whose id was seen within the window count once; window 0 switches it off");

const limits = z
  .strictObject({
    max_record: byteSize({ min: 1024, max: 256 * 1024 ** 2 }).prefault("4MiB"),
    reject_share: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe("The worker stops when more than this share of a batch is rejected"),
  })
  .prefault({});

const flush = z
  .strictObject({
    every: duration({ minMs: 50, maxMs: 3_600_000 }).prefault("2s"),
    max_rows: z.int().min(1).max(MAX_FLUSH_ROWS).default(MAX_FLUSH_ROWS),
  })
  .prefault({})
  .describe("Panes are stored after this time, or at this many rows");

const fold = z
  .strictObject({
    enabled: z.boolean().default(true),
    after: duration({ minMs: DAY_MS, maxMs: 3_650 * DAY_MS })
      .prefault("2d")
      .describe("How long a week must be over; until then each commit keeps its own rows"),
  })
  .prefault({})
  .describe("Commits of calendar weeks that are over are summed up to one row a pane");

/** The text of one `pipelines/*.yaml`, as people write it. Output: camel case, durations in ms, sizes in bytes, every default set. */
export const PIPELINE_SCHEMA = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, "must be 1 to 64 letters, digits, dots or dashes")
      .describe("Names the pipeline in messages"),
    source,
    format: z.enum(FORMATS).describe("How records are written"),
    mapping: z
      .record(z.string(), z.array(reference).min(1, "is empty; name at least one reference"))
      .default({})
      .describe("Where a dimension comes from: the first reference that holds a value"),
    defaults: z
      .record(z.string(), dimensionText)
      .default({})
      .describe("Value of a dimension that an event does not hold; else `unknown`"),
    labels: z
      .array(dimensionText)
      .max(MAX_LABELS, "has too many entries; at most 4 labels can be dimensions")
      .default([])
      .describe("Labels that become dimensions"),
    dedupe,
    limits,
    lateness: duration({ minMs: 0, maxMs: DAY_MS })
      .prefault("2m")
      .describe("How far events may lag behind the newest before their minute counts as closed"),
    idle_after: duration({ minMs: 100, maxMs: DAY_MS })
      .prefault("30s")
      .describe("A partition that gave nothing for this long holds nobody up"),
    flush,
    fold,
    prices: z
      .string()
      .min(1)
      .optional()
      .describe("Price book, relative to this file; absent: price-book.yaml beside it, or ours"),
    cost_source: z
      .enum(["computed", "reported", "max"])
      .default("computed")
      .describe("computed: by the price book, as reported where the model has no price"),
    input_includes_cache: z
      .enum(["yes", "no", "auto"])
      .default("auto")
      .describe("OTLP: whether input_tokens holds the cached tokens; auto: judged by the numbers"),
    detection: DETECTION_SCHEMA,
    tests: z.array(PIPELINE_TEST_SCHEMA).default([]).describe("Run by `spikewatch check`"),
  })
  .superRefine(checkLabels, ALWAYS)
  .superRefine(checkReferences, ALWAYS)
  .transform((yaml) => ({
    name: yaml.name,
    source: yaml.source,
    format: yaml.format,
    mapping: yaml.mapping,
    defaults: yaml.defaults,
    labels: yaml.labels,
    dedupe: { windowMs: yaml.dedupe.window, maxIds: yaml.dedupe.max_ids },
    limits: {
      maxRecordBytes: yaml.limits.max_record,
      rejectShare: yaml.limits.reject_share,
    },
    latenessMs: yaml.lateness,
    idleAfterMs: yaml.idle_after,
    flush: { everyMs: yaml.flush.every, maxRows: yaml.flush.max_rows },
    fold: { enabled: yaml.fold.enabled, afterMs: yaml.fold.after },
    prices: yaml.prices,
    costSource: yaml.cost_source,
    inputIncludesCache: yaml.input_includes_cache,
    detection: yaml.detection,
    tests: yaml.tests,
  }));

/** One input, ready to use: paths are absolute, every default is set. */
export type Pipeline = Omit<z.output<typeof PIPELINE_SCHEMA>, "prices" | "detection"> & {
  /** Absolute path of the file it was read from. */
  readonly path: string;
  /** Absolute path of the price book. */
  readonly prices: string;
  readonly detection: Omit<z.output<typeof DETECTION_SCHEMA>, "calendar"> & {
    /** What the calendar file holds; empty where none is named. */
    readonly calendar: readonly CalendarEntry[];
  };
};

/** What the checks across fields look at; of a file with other mistakes, as it was written. */
interface Names {
  readonly labels: unknown;
  readonly format: unknown;
  readonly mapping: unknown;
  readonly defaults: unknown;
  readonly input_includes_cache: unknown;
}

function checkLabels({ labels }: Names, context: z.RefinementCtx): void {
  const names = listOf(labels);
  names.forEach((label, index) => {
    const path = ["labels", index];
    if (names.indexOf(label) !== index) {
      context.addIssue({ code: "custom", path, message: "is named twice; remove one" });
    } else if ((MAPPABLE_DIMENSIONS as readonly unknown[]).includes(label)) {
      const message = "is a dimension already; rename the label";
      context.addIssue({ code: "custom", path, message });
    }
  });
}

function checkReferences(pipeline: Names, context: z.RefinementCtx): void {
  const known = new Set([...MAPPABLE_DIMENSIONS, ...listOf(pipeline.labels)]);
  for (const block of ["mapping", "defaults"] as const) {
    for (const [name] of entriesOf(pipeline[block])) {
      if (known.has(name)) continue;
      const names = [...known].map(String).join(", ");
      const message = `is no dimension; use one of ${names}, or name it under labels`;
      context.addIssue({ code: "custom", path: [block, name], message });
    }
  }
  if (pipeline.format !== "canonical-json") return;
  if (["yes", "no"].includes(String(pipeline.input_includes_cache))) {
    const message = "has no meaning in canonical JSON, whose token counts are disjoint; remove it";
    context.addIssue({ code: "custom", path: ["input_includes_cache"], message });
  }
  for (const [name, references] of entriesOf(pipeline.mapping)) {
    listOf(references).forEach((one, index) => {
      if (!/^(resource|attribute)\./.test(String(one))) return;
      const message = "does not exist in canonical JSON; only header.NAME does";
      context.addIssue({ code: "custom", path: ["mapping", name, index], message });
    });
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
