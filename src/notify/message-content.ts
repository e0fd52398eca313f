import type { Phrase } from "./phrase.ts";
import type { ContributorGroup } from "./who-and-why.ts";

/** How urgent it looks: colour and sign. */
export type Tone = "page" | "ticket" | "acknowledged" | "resolved";

/**
 * All that a message says, in the order in which it is read, before any channel has a say in how. What happens and what it costs come first;
 * who and why next; what to type last. Every channel writes this and nothing else.
 */
export interface MessageContent {
  readonly incidentId: string;
  readonly tone: Tone;
  readonly title: Phrase;
  /** Does not change while the incident lives: what keeps its mails in one thread. */
  readonly subject: Phrase;
  /** Trouble with the delivery itself. Foreign text: escape it. */
  readonly notice: string | null;
  /** One sentence that stands alone, as on a locked phone. */
  readonly summary: Phrase;
  readonly facts: readonly { readonly label: string; readonly value: Phrase }[];
  /** What heads `groups`. */
  readonly who: string;
  /** Who carries the excess, by dimension. */
  readonly groups: readonly ContributorGroup[];
  /** Why dollars rose, largest part first. */
  readonly why: readonly Phrase[];
  /** Label and bars of the scope's last day; null where there is no chart. */
  readonly chart: { readonly label: string; readonly bars: string } | null;
  readonly advice: Phrase;
  readonly commands: readonly { readonly command: string; readonly meaning: string }[];
  readonly link: string;
  readonly footer: Phrase;
}

export interface MessageOptions {
  /** What links begin with, without a slash at the end: `http://127.0.0.1:8080`. */
  readonly publicUrl: string;
  /** Appended to the commands so that they work as typed: ` --data DIR` or "". */
  readonly commandOptions: string;
}
