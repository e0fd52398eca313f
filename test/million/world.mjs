import { createRandom } from "./random.mjs";
import { MODELS } from "./prices.mjs";

/** Names that break careless code: properties of every object, quotes, scripts, other alphabets, the longest that is allowed. */
const ODD_TEAMS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "null",
  "undefined",
  "NaN",
  "0",
  "-1",
  'quo"ted',
  "it's",
  "back\\slash",
  "comma, semi; colon: tab-less",
  "<script>alert(1)</script>",
  "${jndi:ldap}",
  "'; DROP TABLE usage; --",
  "%s%n{{7*7}}",
  "Ünïcödé",
  "チーム東京",
  "فريق",
  "команда",
  "🦊🚀",
  "line\u2028separator",
  "🜁".repeat(128),
  "x".repeat(128),
  "Team",
  "team",
];
const TOOLS = ["claude-code", "cursor", "chat", "ci", "notebook", "gateway"];

/** Teams and people; everybody has a team, one or two models and one or two tools. */
export function createWorld({ seed, teams: teamCount = 220, users: userCount = 5_000 }) {
  const random = createRandom(seed ^ 0x5bd1e995);
  const plain = Math.max(0, teamCount - ODD_TEAMS.length);
  const teams = [
    ...ODD_TEAMS,
    ...Array.from({ length: plain }, (_, index) => `team-${String(index).padStart(3, "0")}`),
  ].slice(0, teamCount);
  const users = Array.from({ length: userCount }, (_, index) =>
    createUser(
      index,
      index < teams.length ? teams[index] : teams[random.zipf(teams.length)],
      random,
    ),
  );
  return { teams, users: random.shuffled(users) };
}

function createUser(index, team, random) {
  const count = random.chance(0.3) ? 2 : 1;
  return {
    team,
    name: index % 997 === 5 ? `o'${index} "ü"` : `user-${index.toString(36)}`,
    department: `dept-${team.length % 7}`,
    key: random.chance(0.8) ? `key-${index.toString(36)}` : undefined,
    agent: random.chance(0.2) ? "coder" : undefined,
    models: Array.from({ length: count }, () => pickModel(random)),
    tools: Array.from({ length: count }, () => random.pick(TOOLS)),
  };
}

function pickModel(random) {
  let left = random.next() * MODELS.reduce((sum, model) => sum + model.weight, 0);
  return MODELS.find((model) => (left -= model.weight) < 0) ?? MODELS[0];
}
