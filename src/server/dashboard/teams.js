// The table of teams: rows are kept and moved, so that a person's place and selection stay.
import { createBullet } from "./bullet.js";
import { byId, el, setText } from "./dom.js";
import { count, money, roughMoney } from "./format.js";

const FIRST_ROWS = 25;
const rows = new Map();
let showAll = false;
let last = null;

function keyOf(team) {
  return JSON.stringify([team.department, team.team]);
}

function createRow() {
  const name = el("span", { class: "name" });
  const flag = el("a", { class: "flag", hidden: "" }, "incident");
  const department = el("span", { class: "sub" });
  const hour = el("span", { class: "strong" });
  const hourOf = el("span", { class: "sub" });
  const today = el("span", {});
  const todayOf = el("span", { class: "sub" });
  const bullet = createBullet();
  const element = el(
    "tr",
    {},
    el("th", { scope: "row" }, name, " ", flag, department),
    el("td", { class: "number" }, hour, hourOf),
    el("td", { class: "against" }, bullet.element),
    el("td", { class: "number" }, today, todayOf),
  );
  return { element, name, flag, department, hour, hourOf, today, todayOf, bullet };
}

function updateRow(row, team) {
  const troubled = team.incidentId !== null;
  setText(row.name, team.team);
  row.name.title = team.team;
  setText(row.department, team.department);
  setText(row.hour, money(team.lastHour.actualUsd));
  setText(row.hourOf, `of ${roughMoney(team.lastHour.expectedUsd)}`);
  setText(row.today, money(team.today.actualUsd));
  setText(row.todayOf, `of ${roughMoney(team.today.expectedUsd)}`);
  row.hour.title =
    team.smallestIncidentUsd === null
      ? "still learning what is normal"
      : `paged from ${roughMoney(team.smallestIncidentUsd)} over normal within an hour on, or from less where prices, one person or failing calls stand out`;
  row.bullet.update(team.lastHour, troubled);
  row.element.classList.toggle("troubled", troubled);
  row.flag.hidden = !troubled;
  if (troubled) row.flag.href = `#incident-${encodeURIComponent(team.incidentId)}`;
}

/** Teams with an incident on top, then as the server sorts them: largest spend of the hour first. */
function shownOf(teams) {
  const troubled = teams.filter((team) => team.incidentId !== null);
  const calm = teams.filter((team) => team.incidentId === null);
  const sorted = [...troubled, ...calm];
  return showAll ? sorted : sorted.slice(0, Math.max(FIRST_ROWS, troubled.length));
}

function place(shown) {
  const body = byId("team-rows");
  const kept = new Set();
  shown.forEach((team, index) => {
    const key = keyOf(team);
    kept.add(key);
    const row = rows.get(key) ?? createRow();
    rows.set(key, row);
    updateRow(row, team);
    if (body.children[index] !== row.element) body.insertBefore(row.element, body.children[index]);
  });
  for (const [key, row] of rows) {
    if (kept.has(key)) continue;
    row.element.remove();
    rows.delete(key);
  }
}

function updateMore(live, shown) {
  const toggle = byId("teams-toggle");
  const hidden = live.teamsTotal - shown.length;
  setText(byId("teams-more"), hidden > 0 ? `… and ${count(hidden)} more` : "");
  toggle.hidden = live.teams.length <= FIRST_ROWS;
  setText(
    toggle,
    showAll ? `Show the first ${FIRST_ROWS}` : `Show ${count(live.teams.length)} teams`,
  );
}

/** Shows the teams of a pushed state. */
export function showTeams(live) {
  last = live;
  const shown = shownOf(live.teams);
  place(shown);
  updateMore(live, shown);
}

byId("teams-toggle").addEventListener("click", () => {
  showAll = !showAll;
  if (last !== null) showTeams(last);
});
