// One card an incident: what, how much, who, why, when, and what to do.
import { createChart, spanOf } from "./chart.js";
import { byId, el, fill } from "./dom.js";
import { duration, money, percent, ratioText, time } from "./format.js";

const KINDS = new Map([
  ["spike", "Spike"],
  ["shift", "Lasting rise"],
  ["ramp", "Slow climb"],
  ["off-hours", "Spend at an unusual hour"],
  ["price", "Dearer tokens"],
  ["waste", "Waste"],
  ["budget", "Budget"],
  ["new", "Never seen before"],
  ["drop", "Drop"],
  ["pipeline", "Feed trouble"],
]);
const FACTORS = new Map([
  ["price_per_token", "price of a token"],
  ["cache_misses", "price by cache misses"],
  ["output_share", "price by the share of output"],
  ["model_mix", "price by the choice of models"],
  ["model_price", "price of the same models"],
  ["tokens_per_request", "tokens in a request"],
  ["requests_per_active_user", "requests of each active user"],
  ["active_users", "active users"],
]);
const PATH = ["department", "team", "user", "key", "agent", "model", "tool"];
const CONTRIBUTORS_SHOWN = 4;
/** In a storm the first open ones lie open, the rest are lines that open. */
const CARDS_SPREAD = 3;

const cards = new Map();

/** `Spike: research › ines`; without a scope it is about the whole organisation, or about the feed itself. */
export function titleOf(incident) {
  const kind = KINDS.get(incident.kind) ?? incident.kind;
  const steps = PATH.filter((level) => incident.scope[level] !== undefined);
  const scope = steps.map((level) => incident.scope[level]).join(" › ");
  if (scope !== "") return `${kind}: ${scope}`;
  return incident.kind === "pipeline" ? kind : `${kind}: the whole organisation`;
}

function nameOf(value) {
  if (value === "__rest__") return "everything else";
  return value === "__other__" ? "others (folded together)" : value;
}

function bar(share) {
  const fillBar = el("span", { class: share < 0 ? "minus" : "plus" });
  fillBar.style.width = `${Math.min(100, Math.abs(share) * 100)}%`;
  return el("span", { class: "share-bar", "aria-hidden": "true" }, fillBar);
}

function contributorItem(one) {
  return el(
    "li",
    { class: one.value === "__rest__" ? "rest" : null },
    el("span", { class: "who", title: one.value }, nameOf(one.value)),
    bar(one.share),
    el("span", { class: "share" }, percent(one.share)),
    el("span", { class: "sub" }, `${money(one.actualUsd)}, expected ${money(one.expectedUsd)}`),
  );
}

/** The named ones first, what is left over last; a dimension with one element says it all in one line. */
function dimensionList(dimension, contributors) {
  const named = contributors.filter((one) => one.value !== "__rest__");
  const rest = contributors.filter((one) => one.value === "__rest__");
  const shown = named.slice(0, CONTRIBUTORS_SHOWN);
  const more = named.length - shown.length;
  return el(
    "div",
    { class: "dimension" },
    el("h4", {}, `By ${dimension}`),
    el("ul", { class: "shares" }, shown.map(contributorItem), rest.map(contributorItem)),
    more > 0 ? el("p", { class: "sub" }, `… and ${more} more`) : null,
  );
}

function who(incident) {
  const lists = [...PATH, "session"]
    .map((dimension) => [
      dimension,
      incident.contributors.filter((one) => one.dimension === dimension),
    ])
    .filter(([, contributors]) => contributors.length > 0);
  if (lists.length === 0) return null;
  return el(
    "section",
    { class: "who-part" },
    el("h3", {}, incident.excessUsd < 0 ? "Who is missing" : "Who: share of the excess"),
    lists.map(([dimension, contributors]) => dimensionList(dimension, contributors)),
  );
}

function why(incident) {
  if (incident.factors.length === 0) return null;
  const factors = [...incident.factors].sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  return el(
    "section",
    { class: "why-part" },
    el("h3", {}, "Why"),
    el(
      "ul",
      { class: "shares" },
      factors.map((one) =>
        el(
          "li",
          {},
          el("span", { class: "who" }, FACTORS.get(one.factor) ?? one.factor),
          bar(one.share),
          el("span", { class: "share" }, ratioText(one.ratio, 1)),
          el("span", { class: "sub" }, `${percent(one.share)} of the change`),
        ),
      ),
    ),
  );
}

function money24h(incident) {
  if (incident.state === "resolved" || incident.excessUsdNext24h <= 0) return null;
  return el(
    "p",
    {},
    `Now ${money(incident.actualUsdPerHour)} an hour, normal ${money(incident.expectedUsdPerHour)}. At this rate `,
    el("strong", {}, `${money(incident.excessUsdNext24h)} more`),
    " in the next 24 hours.",
  );
}

function howMuch(incident) {
  if (incident.actualUsd === 0 && incident.expectedUsd === 0) return null;
  const direction = incident.excessUsd < 0 ? "below" : "above";
  return el(
    "section",
    { class: "amount" },
    el(
      "p",
      { class: "big" },
      money(Math.abs(incident.excessUsd)),
      el("span", {}, ` ${direction} normal`),
    ),
    el(
      "p",
      {},
      `${money(incident.actualUsd)} spent where ${money(incident.expectedUsd)} was expected: ${ratioText(incident.actualUsd, incident.expectedUsd)}.`,
    ),
    money24h(incident),
  );
}

