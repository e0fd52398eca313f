import type { Scope } from "../detect/incident.ts";
import { nameOf, say, type Phrase } from "./phrase.ts";

/** Who or what somebody has to talk to or switch off: the first of these that the scope names. */
const SUBJECTS = ["user", "key", "agent", "model", "tool", "team", "department"] as const;
/** Said after the subject: where a team belongs, and how the money is spent. */
const THROUGH = ["department", "tool", "model", "agent", "key"] as const;

/** "user u12 of team checkout (tool claude-code, model opus, key ci)": a person first, for that is whom to call. */
export function scopePhrase(scope: Scope): Phrase {
  const subject = SUBJECTS.find((level) => scope[level] !== undefined);
  const through = THROUGH.flatMap((level) => {
    const value = scope[level];
    const said = level === subject || (level === "department" && subject !== "team");
    return said || value === undefined ? [] : [say`${level} ${nameOf(value)}`];
  });
  const [first, ...rest] = through;
  if (first === undefined) return narrowestPhrase(scope);
  const how = rest.reduce((left, right) => say`${left}, ${right}`, first);
  return say`${narrowestPhrase(scope)} (${how})`;
}

/** "user u12 of team checkout": where there is little room. */
export function narrowestPhrase(scope: Scope): Phrase {
  const subject = SUBJECTS.find((level) => scope[level] !== undefined);
  if (subject === undefined) return say`the whole organisation`;
  const name = say`${subject} ${nameOf(scope[subject] ?? "")}`;
  const isGroup = subject === "team" || subject === "department";
  if (isGroup || scope.team === undefined) return name;
  return say`${name} of team ${nameOf(scope.team)}`;
}
