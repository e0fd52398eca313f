import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const list = z
  .string()
  .transform((text) => text.split(",").map((one) => one.trim()))
  .pipe(z.array(z.string().min(1)).min(1));

/**
 * Settings of the process, one environment variable each (`SPIKEWATCH_…`). A name ending in `_FILE` names a file that holds the value.
 * What belongs to an input stands in its pipeline file.
 */
export const SETTINGS_SCHEMA = z.strictObject({
  /** Comma-separated `host:port`. Given: events come from Kafka. */
  KAFKA_BROKERS: list.optional(),
  KAFKA_SSL: z.stringbool().default(false),
  KAFKA_SASL_MECHANISM: z.enum(["plain", "scram-sha-256", "scram-sha-512"]).optional(),
  KAFKA_SASL_USERNAME: z.string().min(1).optional(),
  KAFKA_SASL_PASSWORD: z.string().min(1).optional(),
  /** `http://user:password@host:8123/database`. Absent: the embedded engine. */
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Directory of the embedded engine and its secrets. */
  DATA_DIR: z.string().min(1).default(".spikewatch"),
  /** First port tried for the embedded engine's HTTP interface. */
  CLICKHOUSE_PORT: port.default(8123),
  /** Page, /metrics and health. */
  HTTP_HOST: z.string().min(1).default("127.0.0.1"),
  HTTP_PORT: port.default(8080),
  /** What links in messages begin with; default `http://HTTP_HOST:HTTP_PORT`. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SLACK_TOKEN: z.string().min(1).optional(),
  SLACK_CHANNEL: z.string().min(1).optional(),
  /** For tests and proxies. */
  SLACK_API_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** `smtp://user:password@host:587` or `smtps://…`. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** For relays on a trusted network that offer no TLS. */
  SMTP_ALLOW_PLAINTEXT: z.stringbool().default(false),
  EMAIL_FROM: z.email().optional(),
  EMAIL_TO: list.pipe(z.array(z.email())).optional(),
  /** Default: info for `run`, warn for commands that answer and end. */
  LOG_LEVEL: z.enum(["error", "warn", "info", "debug", "silent"]).optional(),
});

export type Settings = z.infer<typeof SETTINGS_SCHEMA>;
