import { DAY, weekdayOf } from "./calendar.ts";
import { BASIC_DRAWS, busyStart, dawn, type Draw, type DrawAt, type Drawn } from "./draw-team.ts";
import type { SimKind } from "./types.ts";

export type { DrawAt, Drawn } from "./draw-team.ts";

const shift: Draw = (at) => ({
  teams: [at.team.name],
  startMinute: dawn(at) + 480 + at.random.below(180),
  endMinute: dawn(at) + (3 + at.random.below(4)) * DAY + 1200,
  names: [],
  teamIsRight: true,
  size: "+60 %",
  change: { what: "copies", people: null, tool: null, copies: () => 0.6, most: 1 },
});

const ramp: Draw = (at) => {
  const { company, day, team } = at;
  const weekday = weekdayOf(company.firstDay + day);
  // Four days with work in them.
  if (weekday > 2) return null;
  const from = dawn(at) + 480;
  const to = dawn(at) + 3 * DAY + 1200;
  return {
    teams: [team.name],
    startMinute: from,
    endMinute: to,
    names: [],
    teamIsRight: true,
    size: "+150 % in 4 days",
    change: {
      what: "copies",
      people: null,
      tool: null,
      copies: (minute) => (1.5 * (minute - from)) / (to - from),
      most: 2,
    },
  };
};

const drop: Draw = (at) => {
  const { team, random } = at;
  if (team.people < 18 && team.kind !== "support-bot" && team.kind !== "agents") return null;
  const from = Math.max(busyStart(at), dawn(at) + 570);
  return {
    teams: [team.name],
    startMinute: from,
    endMinute: Math.min(from + random.between(180, 420), dawn(at) + 1200),
    names: [],
    teamIsRight: true,
    size: "all stops",
    change: { what: "drop", keep: random.chance(0.5) ? 0 : 0.03 },
  };
};

/** One cause in most teams at once: a tool that everybody has begins to repeat itself. */
const storm: Draw = (at) => {
  const { company, random } = at;
  const share = random.between(0.5, 1);
  const teams = company.teams.filter(() => random.chance(share)).map(({ name }) => name);
  if (teams.length < 4) return null;
  const from = dawn(at) + 570 + random.below(300);
  const factor = random.pick([4, 6]);
  const retries = random.chance(0.4);
  return {
    teams,
    startMinute: from,
    endMinute: from + random.between(50, 170),
    names: [],
    teamIsRight: false,
    size: `${factor}x${retries ? " by retries" : ""}`,
    change: retries
      ? { what: "retry", tool: "claude-code", times: factor, billed: random.between(0.5, 1) }
      : {
          what: "copies",
          people: null,
          tool: null,
          copies: () => factor - 1,
          most: factor - 1,
        },
  };
};

/** +22 % a month over most teams, for weeks. */
const surge: Draw = (at) => {
  const { company, random } = at;
  const teams = company.teams.filter(() => random.chance(0.85)).map(({ name }) => name);
  if (teams.length < company.teams.length / 2) return null;
  const from = dawn({ ...at, day: 35 + random.below(7) });
  const to = dawn({ ...at, day: company.days - 2 });
  const copies = (minute: number): number => 1.22 ** ((minute - from) / (30 * DAY)) - 1;
  return {
    teams,
    startMinute: from,
    endMinute: to,
    names: [],
    teamIsRight: false,
    size: "+22 % a month",
    change: { what: "copies", people: null, tool: null, copies, most: 1 },
  };
};

const DRAWS: Readonly<Record<SimKind, Draw>> = { ...BASIC_DRAWS, shift, ramp, drop, storm, surge };

/** Draws one incident of a kind in a team on a working day; null where the team cannot have it. */
export function drawChange(kind: SimKind, at: DrawAt): Drawn | null {
  return DRAWS[kind](at);
}
