import { partitionKey } from "../source/source.ts";
import { withoutFoldedNames } from "./folded-names.ts";
import { differingSums, SUMS, type Cell, type Ledger } from "./ledger.ts";
import { isWhole, type Plan, type Recounting } from "./plan.ts";
import type { Recounted } from "./recount.ts";
import type { SeenIds } from "./seen-ids.ts";
import type { CountDifference, SumDifference, Verification } from "./verification.ts";

/** Everything that was found out. */
export interface Findings {
  readonly plan: Plan;
  readonly states: readonly Recounting[];
  readonly ledger: Ledger;
  readonly ids: SeenIds;
  /** Minutes left out because others' data cannot be told from ours. */
  readonly entangled: number;
  readonly topics: readonly string[];
  /** First minute compared, 0: all. */
  readonly wholeFrom: number;
  /** Only a part of the time was asked for. */
  readonly limited: boolean;
}

/** What the findings come to. */
export function judge(findings: Findings): Verification {
  const { plan, states, ledger, topics } = findings;
  const { cells, folded } = withoutFoldedNames(ledger.differences());
  const counts = countDifferences(states);
  const total = (name: keyof Recounted): number =>
    states.reduce((sum, { before, counts: own }) => sum + before[name] + own[name], 0);
  const differs = { cells: cells.length, counts: counts.length };
  return {
    ...verdict(findings, differs),
    topics,
    span: ledger.span,
    cells: { compared: ledger.compared, different: cells.length },
    records: total("records"),
    accepted: total("accepted") + total("elsewhere"),
    duplicates: total("duplicates"),
    rejected: total("rejected"),
    ignored: total("ignored"),
    checkpoints: plan.partitions.reduce((sum, { stored }) => sum + stored.checkpoints, 0),
    behind: plan.behind,
    partitions: states.map(({ planned, before, counts: own }) => ({
      topic: planned.topic,
      partition: planned.partition,
      incarnation: planned.stored.incarnation,
      from: planned.low,
      end: planned.stored.end,
      behind: planned.high - Math.max(planned.stored.end, planned.low),
      records: before.records + own.records,
    })),
    sums: cells.flatMap(sumDifferences),
    counts,
    breaks: plan.breaks,
    lost: plan.lost,
    notes: notes(findings, folded, total("elsewhere")),
  };
}

function verdict(
  { plan, ids, ledger, wholeFrom, entangled, limited }: Findings,
  differs: { readonly cells: number; readonly counts: number },
): Pick<Verification, "verdict" | "reason"> {
  const different = { verdict: "different", reason: null } as const;
  const unknown = (reason: string) => ({ verdict: "unknown", reason }) as const;
  if (plan.breaks.length > 0) return different;
  if (differs.cells > 0 || differs.counts > 0) {
    const [compacted] = plan.compacted;
    if (compacted !== undefined) {
      return unknown(
        `topic ${compacted} is compacted: Kafka removes records that were counted, so the differences may be of its making`,
      );
    }
    if (!ids.overflowed) return different;
    return unknown(
      "more ids fell into one dedupe window than dedupe.max_ids: which copies were forgotten cannot be told from the topic",
    );
  }
  if (ledger.pricedOtherwise > 0) {
    return unknown(
      `requests and tokens are exact, but the cost of ${ledger.pricedOtherwise.toLocaleString("en-US")} cells was counted with another price book than the pipeline's: name the one of that time under prices`,
    );
  }
  const nothing = ledger.span === null && (wholeFrom > 0 || entangled > 0 || limited);
  return nothing ? unknown(whyNothing({ entangled, limited })) : { verdict: "exact", reason: null };
}

function whyNothing({ entangled, limited }: Pick<Findings, "entangled" | "limited">): string {
  if (limited) return "no minute between --since and --until is whole in the topic";
  return entangled > 0
    ? "every minute holds also what other topics brought, in the same commits: verify those topics together"
    : "the topic holds no minute wholly any more: retention has removed records of each, or of the dedupe window before it";
}

