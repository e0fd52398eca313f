import type { Settings } from "../config/settings.ts";
import { AppError } from "../runtime/errors.ts";
import type { KafkaClientOptions } from "../source/kafka-client.ts";

/** How to log in to the brokers. Throws AppError `config` where half of a login is given. */
export function kafkaSecurity(settings: Settings): Pick<KafkaClientOptions, "ssl" | "sasl"> {
  const { KAFKA_SSL: ssl, KAFKA_SASL_MECHANISM: mechanism } = settings;
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  if (mechanism === undefined) return { ssl };
  if (username === undefined || password === undefined) {
    throw new AppError(
      "SPIKEWATCH_KAFKA_SASL_MECHANISM needs SPIKEWATCH_KAFKA_SASL_USERNAME and SPIKEWATCH_KAFKA_SASL_PASSWORD too",
      { code: "config" },
    );
  }
  return { ssl, sasl: { mechanism, username, password } };
}
