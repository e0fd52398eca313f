import type { Incident, IncidentKind } from "../detect/incident.ts";
import { cleanName } from "./escape.ts";
import { composeDigest } from "./digest-message.ts";
import {
  formatClock,
  formatDuration,
  formatRatio,
  formatTime,
  formatUsd,
  formatUsdPerHour,
  sparkline,
} from "./format.ts";
import { capital, nameOf, say, type Phrase } from "./phrase.ts";
import type { MessageContent, MessageOptions, Tone } from "./message-content.ts";
import type { Notification } from "./notifier.ts";
import { narrowestPhrase, scopePhrase } from "./scope-phrase.ts";
import {
  contributorGroups,
  factorLines,
  leader,
  modelOf,
  priceCause,
  priceReason,
  whoHeading,
} from "./who-and-why.ts";

const KIND_TITLES: Record<IncidentKind, string> = {
  spike: "Spend spike",
  shift: "Spend has shifted",
  ramp: "Spend is creeping up",
  "off-hours": "Off-hours spend",
  price: "Same tokens, more money",
  waste: "Wasteful use",
  budget: "Budget running out",
  new: "New spender",
  drop: "Spend has dropped",
  pipeline: "Feed trouble",
};
const CHART_BARS = 48;

const DAY_MS = 86_400_000;

/** Pure: the same notification always reads the same. */
export function composeMessage(
  notification: Notification,
  options: MessageOptions,
): MessageContent {
  const { incident, others = [] } = notification;
  if (others.length > 0) return composeDigest([incident, ...others], notification, options);
  const tone = toneOf(incident);
  return {
    incidentId: incident.id,
    tone,
    title: titleOf(incident, tone),
    subject: say`${KIND_TITLES[incident.kind]}: ${scopePhrase(incident.scope)} since ${formatTime(incident.openedAtMs)}`,
    notice: notification.notice ?? null,
    summary: summaryOf(notification, tone),
    facts: factsOf(incident),
    who: whoHeading(incident),
    groups: contributorGroups(incident),
    why: factorLines(incident),
    chart: chartOf(incident),
    advice: adviceOf(incident, tone),
    commands: tone === "resolved" ? [] : commandsOf(incident, options.commandOptions),
    link: incidentLink(incident.id, options.publicUrl),
    footer: footerOf(incident),
  };
}

/** The page's address of one incident, as `server/dashboard` names it. Total: half a surrogate pair, which no address can hold, is left out. */
export function incidentLink(incidentId: string, publicUrl: string): string {
  return `${publicUrl}/#incident-${encodeURIComponent(cleanName(incidentId, 128))}`;
}

/** Of the decision that opened it, as `explain` tells it: by the minute in which a message is written the score may have fallen under its bar. */
function footerOf(incident: Incident): Phrase {
  const { score, bar } = incident.decision ?? incident;
  return say`${nameOf(incident.id)} · ${incident.severity} · score ${score.toFixed(1)} (bar ${bar.toFixed(1)}) over ${formatDuration(incident.windowMs)} · event time`;
}

function toneOf(incident: Incident): Tone {
  if (incident.state === "resolved") return "resolved";
  return incident.state === "acknowledged" ? "acknowledged" : incident.severity;
}

function titleOf(incident: Incident, tone: Tone): Phrase {
  const kind = KIND_TITLES[incident.kind];
  const scope = narrowestPhrase(incident.scope);
  const now = formatUsdPerHour(incident.actualUsdPerHour);
  const ratio = formatRatio(incident.actualUsdPerHour, incident.expectedUsdPerHour);
  const times = ratio === "" ? "" : `, ${ratio} normal`;
  switch (tone) {
    case "resolved":
      return say`Resolved: ${scope}, ${formatUsd(incident.excessUsd)} over normal`;
    case "acknowledged":
      return say`Acknowledged: ${scope} at ${now}${times}`;
    case "page":
    case "ticket":
      return say`${kind}: ${scope} at ${now}${times}`;
  }
}

function summaryOf({ incident, reason }: Notification, tone: Tone): Phrase {
  if (tone === "resolved") return resolvedSummary(incident);
  return reason === "reopened"
    ? say`It burns again. ${openSummary(incident, "first at")}`
    : openSummary(incident, "since");
}

function openSummary(incident: Incident, began: "since" | "first at"): Phrase {
  const { actualUsdPerHour: actual, expectedUsdPerHour: expected } = incident;
  const ratio = formatRatio(actual, expected);
  const normal =
    ratio === ""
      ? say`where next to nothing is normal`
      : say`where ${formatUsdPerHour(expected)} is normal (${ratio})`;
  const top = leader(incident);
  const who = top === null ? say`` : say`; ${top}`;
  const reason = priceReason(incident);
  const why = reason === null ? say`` : say`: ${reason}`;
  const { openedAtMs, updatedAtMs } = incident;
  const since =
    updatedAtMs - openedAtMs < DAY_MS ? formatClock(openedAtMs) : formatTime(openedAtMs);
  return say`${capital(scopePhrase(incident.scope))} now spends ${formatUsdPerHour(actual)} ${normal}, ${began} ${since}${why}${who}.`;
}

