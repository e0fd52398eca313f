/** How Slack reads markup: what of a text becomes active when it is shown. */

export interface Control {
  /** broadcast: rings for a whole channel. special: dates and the like. */
  readonly kind: "broadcast" | "user" | "group" | "channel" | "special" | "link";
  readonly raw: string;
}

/**
 * Every active part of one mrkdwn text. Stricter than Slack in one point: a control sequence counts even inside a code span.
 * `autoLink`: bare addresses outside code spans become links too, as Slack does unless `verbatim` is set.
 */
export function activeControls(text: string, autoLink: boolean): Control[] {
  const controls = [...text.matchAll(/<([^<>\n]+)>/g)].map(([, raw = ""]) => ({
    kind: kindOf(raw),
    raw,
  }));
  if (!autoLink) return controls;
  const outside = text.replaceAll(/<[^<>\n]*>/g, " ").replaceAll(/`[^`\n]*`/g, " ");
  const bare = [...outside.matchAll(/(?:https?:\/\/|www\.)[^\s|]+/g)].map(([raw]) => ({
    kind: "link" as const,
    raw,
  }));
  return [...controls, ...bare];
}

function kindOf(raw: string): Control["kind"] {
  if (/^!(channel|here|everyone)\b/.test(raw)) return "broadcast";
  if (raw.startsWith("!subteam^")) return "group";
  if (raw.startsWith("!")) return "special";
  if (raw.startsWith("@")) return "user";
  return raw.startsWith("#") ? "channel" : "link";
}

/** Text as shown: entities decoded once. */
export function decoded(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
