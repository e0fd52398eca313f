import { SIM_KINDS, TEAM_KINDS, type SimKind, type TeamKind } from "./types.ts";

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
