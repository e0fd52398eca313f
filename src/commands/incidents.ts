import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";

import type { Settings } from "../config/settings.ts";
import { incidentOfRow } from "../detect/incident-rows.ts";
import type { Incident } from "../detect/incident.ts";
import { cleanName } from "../notify/escape.ts";
import { formatDuration, formatTime } from "../notify/format.ts";
import { write } from "../notify/phrase.ts";
import { narrowestPhrase } from "../notify/scope-phrase.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import type { IncidentActionRow, IncidentStore } from "../store/rows.ts";
import type { Command, CommandContext } from "./command.ts";
import { settingsFor } from "./flags.ts";
import { incidentLine, incidentTable } from "./incident-table.ts";

const help = `spikewatch incidents: see what is going on, and say that you have seen it

  spikewatch incidents list [--all] [--json]    open incidents, the dearest first; --all also those that ended
  spikewatch incidents ack ID [--by NAME]       you are on it: everybody sees who
  spikewatch incidents mute ID --for 4h         no messages about it for 30m, 4h, 2d… (at most 30d)
  spikewatch incidents unmute ID                messages again

An ID may be cut short as long as it stays clear which one is meant. Works also while another process uses the data directory;
a running spikewatch takes what you said within seconds.

  --data DIR   data directory to use instead of SPIKEWATCH_CLICKHOUSE_URL or SPIKEWATCH_DATA_DIR (default: .spikewatch)
  --by NAME    who says so (default: cli)
  --json       for machines: one line an incident, or what was stored
  --help       this text

Example: spikewatch incidents ack inc-7f3a --by anna

Exit code: 0 done · 1 failed, or no such incident · 2 used wrongly`;

export interface IncidentsCommandOptions {
  /** Opens where incidents are kept, for small writes, also while another process holds the data directory. */
  readonly openIncidentStore: (
    settings: Settings,
    context: CommandContext,
  ) => Promise<{ readonly store: IncidentStore; close(): Promise<void> }>;
}

/** `spikewatch incidents list | ack | mute | unmute`. */
export function createIncidentsCommand(options: IncidentsCommandOptions): Command {
  return {
    name: "incidents",
    summary: "list incidents; acknowledge or mute one",
    help,
    async run(argv, context) {
      const request = parse(argv);
      if (request === "help") {
        context.stdout.write(`${help}\n`);
        return 0;
      }
      const settings = settingsFor(context.settings, request.data);
      const opened = await options.openIncidentStore(settings, context);
      try {
        const answer = request.action === "list" ? list : act;
        context.stdout.write(await answer(request, opened.store, context));
        return 0;
      } finally {
        await opened.close();
      }
    },
  };
}

interface Request {
  readonly action: "list" | IncidentActionRow["action"];
  readonly id: string;
  readonly all: boolean;
  readonly json: boolean;
  readonly by: string;
  readonly forMs: number;
  readonly data: string | undefined;
}

const ACTIONS: ReadonlyMap<string, Request["action"]> = new Map([
  ["list", "list"],
  ["ack", "acknowledge"],
  ["acknowledge", "acknowledge"],
  ["mute", "mute"],
  ["unmute", "unmute"],
]);

function parse(argv: readonly string[]): Request | "help" {
  const { values, positionals } = parseWords(argv);
  if (values.help === true) return "help";
  const [word = "", ...ids] = positionals;
  const action = actionOf(word);
  checkIds(word, action, ids);
  if (action !== "mute" && values.for !== undefined)
    throw usage("--for belongs to `incidents mute`");
  return {
    action,
    id: ids[0] ?? "",
    all: values.all === true,
    json: values.json === true,
    by: values.by === undefined ? "cli" : cleanName(values.by, 64),
    forMs: action === "mute" ? durationMs(values.for) : 0,
    data: values.data,
  };
}

function actionOf(word: string): Request["action"] {
  const action = ACTIONS.get(word);
  if (action !== undefined) return action;
  const given = word === "" ? "nothing to do given" : `there is no "incidents ${cleanName(word)}"`;
  throw usage(`${given}: type list, ack ID, mute ID --for 4h or unmute ID`);
}

function checkIds(word: string, action: Request["action"], ids: readonly string[]): void {
  const given = ids.filter((id) => id !== "").length;
  const wanted = action === "list" ? 0 : 1;
  if (given === wanted && ids.length === wanted) return;
  throw usage(`\`incidents ${word}\` takes ${wanted === 0 ? "no ID" : "one ID"}, ${given} given`);
}

function parseWords(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        all: { type: "boolean" },
        by: { type: "string" },
        data: { type: "string" },
        for: { type: "string" },
        help: { type: "boolean", short: "h" },
        json: { type: "boolean" },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw usage(messageOf(error).replace(/\. To specify.*$/, ""));
  }
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const MAX_MUTE_MS = 30 * 86_400_000;

