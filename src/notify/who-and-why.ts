import type { Contributor, FactorChange, Incident } from "../detect/incident.ts";
import { formatShare, formatTimes, formatUsd } from "./format.ts";
import { nameOf, say, type Phrase } from "./phrase.ts";

/** One dimension's lines: "user", then who carries how much of the excess. */
export interface ContributorGroup {
  readonly heading: string;
  readonly lines: readonly Phrase[];
}

const DIMENSIONS: readonly Contributor["dimension"][] = [
  "department",
  "team",
  "user",
  "key",
  "agent",
  "model",
  "tool",
];
const NAMED_PER_GROUP = 3;
const WORTH_A_LINE = 0.05;
const REST = new Set(["__rest__", "__other__"]);

const FACTOR_WORDS: Record<FactorChange["factor"], { readonly up: string; readonly down: string }> =
  {
    active_users: { up: "more active users", down: "fewer active users" },
    requests_per_active_user: { up: "more requests a user", down: "fewer requests a user" },
    tokens_per_request: { up: "bigger requests", down: "smaller requests" },
    price_per_token: { up: "dearer tokens", down: "cheaper tokens" },
  };

/** Dimensions that the scope already names, or that nobody filled in, say nothing and are left out. */
export function contributorGroups(incident: Incident): ContributorGroup[] {
  return DIMENSIONS.flatMap((dimension) => {
    if (incident.scope[dimension] !== undefined) return [];
    const all = incident.contributors.filter((one) => one.dimension === dimension);
    const named = all.filter((one) => !REST.has(one.value));
    if (named.every((one) => one.value === "unknown")) return [];
    const shown = named
      .filter((one, index) => index === 0 || Math.abs(one.share) >= WORTH_A_LINE)
      .slice(0, NAMED_PER_GROUP);
    return [
      { heading: dimension, lines: [...shown.map(contributorLine), ...restLine(all, shown)] },
    ];
  });
}

function contributorLine(one: Contributor): Phrase {
  return say`${nameOf(one.value)} ${formatShare(one.share)} of the excess: ${formatUsd(one.actualUsd)}, expected ${formatUsd(one.expectedUsd)}`;
}

/** What the named ones leave, so that the shares of a group add up to the whole. */
function restLine(all: readonly Contributor[], shown: readonly Contributor[]): Phrase[] {
  const others = all.filter((one) => !shown.includes(one));
  const share = others.reduce((sum, one) => sum + one.share, 0);
  return Math.round(Math.abs(share) * 100) === 0 ? [] : [say`the rest ${formatShare(share)}`];
}

/** "user u12 carries 96% of the excess": the narrowest that carries most of it; null where none does. */
export function leader(incident: Incident): Phrase | null {
  const carriers = incident.contributors.filter(
    (one) =>
      one.share >= 0.5 &&
      incident.scope[one.dimension] === undefined &&
      one.value !== "unknown" &&
      !REST.has(one.value),
  );
  const user = carriers.find((one) => one.dimension === "user");
  const top = user ?? carriers.toSorted((a, b) => b.share - a.share)[0];
  return top === undefined
    ? null
    : say`${top.dimension} ${nameOf(top.value)} carries ${formatShare(top.share)} of the excess`;
}

/** Largest part first; what moved less than a twentieth of the rise is left out. */
export function factorLines(factors: readonly FactorChange[]): Phrase[] {
  return factors
    .filter((one) => Math.abs(one.share) >= WORTH_A_LINE)
    .toSorted((a, b) => b.share - a.share)
    .map((one) => {
      const words = FACTOR_WORDS[one.factor];
      const part = one.share < 0 ? "works against it" : `${formatShare(one.share)} of the rise`;
      return say`${one.ratio >= 1 ? words.up : words.down}: ${formatTimes(one.ratio)} normal, ${part}`;
    });
}
