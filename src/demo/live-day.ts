import type { App } from "../app.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Incident } from "../detect/incident.ts";
import { boardLines, LiveRegion } from "./demo-board.ts";
import type { Company } from "./company.ts";
import type { LiveDayFeed } from "./demo-feed.ts";

const DRAW_MS = 500;
/** Without a terminal the board is printed this often, in event time. */
const PRINT_EVERY_MS = 2 * 3_600_000;
const QUARTER_HOUR_MS = 900_000;

/** The live day on the terminal: the board, the messages between it, and the verdict. */
export interface LiveDay {
  write(text: string): boolean;
  /** Shows the day until the culprit's incident is over. True: the page named the culprit. */
  tell(app: App): Promise<boolean>;
  sayWhatNext(url: string, directory: string): void;
}

export function showLiveDay(options: {
  readonly company: Company;
  readonly feed: LiveDayFeed;
  readonly startMs: number;
  readonly context: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly colour: boolean;
    readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  };
}): LiveDay {
  const { company, feed, startMs, context } = options;
  const { stdout, clock, signal, colour } = context;
  const region = new LiveRegion(stdout);
  const named = (app: App): Incident | undefined =>
    app.live
      .snapshot()
      .incidents.find(
        ({ scope }) => scope.team === company.culprit.team && scope.user === company.culprit.user,
      );
  return {
    write: (text) => region.write(text),

    async tell(app) {
      const date = new Date(startMs).toUTCString().slice(0, 16);
      region.write(
        `3/3  now ${date} in time-lapse, ten minutes a second; the page: ${app.url}\n\n`,
      );
      let printedMs = startMs;
      while (!signal.aborted) {
        await clock.sleep(DRAW_MS, signal);
        const snapshot = app.live.snapshot();
        const due = stdout.isTTY === true || feed.timeMs - printedMs >= PRINT_EVERY_MS;
        if (due) {
          region.draw(boardLines(snapshot, { colour }));
          printedMs = feed.timeMs;
        }
        if (storyIsOver(named(app), feed, company)) break;
      }
      await app.idle();
      return verdict(named(app), company, region);
    },

    sayWhatNext(url, directory) {
      region.write(nextSteps(url, directory));
    },
  };
}

/** Over when the culprit's incident is resolved, or hours after the loop when there is none. */
function storyIsOver(
  incident: Incident | undefined,
  feed: LiveDayFeed,
  { culprit }: Company,
): boolean {
  if (incident === undefined) return feed.timeMs > culprit.endMs + 12 * QUARTER_HOUR_MS;
  return incident.state === "resolved";
}

function verdict(
  incident: Incident | undefined,
  { culprit }: Company,
  region: LiveRegion,
): boolean {
  const planted = `${culprit.user} of ${culprit.team}, ${culprit.tool} on ${culprit.model}`;
  if (incident?.pagedAtMs == null) {
    region.write(`\nThe demo had planted ${planted}. Nobody was paged for it: that is a miss.\n`);
    return false;
  }
  const minutes = Math.max(0, incident.pagedAtMs - culprit.startMs) / 60_000;
  region.write(
    `\nThe demo had planted ${planted}. The page named the culprit ${minutes.toFixed(1)} minutes of event time after the loop's first call.\n`,
  );
  return true;
}

function nextSteps(url: string, directory: string): string {
  const sql =
    "SELECT team, user, round(sum(cost_usd), 2) AS usd FROM usage_by_minute WHERE minute >= (SELECT max(minute) FROM usage_by_minute) - INTERVAL 8 HOUR GROUP BY team, user ORDER BY usd DESC LIMIT 5";
  return [
    "",
    "What to try next",
    `  open the page          ${url}`,
    `  ask as an analyst      npx spikewatch query "${sql}" --data ${directory}`,
    `  see the incidents      npx spikewatch incidents list --all --data ${directory}`,
    "  another culprit        npm run demo -- --seed 2",
    "  your own events        npx spikewatch run --pipeline pipelines/canonical-json.yaml < usage.ndjson",
    "  your Kafka topic       SPIKEWATCH_KAFKA_BROKERS=localhost:9092 npx spikewatch run --pipeline pipelines/canonical-json.yaml",
    "",
    "",
  ].join("\n");
}
