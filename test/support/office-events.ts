import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { merge } from "./office.ts";
import { aUse, MONDAY_MINUTE, officeDays } from "./spend-stream.ts";

/** Three weeks of a small office, and a Monday on which one key runs away at ten. */
export const RUNAWAY_MINUTE = MONDAY_MINUTE + 21 * 1440 + 10 * 60;
export const RUNAWAY = { team: "team-1", user: "user-1-2", key: "key-1-2", usdPerMinute: 6 };
/** The session that it all happens in. Nobody else names one. */
export const RUNAWAY_SESSION = "run-0815";

/** Uses in order of time. `names` replaces team, user and key of the runaway. */
export function officeUses(names: Partial<PaneUse> = {}): PaneUse[] {
  const office = [...officeDays({ seed: 11, days: 22, teams: 2, people: 4 })].flat();
  const { usdPerMinute, ...who } = RUNAWAY;
  const runaway = Array.from({ length: 45 }, (_, index) =>
    aUse({
      minute: RUNAWAY_MINUTE + index,
      ...who,
      usd: usdPerMinute,
      session: RUNAWAY_SESSION,
      sessionUsd: usdPerMinute,
      requests: 10,
      tokens: 900_000,
    }),
  );
  const renamed = (use: PaneUse): PaneUse => (use.user === who.user ? { ...use, ...names } : use);
  return merge(office, runaway).map(renamed);
}

/** The same as canonical events; their cost is reported, so that dollars are exactly these. */
export function eventLines(uses: readonly PaneUse[]): string {
  return uses
    .map((use, index) => {
      const { minute, usd, tokens, outputTokens, requests, session, ...names } = use;
      const dimensions = Object.fromEntries(
        (["department", "team", "user", "key", "model", "tool"] as const).map((name) => [
          name,
          names[name],
        ]),
      );
      const event = {
        time: minute * 60_000,
        id: `e${index}`,
        ...dimensions,
        session,
        requests,
        uncached_input_tokens: tokens - outputTokens,
        output_tokens: outputTokens,
        cost_usd: usd.toFixed(9),
      };
      return `${JSON.stringify(event)}\n`;
    })
    .join("");
}

/** A pipeline file that takes the reported cost. */
export function writePipeline(path: string, detection = "{}"): void {
  const prices = resolve("pipelines/price-book.yaml");
  const lines = [
    "name: office",
    "format: canonical-json",
    `prices: ${prices}`,
    "cost_source: reported",
  ];
  writeFileSync(path, `${lines.join("\n")}\ndetection: ${detection}\n`);
}
