import { decode, type Decoded, type DecodeOptions, type PipelineInput } from "./decoding.ts";

export const END = "1795219204250000000";
export const END_MS = 1795219204250;

export type Value = string | number | boolean | object;

/** A string becomes a stringValue, a number an intValue written as OTLP writes it: as a string. */
export function attributes(values: Readonly<Record<string, Value>>): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === "object"
        ? value
        : typeof value === "number"
          ? { intValue: String(value) }
          : typeof value === "boolean"
            ? { boolValue: value }
            : { stringValue: value },
  }));
}

/** A span of a chat call, unless the attributes say otherwise. */
export function span(values: Readonly<Record<string, Value>>, fields: object = {}): object {
  const all = { "gen_ai.operation.name": "chat", ...values };
  return { endTimeUnixNano: END, attributes: attributes(all), ...fields };
}

/** An OTLP request of one resource and scope. */
export function traces(
  spans: readonly unknown[],
  resource: Readonly<Record<string, Value>> = {},
): object {
  return {
    resourceSpans: [
      { resource: { attributes: attributes(resource) }, scopeSpans: [{ scope: {}, spans }] },
    ],
  };
}

/** Like `decode`, in the format of OTLP. */
export function decodeTraces(values: readonly unknown[], options: DecodeOptions = {}): Decoded {
  const pipeline: PipelineInput = { format: "otlp-json-spans", ...options.pipeline };
  return decode(values, { ...options, pipeline });
}

/** One chat span with these attributes. */
export function one(
  values: Readonly<Record<string, Value>>,
  pipeline: PipelineInput = {},
): Decoded {
  return decodeTraces([traces([span(values)])], { pipeline });
}
