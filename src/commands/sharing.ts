import { hostname } from "node:os";
import { pid } from "node:process";
import type { Pipeline } from "../config/pipeline.ts";
import { isShared, type Role } from "../config/roles.ts";
import type { Settings } from "../config/settings.ts";
import type { Sharing } from "../detection.ts";
import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import { KafkaLeadership } from "../source/kafka-leadership.ts";
import { kafkaLogEnds } from "../source/kafka-log-ends.ts";
import { SoleLeadership } from "../source/sole-leadership.ts";
import type { Logger } from "../telemetry/logger.ts";
import { kafkaSecurity } from "./kafka-security.ts";

/**
 * How a process takes its part in watching what is counted from Kafka, with others or, on an engine of its own, alone. undefined where it reads no Kafka and
 * hands itself over what it counts, or where nothing of what is detected concerns it.
 */
export function sharingOf(
  what: {
    readonly roles: ReadonlySet<Role>;
    readonly settings: Settings;
    readonly pipeline: Pipeline;
  },
  parts: { readonly clock: Clock; readonly logger: Logger },
): Sharing | undefined {
  const { roles, settings, pipeline } = what;
  const { KAFKA_BROKERS: brokers } = settings;
  if (!roles.has("detect")) {
    return roles.has("serve") ? { leadership: null, logEnds: noLogs } : undefined;
  }
  if (brokers === undefined) return undefined;
  const kafka = kafkaTopics(pipeline);
  const client = { brokers, ...kafkaSecurity(settings), ...parts };
  const name = `${hostname()}:${pid}`;
  const leadership = isShared(settings)
    ? new KafkaLeadership({
        ...client,
        groupId: `${kafka.group}-detect`,
        topic: controlTopic(kafka.group),
        name,
      })
    : new SoleLeadership(name);
  return { leadership, logEnds: kafkaLogEnds({ ...client, topics: kafka.topics }) };
}

/** What a pipeline says of Kafka, which the settings say to use. Throws AppError `config` where it says nothing. */
export function kafkaTopics({ path, source }: Pipeline): NonNullable<Pipeline["source"]["kafka"]> {
  if (source.kafka !== undefined) return source.kafka;
  throw new AppError(
    `pipeline ${path} names no Kafka topics but SPIKEWATCH_KAFKA_BROKERS is set: add source.kafka.topics, or unset it to read ${source.file?.path ?? "stdin"}`,
    { code: "config" },
  );
}

/** A group's name may hold what a topic's may not. */
function controlTopic(group: string): string {
  return `${group.replaceAll(/[^\w.-]/g, "_")}-control`;
}

/** Who never watches need not know. */
function noLogs(): ReturnType<Sharing["logEnds"]> {
  return Promise.resolve(new Map());
}
