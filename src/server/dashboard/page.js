// The page: takes each pushed state and shows it. It asks for nothing but its own origin and never polls while the stream lives.
import { createBullet } from "./bullet.js";
import { createChart, spanOf } from "./chart.js";
import { byId, el, setText } from "./dom.js";
import { showAges, showFeed } from "./feed.js";
import { count, day, duration, money, roughMoney, timeOfDay } from "./format.js";
import { showIncidents, titleOf } from "./incidents.js";
import { showTeams } from "./teams.js";

/** The server says something at least every ten seconds. */
const SILENCE_MS = 25_000;
const RETRY_MS = 3_000;
const SECTIONS = ["summary", "incidents", "day", "teams", "feed"];

let live = null;
/** Server time less this machine's, so that a wrong clock here makes no wrong age. */
let offsetMs = 0;
let heardAtMs = Date.now();
let source = null;
let dayChart = null;
let known = null;

const hourTile = createTile("Last hour");
const todayTile = createTile("Today");
const incidentTile = el("p", { class: "big" });
const incidentNote = el("p", { class: "sub" });
byId("summary").append(
  hourTile.element,
  todayTile.element,
  el("div", { class: "card tile" }, el("h2", {}, "Open incidents"), incidentTile, incidentNote),
);

function createTile(title) {
  const amount = el("p", { class: "big" });
  const note = el("p", { class: "sub" });
  const bullet = createBullet();
  const element = el(
    "div",
    { class: "card tile" },
    el("h2", {}, title),
    amount,
    bullet.element,
    note,
  );
  return {
    element,
    update(spend, alarmed) {
      setText(amount, money(spend.actualUsd));
      setText(note, `expected ${roughMoney(spend.expectedUsd)}`);
      bullet.update(spend, alarmed);
    },
  };
}

function showSummary() {
  const open = live.incidents.filter((incident) => incident.state !== "resolved");
  hourTile.update(live.organisation.lastHour, open.length > 0);
  todayTile.update(live.organisation.today, false);
  setText(incidentTile, count(live.incidentsOpen));
  incidentTile.dataset.level = live.incidentsOpen > 0 ? "alarm" : "usual";
  const excess = open.reduce((sum, incident) => sum + incident.excessUsd, 0);
  const past = live.incidentsTotal - live.incidentsOpen;
  const note = live.incidentsOpen > 0 ? `${money(excess)} above normal so far` : "all quiet";
  setText(incidentNote, past > 0 ? `${note} · ${count(past)} resolved in the last day` : note);
  document.title = live.incidentsOpen > 0 ? `(${live.incidentsOpen}) spikewatch` : "spikewatch";
}

function showDay() {
  const spans = live.incidents.map((incident) => spanOf(incident, live.eventTimeMs));
  dayChart ??= createChart(byId("day-chart"), { height: 240, readout: byId("day-readout") });
  dayChart.update(live.chart, live.eventTimeMs, spans);
  byId("span-key").hidden = spans.length === 0;
  byId("span-word").hidden = spans.length === 0;
}

/** Beside long incident cards the feed stands under the teams, else where the cards would be. */
function placeFeed() {
  const column = byId(live.incidentsOpen > 0 ? "left" : "right");
  if (byId("feed").parentElement !== column) column.append(byId("feed"));
}

/** Tells those who listen instead of look about an incident that was not there before. */
function announce() {
  const ids = new Set(live.incidents.map((incident) => incident.id));
  const fresh = live.incidents.filter(
    (incident) => known !== null && !known.has(incident.id) && incident.state === "open",
  );
  if (fresh.length > 0) {
    setText(byId("announce"), `New incident: ${fresh.map(titleOf).join("; ")}`);
  }
  known = ids;
}

function show() {
  const empty = live.eventTimeMs === null;
  byId("empty").hidden = !empty;
  for (const id of SECTIONS) byId(id).hidden = empty && id !== "feed";
  showFeed(live);
  showTime();
  if (empty) return;
  showSummary();
  placeFeed();
  showIncidents(live);
  showDay();
  showTeams(live);
  announce();
}

function showTime() {
  if (live === null) return;
  const eventTime = live.eventTimeMs;
  setText(
    byId("clock"),
    eventTime === null ? "" : `Events up to ${day(eventTime)}, ${timeOfDay(eventTime)} UTC`,
  );
  showAges(live.feed, Date.now() + offsetMs);
}

function setLink(state, text) {
  byId("link").dataset.state = state;
  setText(byId("link-text"), text);
}

function heard(data) {
  heardAtMs = Date.now();
  offsetMs = data.nowMs - heardAtMs;
  byId("lost").hidden = true;
  document.body.classList.remove("stale");
}

function receive(data) {
  heard(data);
  live = data;
  const { state, parts } = data.health;
  const trouble = parts.find((part) => !part.ok);
  if (state !== "running") setLink("trouble", state);
  else if (trouble !== undefined) setLink("trouble", `${trouble.name}: ${trouble.detail}`);
  else setLink("ok", "live");
  show();
}

function lose() {
  if (document.hidden) return;
  const since = duration(Date.now() - heardAtMs);
  setLink("lost", "connection lost");
  byId("lost").hidden = false;
  setText(
    byId("lost"),
    live === null
      ? "No connection to spikewatch. Trying again…"
      : `Connection lost ${since} ago: what you see is from then. Trying again…`,
  );
  document.body.classList.add("stale");
}

function disconnect() {
  source?.close();
  source = null;
}

function connect() {
  disconnect();
  source = new EventSource("/v1/live/stream");
  source.addEventListener("live", (event) => receive(JSON.parse(event.data)));
  source.addEventListener("beat", (event) => heard(JSON.parse(event.data)));
  source.addEventListener("bye", () => {
    disconnect();
    lose();
  });
  source.addEventListener("error", () => {
    disconnect();
    lose();
    void fetchOnce();
  });
}

/** Where no stream is to be had (too many open pages), the state still comes, a little slower. */
async function fetchOnce() {
  try {
    const answer = await fetch("/v1/live");
    if (answer.ok) receive(await answer.json());
  } catch {
    // The banner already says so; the next try is three seconds away.
  }
}

setInterval(() => {
  if (document.hidden) return;
  if (source !== null && Date.now() - heardAtMs > SILENCE_MS) disconnect();
  if (!byId("lost").hidden) lose();
  showTime();
}, 1000);
setInterval(() => {
  if (source === null && !document.hidden) connect();
}, RETRY_MS);
// A hidden page needs no stream: a browser has only a few connections to one server.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) disconnect();
  else connect();
});
connect();