function when(incident, nowMs) {
  const rows = [
    ["Opened", incident.openedAtMs],
    ["Paged", incident.pagedAtMs],
    ["Last change", incident.updatedAtMs],
    ["Resolved", incident.resolvedAtMs],
    ["Muted until", incident.mutedUntilMs],
  ].filter(([, ms]) => ms !== null);
  return el(
    "dl",
    { class: "when" },
    rows.map(([name, ms]) => el("div", {}, el("dt", {}, name), el("dd", {}, time(ms, nowMs)))),
    el(
      "div",
      {},
      el("dt", {}, "Score"),
      el("dd", {}, `${incident.score.toFixed(1)} (bar ${incident.bar.toFixed(1)})`),
    ),
  );
}

function stateText(incident, nowMs) {
  const by = incident.acknowledgedBy === null ? "" : ` by ${incident.acknowledgedBy}`;
  const end = incident.resolvedAtMs ?? nowMs;
  const span = duration(end - incident.openedAtMs);
  const link = incident.state === "resolved" ? "after" : "for";
  return `${incident.state}${by}, ${link} ${span}`;
}

function head(incident, nowMs) {
  return el(
    "div",
    { class: "incident-head" },
    el(
      "p",
      { class: "badges" },
      el("span", { class: `badge ${incident.severity}` }, incident.severity),
      el("span", { class: "state" }, stateText(incident, nowMs)),
    ),
    el("h3", { class: "incident-title" }, titleOf(incident)),
  );
}

/** For a shell: the id comes from our own books, but a pasted line is no place for trust. */
function shellWord(text) {
  return /^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function command(text) {
  const copy = el("button", { type: "button", class: "copy" }, "Copy");
  copy.hidden = navigator.clipboard === undefined;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text).then(
      () => (copy.textContent = "Copied"),
      () => (copy.textContent = "Not allowed"),
    );
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
  // Lines break between words only: a browser would also part `--for`.
  const words = text.split(" ").map((word) => el("span", {}, word));
  const spaced = words.flatMap((word, index) => (index === 0 ? [word] : [" ", word]));
  return el("div", { class: "command" }, el("code", {}, spaced), copy);
}

function commands(incident) {
  const id = shellWord(incident.id);
  return el(
    "section",
    { class: "do-part" },
    el("h3", {}, "What to do"),
    command(`npx spikewatch incidents ack ${id}`),
    command(`npx spikewatch incidents mute ${id} --for 4h`),
  );
}

function createCard(incident) {
  const top = el("div", {});
  const chartHost = el("div", { class: "chart small" });
  const body = el("div", { class: "incident-body" });
  const actions = commands(incident);
  const card = el("article", {
    class: "card incident",
    id: `incident-${encodeURIComponent(incident.id)}`,
  });
  return { card, top, chartHost, body, actions, chart: null, shown: "", spread: null };
}

/** An incident at work lies open before the reader; a past one is a line that opens. */
function layOut(card, spread) {
  card.spread = spread;
  card.chart?.destroy();
  card.chart = null;
  fill(card.chartHost);
  if (spread) {
    fill(card.card, card.top, card.chartHost, card.body, card.actions);
  } else {
    const summary = el("summary", {}, card.top);
    fill(card.card, el("details", {}, summary, card.body, card.actions));
  }
}

function updateCard(card, incident, live, index) {
  const nowMs = live.eventTimeMs ?? incident.updatedAtMs;
  const open = incident.state !== "resolved";
  const spread = open && index < CARDS_SPREAD;
  if (card.spread !== spread) layOut(card, spread);
  card.actions.hidden = !open;
  card.card.dataset.state = incident.state;
  card.card.dataset.severity = incident.severity;
  fill(card.top, head(incident, nowMs), howMuch(incident));
  // Lists are built anew only when the incident itself changed.
  const shown = String(incident.revision);
  if (card.shown !== shown) {
    fill(card.body, who(incident), why(incident), when(incident, nowMs));
    card.shown = shown;
  }
  if (!spread) return;
  card.chartHost.hidden = incident.chart.startMs.length < 2;
  if (card.chartHost.hidden || !card.card.isConnected) return;
  card.chart ??= createChart(card.chartHost, { height: 120, small: true });
  card.chart.update(incident.chart, live.eventTimeMs, [spanOf(incident, live.eventTimeMs)]);
}

/** Shows the incidents of a pushed state, open ones first as the server sorts them. */
export function showIncidents(live) {
  const list = byId("incident-cards");
  const kept = new Set(live.incidents.map((incident) => incident.id));
  for (const [id, card] of cards) {
    if (kept.has(id)) continue;
    card.chart?.destroy();
    card.card.remove();
    cards.delete(id);
  }
  live.incidents.forEach((incident, index) => {
    const card = cards.get(incident.id) ?? createCard(incident);
    cards.set(incident.id, card);
    if (list.children[index] !== card.card) list.insertBefore(card.card, list.children[index]);
    updateCard(card, incident, live, index);
  });
  byId("calm").hidden = live.incidents.length > 0;
  const more = byId("incidents-more");
  const hidden = live.incidentsTotal - live.incidents.length;
  more.hidden = hidden <= 0;
  more.textContent = `… and ${hidden} more: npx spikewatch incidents list`;
}
