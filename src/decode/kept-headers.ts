import type { Pipeline } from "../config/pipeline.ts";
import { headerText, type Headers } from "./record-decoder.ts";

/** Of one record. Beyond this only what the pipeline reads could matter, and that comes first. */
const MAX_CHARACTERS = 8_192;

/** Names of the headers that a pipeline reads. */
export function headersRead({ mapping }: Pick<Pipeline, "mapping">): string[] {
  const references = Object.values(mapping).flat();
  return references
    .filter((one) => one.startsWith("header."))
    .map((one) => one.slice("header.".length));
}

/** A record's headers as text, those of `first` before the others, as far as they fit: without them a kept event could not be read again. */
export function keptHeaders(
  headers: Headers,
  first: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (headers === undefined) return undefined;
  const kept: [string, string][] = [];
  let size = 0;
  for (const name of new Set([...first, ...Object.keys(headers)])) {
    const text = headerText(headers, name);
    if (text === undefined || size + name.length + text.length > MAX_CHARACTERS) continue;
    size += name.length + text.length;
    kept.push([name, text]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
