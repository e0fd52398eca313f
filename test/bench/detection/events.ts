import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { Random } from "../../../src/demo/random.ts";
import { MODELS, PROVIDER, type ModelId } from "./models.ts";
import { simulate, type SimulationOptions } from "./simulate.ts";
import type { SimUse } from "./types.ts";

const PROVIDERS = new Map(
  (Object.keys(MODELS) as ModelId[]).map((id) => [MODELS[id].name, PROVIDER[id]]),
);

/**
 * Writes a company as canonical events, one for each row of a minute (schemas/usage-event.schema.json; several requests in one), in order of arrival, with
 * their reported cost; and the truth beside them. Use them with `cost_source: reported`.
 */
export function writeEvents(options: SimulationOptions, file: string): number {
  const simulation = simulate(options);
  const random = new Random(options.seed, 99);
  const out = openSync(file, "w");
  let count = 0;
  try {
    for (const { uses } of simulation.days()) {
      const lines = uses.map((use) =>
        JSON.stringify(eventOf(use, random, `${options.seed}-${count++}`)),
      );
      if (lines.length > 0) writeSync(out, `${lines.join("\n")}\n`);
    }
  } finally {
    closeSync(out);
  }
  const { seed, startMinute, endMinute, zone, teams, calendar, incidents, traps } = simulation;
  const told = teams.map(({ name, department, kind, zone: its, people, startMinute: since }) => {
    return { name, department, kind, zone: its, people, startMinute: since };
  });
  const truth = { seed, startMinute, endMinute, zone, teams: told, calendar, incidents, traps };
  writeFileSync(truthFile(file), `${JSON.stringify(truth, null, 1)}\n`);
  return count;
}

export function truthFile(file: string): string {
  return `${file.replace(/\.(nd)?jsonl?$/, "")}.truth.json`;
}

function eventOf(use: SimUse, random: Random, id: string): Record<string, unknown> {
  const read = use.cacheReadTokens;
  return {
    time: new Date(use.minute * 60_000 + random.below(60_000)).toISOString(),
    id,
    department: use.department,
    team: use.team,
    user: use.user,
    key: use.key,
    ...(use.agent !== "unknown" && { agent: use.agent }),
    provider: PROVIDERS.get(use.model) ?? "unknown",
    model: use.model,
    tool: use.tool,
    ...((use.session ?? "") !== "" && { session: use.session }),
    requests: use.requests,
    errors: use.errors,
    uncached_input_tokens: Math.max(0, use.tokens - use.outputTokens - read),
    cache_read_input_tokens: read,
    output_tokens: use.outputTokens,
    cost_usd: use.usd.toFixed(9),
  };
}
