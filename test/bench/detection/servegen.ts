import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../../src/demo/random.ts";
import type { Series } from "./realism.ts";
import type { Watcher } from "./run.ts";
import type { SimUse } from "./types.ts";

/** One API client of the ServeGen traces: real request counts per ten minutes. */
export interface Client {
  readonly model: string;
  readonly client: number;
  /** Seconds of a step of `requests`. */
  readonly step_s: number;
  readonly requests: readonly number[];
  readonly tok_step_s?: number;
  /** [mean, sd, median, p99] tokens per six hours; null where there was no traffic. */
  readonly in?: readonly (readonly number[] | null)[];
  readonly out?: readonly (readonly number[] | null)[];
}

const INPUT_USD = 3 / 1e6;
const OUTPUT_USD = 15 / 1e6;
/** Day 0 is unnamed in the data: a Monday here. */
const START_MINUTE = Date.UTC(2026, 0, 5) / 60_000;
const DAYS = 14;

/** Clients of the folder with two weeks and token sizes; null where the folder is not there. */
export function loadClients(folder: string): Client[] | null {
  if (!existsSync(folder)) return null;
  return readdirSync(folder)
    .filter((name) => name.startsWith("m-") && name.endsWith(".ndjson"))
    .sort()
    .flatMap((name) =>
      readFileSync(join(folder, name), "utf8")
        .split("\n")
        .filter((line) => line.length > 0)
        .map((line) => JSON.parse(line) as Client),
    )
    .filter(({ in: input, out, requests }) => input && out && requests.length >= DAYS * 144);
}

export function nameOf({ model, client }: Client): string {
  return `${model}-${client}`;
}

/** Mean tokens in and out of a request at a step. A quiet six hours has none of its own: those before count. */
function sizesAt(client: Client, step: number): { input: number; output: number } | null {
  const slot = Math.floor((step * client.step_s) / (client.tok_step_s ?? 21_600));
  for (let at = slot; at >= 0; at--) {
    const input = client.in?.[at];
    const output = client.out?.[at];
    if (input && output) return { input: input[0] ?? 0, output: output[0] ?? 0 };
  }
  return null;
}

export function seriesOf(client: Client): Series {
  const usd = new Float64Array(DAYS * 144);
  const requests = new Float64Array(DAYS * 144);
  for (let step = 0; step < usd.length; step++) {
    const sizes = sizesAt(client, step);
    requests[step] = client.requests[step] ?? 0;
    if (sizes === null) continue;
    usd[step] =
      (client.requests[step] ?? 0) * (sizes.input * INPUT_USD + sizes.output * OUTPUT_USD);
  }
  return { group: client.model, usd, requests, byWeekend: false, firstWeekday: 0 };
}

/**
 * Plays the clients as teams of one organisation with one service account each. A step's requests are spread over its ten minutes at random, their dollars
 * with the six hours' own spread.
 */
export function playClients(clients: readonly Client[], watchers: readonly Watcher[]): void {
  const random = new Random(314);
  for (let step = 0; step < DAYS * 144; step++) {
    const minutes: SimUse[][] = Array.from({ length: 10 }, () => []);
    for (const client of clients) addStep(client, step, minutes, random);
    minutes.forEach((uses, index) => {
      for (const watcher of watchers) watcher.minute(START_MINUTE + step * 10 + index, uses);
    });
  }
}

function addStep(client: Client, step: number, minutes: SimUse[][], random: Random): void {
  const sizes = sizesAt(client, step);
  let left = client.requests[step] ?? 0;
  if (sizes === null || left === 0) return;
  const weights = minutes.map(() => random.exponential(1));
  let weight = weights.reduce((sum, one) => sum + one, 0);
  minutes.forEach((uses, index) => {
    const part = weights[index] as number;
    const requests = index === 9 ? left : Math.min(left, random.poisson((left * part) / weight));
    left -= requests;
    weight -= part;
    if (requests > 0) uses.push(rowOf(client, { step, index, requests }, sizes, random));
  });
}

function rowOf(
  client: Client,
  { step, index, requests }: { step: number; index: number; requests: number },
  { input, output }: { input: number; output: number },
  random: Random,
): SimUse {
  // The mean of n lognormal sizes of sigma 1, as a lognormal itself.
  const swing = random.swing(Math.sqrt(Math.log(1 + (Math.E - 1) / requests)));
  const usd = requests * (input * INPUT_USD + output * OUTPUT_USD) * swing;
  const name = nameOf(client);
  const minute = START_MINUTE + step * 10 + index;
  return {
    minute,
    arrival: minute,
    department: client.model,
    team: name,
    user: `svc-${name}`,
    key: `k-${name}`,
    agent: "unknown",
    model: client.model,
    tool: "api",
    usd,
    usdSquared: (usd * usd * Math.E) / requests,
    requests,
    tokens: Math.round(requests * (input + output) * swing),
    errors: random.poisson(requests * 0.01),
    outputTokens: Math.round(requests * output * swing),
    cacheReadTokens: 0,
  };
}

export const SECOND_WEEK = START_MINUTE + 7 * 1440;
