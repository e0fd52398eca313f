/**
 * What a team or user name may hold is anything; what a channel may be told is not. Each function makes one piece of data inert for
 * one place. Names are cleaned and cut by code points first and escaped last, so that a cut never splits an escape.
 */

/** Long enough for every sensible name, short enough that a page of them fits every channel's limits. */
export const NAME_MAX_CODE_POINTS = 60;

/** Joiners are part of names in some scripts (and of emoji); every other format character only hides or reorders text. */
const JOINERS = new Set(["\u200c", "\u200d"]);
const SPACE = /\p{Z}|[\t\n\r\v\f\u0085]/u;
const INVISIBLE = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Cn}/u;

/** One visible line: white space becomes a space, control, bidi and other invisible characters vanish, the rest is cut with "…". */
export function cleanName(name: string, maxCodePoints = NAME_MAX_CODE_POINTS): string {
  const kept: string[] = [];
  for (const character of name) {
    const visible = visibleForm(character);
    if (visible === "") continue;
    if (kept.length === maxCodePoints) {
      kept[maxCodePoints - 1] = "…";
      break;
    }
    kept.push(visible);
  }
  const text = kept.join("").trim();
  return text === "" ? "(no name)" : text;
}

function visibleForm(character: string): string {
  if (JOINERS.has(character)) return character;
  if (SPACE.test(character)) return " ";
  return INVISIBLE.test(character) ? "" : character;
}

/** Slack's three: without `<` no mention, channel call or disguised link can begin. */
export function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A name as a code span: no formatting, no emoji, no automatic links inside; a backtick would end it. */
export function slackName(name: string, maxCodePoints = NAME_MAX_CODE_POINTS): string {
  return `\`${escapeSlack(cleanName(name, maxCodePoints).replaceAll("`", "'"))}\``;
}

/** For HTML text and double-quoted attributes. */
export function escapeHtml(text: string): string {
  return escapeSlack(text).replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** For one line of a mail header: no line break survives, whatever the mail library would do with it. */
export function escapeHeader(text: string, maxCodePoints = 200): string {
  return cleanName(text, maxCodePoints);
}

/** For a terminal: no escape sequence survives, for its introducer is a control character. */
export function escapeTerminal(text: string, maxCodePoints = NAME_MAX_CODE_POINTS): string {
  return cleanName(text, maxCodePoints);
}
