import { SIM_KINDS, TEAM_KINDS, type SimKind, type TeamKind } from "./types.ts";

export const HELP = `npm run detection -- [options]

  --seeds 1-5          default 1001-1020. 1 to 50: tuning; 1001 and up: reporting; never both in one run
  --weeks N            default 13, the first five are history (reported apart)
  --kinds a,b          teams of these kinds instead of a company of ten
  --only a,b           incidents of these kinds alone
  --no-incidents       none at all
  --curve              the detector at 0.25, 0.5, 1, 2 and 4 pages a quarter
  --no-rules           without the rules of today
  --no-surge           without the companies that surge (every second seed has one)
  --no-calendar        the detector is told of no holidays and announced events
  --servegen DIR       also the clients of the ServeGen traces in this folder, as hard negatives
  --list               a line for each false page and ticket, missed or late incident, and wrong name
  --events OUT.ndjson  writes the company of one seed as events, and OUT.truth.json, instead of a report
  --json               figures as JSON
`;

export const OPTIONS = {
  seeds: { type: "string", default: "1001-1020" },
  weeks: { type: "string", default: "13" },
  kinds: { type: "string" },
  only: { type: "string" },
  servegen: { type: "string" },
  events: { type: "string" },
  "no-incidents": { type: "boolean", default: false },
  "no-rules": { type: "boolean", default: false },
  "no-surge": { type: "boolean", default: false },
  "no-calendar": { type: "boolean", default: false },
  curve: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Seeds whose results anybody may look at while tuning. From `FIRST_REPORTING` on nobody does. */
export const LAST_TUNING = 50;
export const FIRST_REPORTING = 1001;

/** "1-5,8": throws RangeError where it is no such list, or mixes tuning and reporting seeds. */
export function parseSeeds(text: string): number[] {
  const seeds = text.split(",").flatMap((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (match === null) throw new RangeError(`--seeds: "${part}" is no seed and no range like 1-5`);
    const from = Number(match[1]);
    const to = Number(match[2] ?? from);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
  const tuning = seeds.every((seed) => seed >= 1 && seed <= LAST_TUNING);
  const reporting = seeds.every((seed) => seed >= FIRST_REPORTING);
  if (!tuning && !reporting) {
    throw new RangeError(
      `--seeds: 1 to ${LAST_TUNING} are for tuning, ${FIRST_REPORTING} and up for reporting; take one sort`,
    );
  }
  return seeds;
}

/** Whole weeks, more than the five of history. Throws RangeError. */
export function parseWeeks(text: string): number {
  const weeks = Number(text);
  if (!Number.isInteger(weeks) || weeks < 6 || weeks > 104) {
    throw new RangeError(`--weeks: "${text}" is no whole number from 6 to 104`);
  }
  return weeks;
}

export function parseKinds(text: string | undefined): TeamKind[] | undefined {
  return text === undefined ? undefined : pick(text, TEAM_KINDS, "--kinds");
}

/** True: all kinds of incident. */
export function parseOnly(text: string | undefined): true | SimKind[] {
  return text === undefined ? true : pick(text, SIM_KINDS, "--only");
}

function pick<T extends string>(text: string, known: readonly T[], flag: string): T[] {
  return text.split(",").map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined)
      throw new RangeError(`${flag}: "${name}" is none of ${known.join(", ")}`);
    return found;
  });
}
