import type { Incident } from "../detect/incident.ts";
import { formatRatio, formatUsd, formatUsdPerHour } from "./format.ts";
import type { MessageContent, MessageOptions } from "./message-content.ts";
import type { Notification } from "./notifier.ts";
import { nameOf, say, type Phrase } from "./phrase.ts";
import { narrowestPhrase } from "./scope-phrase.ts";
import { WHO } from "./who-and-why.ts";

const DIGEST_LINES = 20;

/** A storm in one message: what it costs together, the dearest first. */
export function composeDigest(
  incidents: readonly Incident[],
  { notice }: Notification,
  options: MessageOptions,
): MessageContent {
  const sorted = incidents.toSorted((a, b) => b.excessUsdNext24h - a.excessUsdNext24h);
  const total = (pick: (incident: Incident) => number): number =>
    incidents.reduce((sum, one) => sum + pick(one), 0);
  const now = formatUsdPerHour(total((one) => one.actualUsdPerHour));
  const expected = formatUsdPerHour(total((one) => one.expectedUsdPerHour));
  const count = String(incidents.length);
  const lines = sorted.slice(0, DIGEST_LINES).map(digestLine);
  const hidden = sorted.length - lines.length;
  const first = incidents[0]?.id ?? "";
  return {
    incidentId: first,
    tone: incidents.some((one) => one.severity === "page") ? "page" : "ticket",
    title: say`${count} incidents in the last minute, ${now} together`,
    subject: say`${count} incidents at once (${nameOf(first)})`,
    notice: notice ?? null,
    summary: say`${count} incidents in the last minute: together they spend ${now} where ${expected} is normal.`,
    facts: [
      { label: "Now", value: say`${now}, expected ${expected}` },
      { label: "So far", value: say`${formatUsd(total((one) => one.excessUsd))} above normal` },
      {
        label: "At stake",
        value: say`${formatUsd(total((one) => one.excessUsdNext24h))} over the next 24 h at this rate`,
      },
    ],
    who: WHO,
    groups: [
      {
        heading: "dearest first",
        lines: hidden === 0 ? lines : [...lines, say`and ${String(hidden)} more`],
      },
    ],
    why: [],
    chart: null,
    advice: say`Look for one cause: a release, a shared agent, a changed model or price.`,
    commands: [
      {
        command: `spikewatch incidents list${options.commandOptions}`,
        meaning: "all of them, with what to type next",
      },
    ],
    link: `${options.publicUrl}/`,
    footer: say`they come in one message because there are many; this message is not edited`,
  };
}

function digestLine(incident: Incident): Phrase {
  const { actualUsdPerHour: actual, expectedUsdPerHour: expected } = incident;
  const ratio = formatRatio(actual, expected);
  const times = ratio === "" ? "" : `, ${ratio} normal`;
  return say`${narrowestPhrase(incident.scope)} at ${formatUsdPerHour(actual)}${times} (${nameOf(incident.id)})`;
}
