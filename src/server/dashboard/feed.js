// What came in, what was kept aside, and whether every part does its work.
import { byId, el, fill, setText } from "./dom.js";
import { count, duration, shortCount } from "./format.js";

const facts = new Map();

function setFact(name, text, detail = "") {
  let fact = facts.get(name);
  if (fact === undefined) {
    const value = el("span", {});
    const sub = el("span", { class: "sub" });
    const line = el("div", {}, el("dt", {}, name), el("dd", {}, value, sub));
    fact = { line, value, sub };
    facts.set(name, fact);
    byId("feed-facts").append(line);
  }
  setText(fact.value, text);
  setText(fact.sub, detail);
}

function namesOf(counts) {
  return counts
    .slice(0, 4)
    .map(({ name, count: number }) => `${name} ${shortCount(number)}`)
    .join(", ");
}

function partItem({ name, ok, detail }) {
  return el(
    "li",
    { "data-ok": String(ok) },
    el("span", { class: "dot" }),
    el("span", { class: "part" }, name),
    el("span", { class: "sub" }, detail === "" ? (ok ? "works" : "does not work") : detail),
  );
}

/** Shows the feed of a pushed state. */
export function showFeed(live) {
  const { feed } = live;
  fill(byId("feed-parts"), live.health.parts.map(partItem));
  setFact("Records read", count(feed.records));
  setFact("Events counted", count(feed.accepted));
  setFact("Duplicates dropped", count(feed.duplicates));
  setFact("No usage, ignored", count(feed.ignored));
  setFact("Rejected, kept aside", count(feed.rejected), namesOf(feed.rejectedByReason));
  setFact("Tokens without a price", shortCount(feed.unpricedTokens), namesOf(feed.unpricedByModel));
  if (feed.lagRecords !== null) setFact("Records still to read", count(feed.lagRecords));
  if (feed.analystUrl !== null) setFact("Ask with SQL", "", feed.analystUrl);
}

/** Ages grow between pushes; `nowMs` is the server's time. */
export function showAges(feed, nowMs) {
  if (feed.lastFetchMs !== null) setFact("Last read", `${duration(nowMs - feed.lastFetchMs)} ago`);
  if (feed.lastFlushMs !== null)
    setFact("Last stored", `${duration(nowMs - feed.lastFlushMs)} ago`);
}
