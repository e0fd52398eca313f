import type { Stream } from "./staff.ts";
import type { Usage } from "./turns.ts";

const openings = new WeakMap<Stream, string>();

/** What all events of a stream begin with, made once: everything but times and numbers. */
function opening(stream: Stream): string {
  let text = openings.get(stream);
  if (text === undefined) {
    const fields = {
      department: stream.department,
      team: stream.team,
      user: stream.user,
      key: stream.key,
      agent: stream.agent,
      provider: stream.model.provider,
      model: stream.model.name,
      tool: stream.tool,
      service_tier: stream.serviceTier,
    };
    text = JSON.stringify(fields).slice(0, -1);
    openings.set(stream, text);
  }
  return text;
}

/** One canonical event as a line of NDJSON, its newline included. Buckets that are 0 are left out: 0 is their default. */
export function eventLine(
  stream: Stream,
  at: { readonly timeMs: number; readonly id: string; readonly session: string },
  usage: Readonly<Usage>,
): string {
  let line = `${opening(stream)},"time":${at.timeMs},"id":"${at.id}","session":"${at.session}"`;
  line += `,"uncached_input_tokens":${usage.uncachedInput}`;
  if (usage.cacheRead > 0) line += `,"cache_read_input_tokens":${usage.cacheRead}`;
  if (usage.cacheWrite5m > 0) line += `,"cache_write_5m_input_tokens":${usage.cacheWrite5m}`;
  if (usage.cacheWrite1h > 0) line += `,"cache_write_1h_input_tokens":${usage.cacheWrite1h}`;
  line += `,"output_tokens":${usage.output}`;
  if (usage.reasoning > 0) line += `,"reasoning_output_tokens":${usage.reasoning}`;
  return `${line}}\n`;
}
