import { z } from "zod";

const text = z.string();
const count = z.int().min(0);
const money = z
  .union([z.number().min(0), z.string().regex(/^\d+(\.\d{1,9})?$/)], {
    error: 'is no amount in USD; write for example "0.054399"',
  })
  .describe("USD, at most 9 decimals");

/** What a test expects of one event. Only the fields named are compared. Names are those of the canonical event. */
const EXPECTED_EVENT = z
  .strictObject({
    rejected: text.describe("The reason why this event is rejected; nothing else is compared"),
    time: text.describe("RFC 3339"),
    department: text,
    team: text,
    user: text,
    key: text,
    agent: text,
    provider: text,
    model: text,
    tool: text,
    service_tier: text,
    session: text,
    labels: z.record(z.string(), text),
    has_id: z.boolean().describe("Whether the event can be recognised as a duplicate"),
    requests: count,
    errors: count,
    uncached_input_tokens: count,
    cache_read_input_tokens: count,
    cache_write_5m_input_tokens: count,
    cache_write_1h_input_tokens: count,
    output_tokens: count,
    reasoning_output_tokens: count,
    unpriced_tokens: count,
    cost_usd: money,
  })
  .partial();

/** One entry of a pipeline's `tests:`: a record, and what must come out of it. */
export const PIPELINE_TEST_SCHEMA = z.strictObject({
  name: z.string().min(1).describe("What the test shows, in a few words"),
  record: z
    .unknown()
    .refine((record) => record !== undefined, "is missing; write the record that is to be read")
    .describe("An object or list is sent as JSON, a text as its bytes, null as a Kafka tombstone"),
  headers: z.record(z.string(), z.string()).optional().describe("Kafka headers of the record"),
  append_time: z.iso
    .datetime({ offset: true })
    .optional()
    .describe("When the broker took the record; decides what lies in the future"),
  expect: z
    .union([EXPECTED_EVENT.transform((one) => [one]), z.array(EXPECTED_EVENT)], {
      error:
        "is no expectation; write an event (or a list of them) with canonical field names, or `rejected: <reason>`",
    })
    .describe("The events of the record in order, each an event or a rejection; [] for none"),
  ignored: count.optional().describe("How many entries are no usage and are left out"),
  mended: count.optional().describe("How many contradicting token counts are mended"),
});

export type PipelineTest = z.output<typeof PIPELINE_TEST_SCHEMA>;
export type ExpectedEvent = z.output<typeof EXPECTED_EVENT>;
