import type { Factor } from "./incident.ts";
import type { LateMeasure } from "./usual-rates.ts";

/** What a statistic is compared with: the profile's expectation, the users' own usual rates, or nothing (the series' own past maxima). */
export type Against =
  | "profile"
  | "demand"
  | "sessions"
  | "lately"
  | "apart"
  | "crowd"
  | "together"
  | "people"
  | "slow"
  | "rates"
  | "pace"
  | "past";

/** What a person may be further beyond than the rest of their team: sessions begun, how dear the called models are, what caches no longer give. */
export type Heat = "sessions" | LateMeasure;

/** One statistic: a column over a window, on a logarithmic scale. */
export interface Statistic {
  readonly name: string;
  readonly factor: Factor;
  readonly window: number;
  readonly column: number;
  /** With `rates`: the sums of logarithms over `ratedCells`, and what the money is compared with. */
  readonly shift?: number;
  readonly usual?: number;
  readonly against: Against;
  /** With `lately`, `sessions` and `apart`: which of a person's heats. */
  readonly of?: Heat;
  /** A day holds only what cost enough (`money.ts`), at any hour or at quiet ones: what is cheap may be wild, and is nobody's business. */
  readonly costly?: "always" | "off-hours";
  /** Statistics of one family say the same in other windows: dollars 0, demand 1, pace 2, then those named below. */
  readonly family: number;
  /** Added to both sides: counts and dollars below it are noise. */
  readonly floor: number;
}
