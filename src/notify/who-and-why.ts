import type { Contributor, FactorChange, Incident } from "../detect/incident.ts";
import { MEMBER_WINDOW } from "../detect/members.ts";
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
  "session",
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
    cache_misses: { up: "fewer cache hits", down: "more cache hits" },
    output_share: { up: "more of the tokens are output", down: "fewer of the tokens are output" },
    model_mix: { up: "dearer models", down: "cheaper models" },
    model_price: {
      up: "dearer tokens of the same models",
      down: "cheaper tokens of the same models",
    },
  };
/** What makes the same requests dearer. */
const REASONS: Readonly<Partial<Record<FactorChange["factor"], string>>> = {
  price_per_token: "dearer tokens",
  cache_misses: "fewer cache hits",
  output_share: "a larger part of output",
  model_mix: "dearer models",
  model_price: "the same models at a higher price",
};
/** What they have done is said of the price: of the hits themselves "2.8× normal" would be the contrary. */
const PRICE_PARTS: ReadonlySet<string> = new Set<FactorChange["factor"]>([
  "cache_misses",
  "output_share",
  "model_mix",
  "model_price",
]);
/** As many requests as usual, roughly. */
const AS_MANY = 1.2;
const MOST = 0.5;

/** Parts are told of all that an incident has cost; of one that has lasted longer than six hours, of the last six. */
export function whoHeading({ openedAtMs, updatedAtMs, windowMs }: Incident): string {
  const isLong = windowMs < TOLD_MS && updatedAtMs - openedAtMs + windowMs > TOLD_MS;
  return isLong ? `${WHO}, of its last ${TOLD_MS / 3_600_000} h` : WHO;
}
export const WHO = "Who carries the excess";
const TOLD_MS = MEMBER_WINDOW * 60_000;

/** Dimensions that the scope already names, or that nobody filled in, say nothing and are left out. */
export function contributorGroups(incident: Incident): ContributorGroup[] {
  return DIMENSIONS.flatMap((dimension) => {
    if (isInScope(incident, dimension)) return [];
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

function isInScope({ scope }: Incident, dimension: Contributor["dimension"]): boolean {
  return dimension !== "session" && scope[dimension] !== undefined;
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
      !isInScope(incident, one.dimension) &&
      one.value !== "unknown" &&
      !REST.has(one.value),
  );
  const user = carriers.find((one) => one.dimension === "user");
  // A session says the least: it is over when one looks.
  const lasting = carriers.filter((one) => one.dimension !== "session");
  const top = user ?? lasting.toSorted((a, b) => b.share - a.share)[0] ?? carriers[0];
  return top === undefined
    ? null
    : say`${top.dimension} ${nameOf(top.value)} carries ${formatShare(top.share)} of the excess`;
}

/** Largest part first; what moved less than a twentieth of the rise is left out. Dearer models are named where one stands out. */
export function factorLines(
  incident: Pick<Incident, "factors" | "scope" | "contributors">,
): Phrase[] {
  return incident.factors
    .filter((one) => Math.abs(one.share) >= WORTH_A_LINE)
    .toSorted((a, b) => b.share - a.share)
    .map((one) => {
      const part = one.share < 0 ? "works against it" : `${formatShare(one.share)} of the rise`;
      const model = isDearerModel(one) ? modelOf(incident) : null;
      const which = model === null ? say`` : say` (${nameOf(model)})`;
      const than = PRICE_PARTS.has(one.factor) ? "the price" : "normal";
      return say`${factorWords(one)}${which}: ${formatTimes(one.ratio)} ${than}, ${part}`;
    });
}

/** What a factor has done, in words: "fewer cache hits". */
export function factorWords({ factor, ratio }: FactorChange): string {
  const { up, down } = FACTOR_WORDS[factor];
  return ratio >= 1 ? up : down;
}

/** "the same requests, but dearer models (claude-opus-4-5)": null where something else drives the rise. */
export function priceReason(incident: Incident): Phrase | null {
  const { factors } = incident;
  const cause = priceCause(incident);
  if (cause === null) return null;
  const reason = REASONS[cause.factor] ?? "";
  const model = isDearerModel(cause) ? modelOf(incident) : null;
  const which = model === null ? say`${reason}` : say`${reason} (${nameOf(model)})`;
  const requests = factors
    .filter(({ factor }) => factor === "active_users" || factor === "requests_per_active_user")
    .reduce((product, { ratio }) => product * ratio, 1);
  const isSame = requests < AS_MANY && requests > 1 / AS_MANY;
  return isSame ? say`the same requests, but ${which}` : say`above all ${which}`;
}

/** What of the price carries most of the rise; null where something else does. */
export function priceCause({ factors }: Pick<Incident, "factors">): FactorChange | null {
  const top = factors.toSorted((a, b) => b.share - a.share)[0];
  return top !== undefined && top.share >= MOST && top.ratio > 1 && top.factor in REASONS
    ? top
    : null;
}

function isDearerModel({ factor, ratio }: FactorChange): boolean {
  return factor === "model_mix" && ratio > 1;
}

/** The model that carries most of the excess; null where none does. */
export function modelOf({
  scope,
  contributors,
}: Pick<Incident, "scope" | "contributors">): string | null {
  if (scope.model !== undefined) return scope.model;
  const models = contributors.filter((one) => one.dimension === "model" && !REST.has(one.value));
  const top = models.toSorted((a, b) => b.share - a.share)[0];
  return top !== undefined && top.share >= MOST && top.value !== "unknown" ? top.value : null;
}