function durationMs(text: string | undefined): number {
  if (text === undefined) throw usage("how long? give --for 30m, --for 4h or --for 2d");
  const [, count = "", unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS.get(unit) ?? 0);
  if (ms > 0 && ms <= MAX_MUTE_MS) return ms;
  throw usage(`--for ${cleanName(text)} is no time from 1m to 30d: write it like 30m, 4h or 2d`);
}

function usage(message: string): AppError {
  return new AppError(message, { code: "usage" });
}

async function list(
  request: Request,
  store: IncidentStore,
  { clock }: CommandContext,
): Promise<string> {
  const incidents = await load(store);
  const shown = incidents
    .filter((one) => request.all || one.state !== "resolved")
    .toSorted(byUrgency);
  if (request.json) return shown.map((one) => `${JSON.stringify(incidentLine(one))}\n`).join("");
  const ended = incidents.length - shown.length;
  return incidentTable(shown, { nowMs: clock.now(), ended, suffix: suffixOf(request) });
}

/** Open ones first, the dearest of them on top; then those that ended, the newest on top. */
function byUrgency(a: Incident, b: Incident): number {
  const ended = Number(a.state === "resolved") - Number(b.state === "resolved");
  if (ended !== 0) return ended;
  if (a.state === "resolved") return b.openedAtMs - a.openedAtMs;
  return b.excessUsdNext24h - a.excessUsdNext24h;
}

async function act(
  request: Request,
  store: IncidentStore,
  context: CommandContext,
): Promise<string> {
  const { action, by, forMs, json } = request;
  if (action === "list") return "";
  const incident = choose(request, await load(store));
  const nowMs = context.clock.now();
  const row: IncidentActionRow = {
    action_id: randomUUID(),
    incident_id: incident.id,
    action,
    actor: by,
    at_ms: nowMs,
    until_ms: action === "mute" ? nowMs + forMs : null,
  };
  await store.saveAction(row);
  if (json) return `${JSON.stringify(row)}\n`;
  return `${said(row, forMs)}: ${labelOf(incident)}\n`;
}

function said({ action, actor, until_ms }: IncidentActionRow, forMs: number): string {
  switch (action) {
    case "acknowledge":
      return `Acknowledged by ${actor}`;
    case "mute":
      return `Muted for ${formatDuration(forMs)}, until ${formatTime(until_ms ?? 0)}`;
    case "unmute":
      return "Messages again from now on";
  }
}

function labelOf({ id, kind, scope }: Incident): string {
  return `${cleanName(id, 128)} (${kind}, ${write(narrowestPhrase(scope), { name: cleanName })})`;
}

/** All incidents, with what people said that no running process has taken yet. */
async function load(store: IncidentStore): Promise<Incident[]> {
  const rows = await store.loadIncidents(0);
  const actions = await store.loadActions(0);
  return rows.map((row) => {
    const { incident } = incidentOfRow(row);
    return incident.state === "resolved"
      ? incident
      : actions.filter((one) => one.incident_id === incident.id).reduce(withAction, incident);
  });
}

function withAction(incident: Incident, { action, actor, until_ms }: IncidentActionRow): Incident {
  switch (action) {
    case "acknowledge":
      return {
        ...incident,
        state: "acknowledged",
        acknowledgedBy: incident.acknowledgedBy ?? actor,
      };
    case "mute":
      return { ...incident, mutedUntilMs: until_ms };
    case "unmute":
      return { ...incident, mutedUntilMs: null };
  }
}

/** The one incident that is meant. Throws `input` where there is none, more than one, or it is over. */
function choose({ id, data }: Request, incidents: readonly Incident[]): Incident {
  const exact = incidents.filter((one) => one.id === id);
  const meant = exact.length > 0 ? exact : incidents.filter((one) => one.id.startsWith(id));
  const open = meant.filter((one) => one.state !== "resolved");
  const [only] = open;
  if (only !== undefined && open.length === 1) return only;
  const suffix = suffixOf({ data });
  const shown = cleanName(id, 128);
  const refuse = (message: string): AppError => new AppError(message, { code: "input" });
  if (open.length > 1) {
    const some = open.slice(0, 5).map((one) => cleanName(one.id, 128));
    const more = open.length > some.length ? ", …" : "";
    throw refuse(`"${shown}" could be ${some.join(", ")}${more}: give more of the ID`);
  }
  const [ended] = meant;
  if (ended !== undefined) {
    const at = formatTime(ended.resolvedAtMs ?? ended.updatedAtMs);
    throw refuse(`${cleanName(ended.id, 128)} is over since ${at}: nothing to do`);
  }
  throw refuse(
    `no incident begins with "${shown}": see \`spikewatch incidents list --all${suffix}\` for those there are`,
  );
}

/** So that the commands we show work as typed. */
export function suffixOf({ data }: { readonly data?: string | undefined }): string {
  if (data === undefined) return "";
  return /^[\w./-]+$/.test(data) ? ` --data ${data}` : ` --data '${data.replaceAll("'", `'\\''`)}'`;
}