function resolvedSummary(incident: Incident): Phrase {
  const end = incident.resolvedAtMs ?? incident.updatedAtMs;
  const lasted = formatDuration(end - incident.openedAtMs);
  return say`${capital(scopePhrase(incident.scope))} is back to normal since ${formatClock(end)}, after ${lasted}: ${formatUsd(incident.actualUsd)} spent where ${formatUsd(incident.expectedUsd)} is normal.`;
}

function factsOf(incident: Incident): MessageContent["facts"] {
  const { actualUsdPerHour: actual, expectedUsdPerHour: expected } = incident;
  const ratio = formatRatio(actual, expected);
  const times = ratio === "" ? "" : ` (${ratio})`;
  const soFar = say`${formatUsd(incident.excessUsd)} above normal: ${formatUsd(incident.actualUsd)} spent, ${formatUsd(incident.expectedUsd)} expected`;
  const since = say`${formatTime(incident.openedAtMs)}, ${formatDuration((incident.resolvedAtMs ?? incident.updatedAtMs) - incident.openedAtMs)} so far`;
  if (incident.state === "resolved") {
    const end = incident.resolvedAtMs ?? incident.updatedAtMs;
    return [
      { label: "In all", value: soFar },
      { label: "From, to", value: say`${formatTime(incident.openedAtMs)} to ${formatTime(end)}` },
    ];
  }
  const by = incident.acknowledgedBy;
  const owner = by === null ? [] : [{ label: "Acknowledged by", value: say`${nameOf(by)}` }];
  return [
    {
      label: "Now",
      value: say`${formatUsdPerHour(actual)}, expected ${formatUsdPerHour(expected)}${times}`,
    },
    { label: "So far", value: soFar },
    {
      label: "At stake",
      value: say`${formatUsd(incident.excessUsdNext24h)} over the next 24 h at this rate`,
    },
    { label: "Since", value: since },
    ...owner,
  ];
}

function chartOf({ chart }: Incident): MessageContent["chart"] {
  const [first] = chart;
  const last = chart.at(-1);
  if (first === undefined || last === undefined || chart.length < 2) return null;
  const span = last.startMs - first.startMs + (last.startMs - first.startMs) / (chart.length - 1);
  return {
    label: `last ${formatDuration(span)}`,
    bars: sparkline(
      chart.map((point) => point.actualUsd),
      CHART_BARS,
    ),
  };
}

function adviceOf(incident: Incident, tone: Tone): Phrase {
  if (tone === "resolved") return say`Nothing: it is over.`;
  const user = topUser(incident);
  const cause = priceCause(incident)?.factor;
  if (cause === "cache_misses") {
    const how = say`whether the start of the prompts has changed or caching is switched off: a cache gives only what stays the same`;
    return user === null ? say`Find out ${how}.` : say`Ask ${nameOf(user)} ${how}.`;
  }
  if (cause === "model_mix") {
    const model = modelOf(incident);
    const dearer = model === null ? say`the dearer model` : say`${nameOf(model)}`;
    return user === null
      ? say`Find out who switched to ${dearer} at about ${formatClock(incident.openedAtMs)}, and whether it has to be that one.`
      : say`Ask ${nameOf(user)} whether it has to be ${dearer}.`;
  }
  if (user !== null) {
    return say`Find out what ${nameOf(user)} is running and stop it; revoke the key if nobody answers.`;
  }
  return say`No single user stands out: look for a release, a new job or a changed model at about ${formatClock(incident.openedAtMs)}.`;
}

function topUser(incident: Incident): string | null {
  if (incident.scope.user !== undefined) return incident.scope.user;
  const top = incident.contributors.find((one) => one.dimension === "user");
  return top !== undefined &&
    top.share >= 0.5 &&
    !["unknown", "__rest__", "__other__"].includes(top.value)
    ? top.value
    : null;
}

function commandsOf(incident: Incident, options: string): MessageContent["commands"] {
  const command = `spikewatch incidents`;
  const acknowledge = { command: `${command} ack ${incident.id}${options}`, meaning: "I am on it" };
  const mute = {
    command: `${command} mute ${incident.id} --for 4h${options}`,
    meaning: "it is known: be quiet for 4 hours",
  };
  return incident.state === "acknowledged" ? [mute] : [acknowledge, mute];
}