/** Per partition. Where an id was shown by several partitions, only all of them together tell how often it was counted. */
function countDifferences(states: readonly Recounting[]): CountDifference[] {
  const shared = states.some(({ before, counts }) => before.elsewhere + counts.elsewhere > 0);
  const found = states.flatMap((state) => partitionDifferences(state, shared));
  if (!shared || !states.every(({ planned }) => isWhole(planned))) return found;
  const sum = (of: (state: Recounting) => number): number =>
    states.reduce((total, state) => total + of(state), 0);
  const stored = sum(({ planned }) => planned.coverage.accepted);
  const certain = sum(({ counts }) => counts.accepted);
  const most = certain + sum(({ counts }) => counts.elsewhere);
  if (stored >= certain && stored <= most) return found;
  const all = { topic: "all", partition: -1, what: "accepted" } as const;
  return [...found, { ...all, inTopic: stored < certain ? certain : most, inClickHouse: stored }];
}

function partitionDifferences(
  { planned, before, counts }: Recounting,
  shared: boolean,
): CountDifference[] {
  const { coverage } = planned;
  const place = { topic: planned.topic, partition: planned.partition };
  const events = counts.accepted + counts.elsewhere + counts.duplicates;
  const compared: Omit<CountDifference, "topic" | "partition">[] = [];
  const compare = (what: CountDifference["what"], inTopic: number, inClickHouse: number): void => {
    if (inTopic !== inClickHouse) compared.push({ what, inTopic, inClickHouse });
  };
  if (isWhole(planned)) compare("records before the first commit", before.records, 0);
  compare("records", counts.records, coverage.records);
  if (isWhole(planned) && !shared) {
    compare("accepted", counts.accepted, coverage.accepted);
    compare("duplicates", counts.duplicates, coverage.duplicates);
  } else {
    // What repeats a record that is gone, or one of another partition, is known to the worker alone.
    compare("events", events, coverage.accepted + coverage.duplicates);
  }
  compare("rejected", counts.rejected, coverage.rejected);
  compare("ignored", counts.ignored, coverage.ignored);
  return compared.map((one) => ({ ...place, ...one }));
}

function sumDifferences(cell: Cell): SumDifference[] {
  const { minute, team, model, more, stored } = cell;
  return differingSums(cell).map((index) => {
    const inClickHouse = stored?.[index] ?? 0n;
    const inTopic = inClickHouse + (more[index] ?? 0n);
    return { minute, team, model, sum: SUMS[index] ?? "", inTopic, inClickHouse };
  });
}

function notes(findings: Findings, folded: number, elsewhere: number): string[] {
  const { plan, entangled, wholeFrom } = findings;
  const said: string[] = [];
  const say = (when: boolean, text: string): void => {
    if (when) said.push(text);
  };
  const count = (value: number): string => value.toLocaleString("en-US");
  const { others, scope, unstored } = plan;
  const names = others.slice(0, 3).map(({ topic }) => topic);
  const more = others.length > 3 ? ` and ${count(others.length - 3)} more` : "";
  say(
    wholeFrom > 0,
    `minutes before ${new Date(wholeFrom * 1000).toISOString().slice(0, 16)}Z are left out: the topic does not hold all their records any more`,
  );
  say(
    entangled > 0,
    `minutes left out, because their rows hold also what other topics brought: ${count(entangled)}`,
  );
  say(
    others.length > 0,
    `left out: what ${names.join(", ")}${more} brought into the same database`,
  );
  say(
    elsewhere > 0,
    `events with an id that another partition showed as well: ${count(elsewhere)}. They may count or not: dedupe is sure within a partition only, so key the records by id`,
  );
  say(
    folded > 0,
    `cells that were folded into __other__ in a flood of names: ${count(folded)}. Together they are equal`,
  );
  say(
    scope.orphans.length > 0,
    `commits with rows but no checkpoint: ${count(scope.orphans.length)}. They are compared, since analysts see them`,
  );
  say(
    unstored.length > 0,
    `nothing is stored yet of ${unstored.slice(0, 5).map(partitionKey).join(", ")}`,
  );
  return said;
}
