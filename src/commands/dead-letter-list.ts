import { isUtf8 } from "node:buffer";
import { loadPipeline } from "../config/load.ts";
import { cleanName } from "../notify/escape.ts";
import { formatTime } from "../notify/format.ts";
import type { DeadLetterFilter } from "../store/dead-letter-queries.ts";
import type { DeadLetterCount, KeptDeadLetter } from "../store/dead-letter-store.ts";
import { openStore } from "../store/open-store.ts";
import type { CommandContext } from "./command.ts";
import { pipelinePath, settingsFor } from "./flags.ts";
import { textTable } from "./text-table.ts";
import { readLetters } from "./topic-letters.ts";

export interface ListRequest {
  readonly reason?: string;
  readonly topic?: string;
  readonly sinceMs?: number;
  readonly limit: number;
  readonly all: boolean;
  /** Path of the pipeline whose dead-letter topic is read instead of the table. */
  readonly fromTopicOf?: string;
  readonly data: string | undefined;
  readonly json: boolean;
}

/** Of each event, where only its beginning is shown. */
const SHOWN_BYTES = 400;
const WHOLE_BYTES = 65_536;

/** A rejected event, from wherever it was read. */
export type Letter = Omit<KeptDeadLetter, "state"> & { readonly state?: string };

/** How many there are of each reason, then the newest; for machines one line an event. */
export async function listDeadLetters(
  request: ListRequest,
  context: CommandContext,
): Promise<number> {
  return request.fromTopicOf === undefined
    ? listTable(request, context)
    : listTopic(request, request.fromTopicOf, context);
}

async function listTable(request: ListRequest, context: CommandContext): Promise<number> {
  const { limit, json } = request;
  const settings = settingsFor(context.settings, request.data);
  const store = await openStore({ settings, logger: context.logger, mode: "read" });
  try {
    const kept = await store.deadLetters();
    const filter = filterOf(request);
    const letters = kept.newest(filter, limit, json ? WHOLE_BYTES : SHOWN_BYTES);
    if (json) await printLines(letters, context);
    else await printTables(await kept.counts(filter), letters, context);
    return 0;
  } finally {
    await store.close();
  }
}

function filterOf({ reason, topic, sinceMs, all }: ListRequest): DeadLetterFilter {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(topic === undefined ? {} : { topics: [topic] }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    all,
  };
}

async function listTopic(
  request: ListRequest,
  path: string,
  context: CommandContext,
): Promise<number> {
  const letters = await readLetters(loadPipeline(pipelinePath(path)), request, context);
  if (request.json) await printLines(letters.newest(), context);
  else await printTables(letters.counts(), letters.newest(), context);
  return 0;
}

type Letters = Iterable<Letter> | AsyncIterable<Letter>;

async function printLines(letters: Letters, { stdout }: CommandContext): Promise<void> {
  for await (const letter of letters) {
    const { raw, rawBytes, arrivedMs, ...rest } = letter;
    const text = isUtf8(raw)
      ? { raw: raw.toString("utf8") }
      : { raw_base64: raw.toString("base64") };
    const arrived = new Date(arrivedMs).toISOString();
    stdout.write(`${JSON.stringify({ ...rest, ...text, raw_bytes: rawBytes, arrived })}\n`);
  }
}

async function printTables(
  counts: readonly Omit<DeadLetterCount, "state">[],
  letters: Letters,
  { stdout }: CommandContext,
): Promise<void> {
  if (counts.length === 0) {
    stdout.write("No rejected events.\n");
    return;
  }
  const head = ["EVENTS", "REASON", "STATE", "CUT", "NEWEST"];
  const cells = counts.map(({ events, reason, cut, newestMs, ...one }) => [
    events.toLocaleString("en-US"),
    reason,
    "state" in one ? String(one.state) : "",
    cut === 0 ? "" : cut.toLocaleString("en-US"),
    formatTime(newestMs),
  ]);
  stdout.write(textTable([head, ...cells]));
  for await (const letter of letters) stdout.write(`\n${shown(letter)}`);
}

/** Three lines; whatever the event holds, it does not steer the terminal. */
function shown(letter: Letter): string {
  const { topic, partition, incarnation, offset, event, state = "", rawBytes } = letter;
  const again = incarnation === 0 ? "" : ` (incarnation ${incarnation})`;
  const place = `${cleanName(topic, 249)}/${partition} offset ${offset} event ${event}${again}`;
  const text = letter.raw.subarray(0, SHOWN_BYTES).toString("utf8");
  const more = rawBytes > SHOWN_BYTES ? ` (${rawBytes.toLocaleString("en-US")} bytes)` : "";
  const mark = state === "" || state === "open" ? "" : `  ${state}`;
  return [
    `${formatTime(letter.arrivedMs)}  ${place}  ${cleanName(letter.reason)}${mark}`,
    `  ${cleanName(letter.detail, 300)}`,
    `  ${rawBytes === 0 ? "(empty)" : cleanName(text, 160)}${more}`,
    "",
  ].join("\n");
}
