import { expectedUsd, type At } from "./attribution.ts";
import type { Contributor } from "./incident.ts";
import { partsOf, sumOf, type Part } from "./parts.ts";
import type { SeriesNode } from "./series-node.ts";
import { sessionParts } from "./session-parts.ts";

const LISTED = 5;
const MIN_SHARE = 0.01;
/** Sessions are told where one of them holds this share of the excess: many small ones say nothing. */
const SESSION_SHARE = 0.4;
export const REST = "__rest__";

/** Who and what carries the excess of a window, per dimension; the shares of a dimension add up to 1. */
export function contributorsOf(node: SeriesNode, at: At): Contributor[] {
  const expected = expectedUsd(node, at);
  const actualUsd = node.usd(at.minute, at.window);
  const excess = actualUsd - expected;
  if (excess <= 0) return [];
  const whole = { value: node.name, actualUsd, expectedUsd: expected, excess };
  const others = partsOf(node, at, expected).flatMap(([dimension, parts]) =>
    shares(dimension, parts, whole),
  );
  const sessions = shares("session", sessionParts(node, at, expected), whole);
  const [first] = sessions;
  const isTold = first !== undefined && first.value !== REST && first.share >= SESSION_SHARE;
  return isTold ? [...others, ...sessions] : others;
}

function shares(
  dimension: Contributor["dimension"],
  parts: readonly Part[],
  whole: Part & { readonly excess: number },
): Contributor[] {
  if (parts.length === 0) return [];
  const sum = sumOf(parts);
  // Of sessions only the largest are known: they are no whole that could be scaled.
  const ofAll = sum > 0 ? whole.expectedUsd / sum : 0;
  const scale = dimension === "session" ? 1 : ofAll;
  const all = parts
    .map(({ value, actualUsd, expectedUsd }) => ({
      dimension,
      value,
      share: (actualUsd - expectedUsd * scale) / whole.excess,
      actualUsd,
      expectedUsd: expectedUsd * scale,
    }))
    .sort((a, b) => b.share - a.share);
  const listed = all.slice(0, LISTED).filter(({ share }) => share >= MIN_SHARE);
  return withRest(listed, dimension, whole);
}

/** What is not listed one by one, so that the shares add up. */
function withRest(
  listed: readonly Contributor[],
  dimension: Contributor["dimension"],
  whole: Part,
): Contributor[] {
  const share = 1 - listed.reduce((sum, one) => sum + one.share, 0);
  if (Math.abs(share) < 1e-9) return [...listed];
  const rest: Contributor = {
    dimension,
    value: REST,
    share,
    actualUsd: whole.actualUsd - listed.reduce((sum, one) => sum + one.actualUsd, 0),
    expectedUsd: whole.expectedUsd - listed.reduce((sum, one) => sum + one.expectedUsd, 0),
  };
  return [...listed, rest];
}
