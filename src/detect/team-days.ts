import { Silences } from "./drops.ts";
import { SlowBurn } from "./slow-burn.ts";

/** What the working days of a team say, beside its hours. */
export class TeamDays {
  /** Days that are each a little over what is usual. */
  readonly slow = new SlowBurn();
  /** How often it falls silent at work. */
  readonly silences = new Silences();
}

/** The last 24 hours of a person against a usual day of work: as a logarithm, and how much that counts among others. */
export interface PersonDay {
  rise: number;
  weight: number;
}
