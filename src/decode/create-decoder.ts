import type { Pipeline } from "../config/pipeline.ts";
import { CanonicalJson } from "./canonical-json-decoder.ts";
import type { Decoder } from "./decoder.ts";
import type { Dictionaries } from "./event-batch.ts";
import { OtlpJsonSpans } from "./otlp-spans-decoder.ts";
import { RecordDecoder, type RecordFormat } from "./record-decoder.ts";

/** The decoder of a pipeline's format. `dictionaries` must be those of the batches it will write to. */
export function createDecoder(pipeline: Pipeline, dictionaries: Dictionaries): Decoder {
  return new RecordDecoder(pipeline, dictionaries, createFormat(pipeline));
}

function createFormat(pipeline: Pipeline): RecordFormat {
  switch (pipeline.format) {
    case "canonical-json":
      return new CanonicalJson(pipeline);
    case "otlp-json-spans":
      return new OtlpJsonSpans(pipeline);
  }
}
