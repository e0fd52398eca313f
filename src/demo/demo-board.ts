import type { LiveSnapshot, TeamNow } from "../detect/live.ts";

const BAR = 24;
const TEAMS = 10;

export interface BoardOptions {
  readonly colour: boolean;
}

/** The teams' spend now against what is expected, as lines for a terminal. Names are the demo's own. */
export function boardLines(snapshot: LiveSnapshot, { colour }: BoardOptions): string[] {
  if (snapshot.eventTimeMs === null) return ["waiting for the first event …"];
  const paint = (code: number, text: string): string =>
    colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const clock = new Date(snapshot.eventTimeMs).toISOString().slice(11, 16);
  const { teams } = snapshot;
  const scale = Math.max(
    ...teams.map((team) => Math.max(team.actualUsdLastHour, team.expectedUsdLastHour)),
    1,
  );
  const total = teams.reduce((sum, team) => sum + team.actualUsdToday, 0);
  const expected = teams.reduce((sum, team) => sum + team.expectedUsdToday, 0);
  return [
    paint(1, `${clock} UTC  company today ${usd(total)}, usual by now ${usd(expected)}`),
    paint(2, `${"team".padEnd(20)} ${"last 60 min".padStart(11)} ${"usual".padStart(8)}`),
    ...teams.slice(0, TEAMS).map((team) => teamLine(team, scale, paint)),
  ];
}

function teamLine(
  team: TeamNow,
  scale: number,
  paint: (code: number, text: string) => string,
): string {
  const { actualUsdLastHour: actual, expectedUsdLastHour: expected } = team;
  const length = Math.round((actual / scale) * BAR);
  const mark = Math.min(BAR - 1, Math.round((expected / scale) * BAR));
  const bar = Array.from({ length: BAR }, (_, at) =>
    at === mark ? "│" : at < length ? "█" : "·",
  ).join("");
  const line = `${team.team.padEnd(20)} ${usd(actual).padStart(11)} ${usd(expected).padStart(8)}  ${bar}`;
  return team.incidentId === null ? line : paint(31, `${line}  ◀ ${team.incidentId}`);
}

function usd(value: number): string {
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** A block of lines that is drawn over itself on a terminal, and now and then as it is elsewhere. */
export class LiveRegion {
  readonly #output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  #drawn = 0;

  constructor(output: NodeJS.WritableStream & { readonly isTTY?: boolean }) {
    this.#output = output;
  }

  draw(lines: readonly string[]): void {
    this.#erase();
    this.#output.write(`${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  /** Writes something that stays; the region is drawn again below it. */
  write(text: string): boolean {
    this.#erase();
    return this.#output.write(text);
  }

  #erase(): void {
    if (this.#output.isTTY === true && this.#drawn > 0)
      this.#output.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }
}
