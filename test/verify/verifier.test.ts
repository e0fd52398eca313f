import { describe, expect, it } from "@jest/globals";
import { createPriceBook, PRICE_BOOK_SCHEMA } from "../../src/price/price-book.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import type { Coverage, StoredCell, StoredPartition } from "../../src/store/audit-store.ts";
import type { PassHandler, PassTarget } from "../../src/source/kafka-pass.ts";
import { SUMS } from "../../src/verify/ledger.ts";
import { Verifier, type VerifierOptions } from "../../src/verify/verifier.ts";
import { recordsOf } from "../decode/decoding.ts";
import { aPipeline, type PipelineInput } from "../support/pipeline-builder.ts";

/** Without a price for what is used here. */
const BOOK = createPriceBook(
  PRICE_BOOK_SCHEMA.parse({
    models: [{ provider: "acme", model: "other", prices: [{ input: 1, output: 1 }] }],
  }),
);
const START_S = Date.UTC(2026, 10, 20, 9) / 1000;

type Event = Record<string, unknown>;

/** One output token, `minutes` after nine. */
function at(minutes: number, fields: Event = {}): Event {
  return { time: START_S * 1000 + minutes * 60_000, team: "a", output_tokens: 1, ...fields };
}

/** What ClickHouse holds: events and their tokens, without a price. */
function cell(minutes: number, events: number, fields: Partial<StoredCell> = {}): StoredCell {
  const sums = SUMS.map((name) =>
    ["requests", "output_tokens", "unpriced_tokens"].includes(name) ? BigInt(events) : 0n,
  );
  const minute = START_S + minutes * 60;
  return { minute, team: "a", model: "unknown", sums, pricedOtherwise: false, ...fields };
}

interface World {
  /** Records by partition. */
  readonly log: readonly (readonly (Event | string)[])[];
  readonly cells: readonly StoredCell[];
  /** Of each partition, where it differs from what the log says. */
  readonly accepted?: readonly number[];
  readonly low?: readonly number[];
  readonly compacted?: readonly string[];
  readonly foldedOver?: boolean;
  readonly pipeline?: PipelineInput;
  readonly maxCells?: { readonly soft: number; readonly hard: number };
  /** Happens before any record is read. */
  readonly onRead?: (handler: PassHandler) => Promise<void>;
}

/** Both sides in memory; what ClickHouse is asked for is noted. */
function aVerifier(world: World): { verifier: Verifier; asked: [number, number][] } {
  const { log, cells, accepted = [], low = [] } = world;
  const asked: [number, number][] = [];
  const stored = log.map((events, partition): StoredPartition => ({
    ...{ topic: "t", partition, incarnation: 0, start: 0, end: events.length },
    ...{ maxEventMs: START_S * 1000, fingerprint: "", checkpoints: 1 },
  }));
  const coverage = log.map((events, partition): Coverage => {
    const own = accepted[partition] ?? events.length;
    return {
      ...{ maxEventMsBefore: START_S * 1000, boundary: 0, records: events.length, accepted: own },
      ...{ rejected: 0, duplicates: events.length - own, ignored: 0 },
    };
  });
  const keyed = <T>(values: readonly T[]): Map<string, T> =>
    new Map(values.map((value, index) => [`t/${index}`, value]));
  const options: VerifierOptions = {
    pipeline: aPipeline(world.pipeline),
    topics: ["t"],
    book: BOOK,
    clock: new SystemClock(),
    ...(world.maxCells === undefined ? {} : { maxCells: world.maxCells }),
    scan: {
      ranges: () =>
        Promise.resolve(
          keyed(
            log.map(({ length }, partition) => ({
              ...{ topic: "t", partition, low: low[partition] ?? 0, high: length },
            })),
          ),
        ),
      compacted: () => Promise.resolve([...(world.compacted ?? [])]),
      read: async (targets, handler) => {
        await world.onRead?.(handler);
        await readInTurn(targets, handler, log);
      },
    },
    audit: {
      partitions: () => Promise.resolve(stored),
      coverage: () => Promise.resolve(keyed(coverage)),
      breaks: () => Promise.resolve([]),
      lost: () => Promise.resolve([]),
      others: () => Promise.resolve([]),
      orphans: () => Promise.resolve([]),
      entangledMinutes: () => Promise.resolve(new Set()),
      isFoldedOver: () => Promise.resolve(world.foldedOver ?? false),
      // eslint-disable-next-line @typescript-eslint/require-await -- what is read from memory
      cells: async function* (_scope, range) {
        asked.push([range.from, range.to]);
        yield* cells.filter(({ minute }) => minute >= range.from && minute < range.to);
      },
    },
  };
  return { verifier: new Verifier(options), asked };
}

/** One record of each partition after the other. */
async function readInTurn(
  targets: readonly PassTarget[],
  handler: PassHandler,
  log: World["log"],
): Promise<void> {
  const longest = Math.max(...targets.map(({ end }) => end));
  for (let offset = 0; offset < longest; offset++) {
    for (const { topic, partition, from, end } of targets) {
      if (offset < from || offset >= end) continue;
      const records = recordsOf([log[partition]![offset]]);
      const offsets = Float64Array.of(offset);
      await handler.batch({ ...records, topic, partition, offsets, endOffset: offset + 1 });
    }
  }
}

describe("Verifier", () => {
  it("sets minutes off as soon as they are read, so that only open ones are held, also with late events", async () => {
    const minutes = Array.from({ length: 300 }, (_, index) => index);
    const late = minutes.flatMap((minute) => [
      at(minute),
      ...(minute >= 50 ? [at(minute - 50)] : []),
    ]);
    const cells = minutes.map((minute) => cell(minute, minute < 250 ? 2 : 1));
    const { verifier, asked } = aVerifier({
      log: [late],
      cells,
      maxCells: { soft: 20, hard: 120 },
    });

    expect(await verifier.run()).toMatchObject({
      verdict: "exact",
      cells: { compared: 300, different: 0 },
      span: { minutes: 300 },
    });
    expect(asked.length).toBeGreaterThan(2);
    // Every minute is asked for once, in order.
    expect(asked.slice(1).map(([from]) => from)).toEqual(asked.slice(0, -1).map(([, to]) => to));
  });

  it("finds an event that is missing in a minute that was set off long before", async () => {
    const log = Array.from({ length: 100 }, (_, index) => at(index));
    const { verifier } = aVerifier({
      log: [[...log, at(3)]],
      cells: log.map((_, minute) => cell(minute, 1)),
      maxCells: { soft: 10, hard: 1000 },
    });

    expect(await verifier.run()).toMatchObject({
      verdict: "different",
      sums: [
        { minute: START_S + 180, sum: "requests", inTopic: 2n, inClickHouse: 1n },
        { sum: "output_tokens", inTopic: 2n, inClickHouse: 1n },
        { sum: "unpriced_tokens", inTopic: 2n, inClickHouse: 1n },
      ],
    });
  });

  it("gives up with a word on --since and --until before memory does", async () => {
    const log = Array.from({ length: 100 }, (_, index) => at(0, { team: `t${index}` }));
    const { verifier } = aVerifier({ log: [log], cells: [], maxCells: { soft: 10, hard: 50 } });

    await expect(verifier.run()).rejects.toThrow(
      "more than 50 cells of team, model and minute differ or are open at once: compare a part of the time with --since and --until",
    );
  });

  it.each([
    ["once", 1, 1],
    ["by both partitions", 2, 2],
  ])("takes an id of two partitions that was counted %s for right", async (_, held, accepted) => {
    const { verifier } = aVerifier({
      log: [[at(0, { id: "x" })], [at(0, { id: "x" })]],
      cells: [cell(0, held)],
      accepted: [1, accepted - 1],
    });

    const found = await verifier.run();

    expect(found).toMatchObject({ verdict: "exact", counts: [] });
    expect(found.notes).toEqual([
      expect.stringMatching(/^events with an id that another partition showed as well: 1\./),
    ]);
  });

  it.each([
    ["never", 0, 0, 1],
    ["three times", 3, 3, 2],
  ])("finds that an id of two partitions was counted %s", async (_, held, accepted, inTopic) => {
    const { verifier } = aVerifier({
      log: [[at(0, { id: "x" })], [at(0, { id: "x" })]],
      cells: held === 0 ? [] : [cell(0, held)],
      accepted: [accepted, 0],
    });

    expect(await verifier.run()).toMatchObject({
      verdict: "different",
      cells: { different: 1 },
      counts: expect.arrayContaining([
        { topic: "all", partition: -1, what: "accepted", inTopic, inClickHouse: accepted },
      ]),
    });
  });

  it("begins later where retention takes records while they are read", async () => {
    const log = Array.from({ length: 40 }, (_, index) => at(index));
    const { verifier } = aVerifier({
      log: [log],
      // The minutes whose records went are not compared, so it does not matter what is stored of them.
      cells: log.map((_, minute) => cell(minute, minute < 11 ? 77 : 1)),
      onRead: (handler) => handler.gap({ topic: "t", partition: 0 }, 0, 1),
    });

    expect(await verifier.run()).toMatchObject({
      verdict: "exact",
      span: { first: START_S + 11 * 60, last: START_S + 39 * 60 },
    });
  });

  it("cannot tell where a topic is compacted, and can where it is exact all the same", async () => {
    const world = { log: [[at(0), at(1)]], cells: [cell(0, 1), cell(1, 1)], compacted: ["t"] };

    expect(await aVerifier(world).verifier.run()).toMatchObject({ verdict: "exact" });
    expect(await aVerifier({ ...world, cells: [cell(0, 2)] }).verifier.run()).toMatchObject({
      verdict: "unknown",
      reason: expect.stringMatching(/^topic t is compacted/),
    });
  });

  it("cannot tell what a worker forgot where more ids fall into a window than are kept", async () => {
    const ids = [1, 2, 3, 4, 1].map((id) => at(0, { id: `e${id}` }));
    const world = { log: [ids], pipeline: { dedupe: { max_ids: 3 } } };

    expect(
      await aVerifier({ ...world, cells: [cell(0, 4)], accepted: [4] }).verifier.run(),
    ).toMatchObject({ verdict: "unknown", reason: expect.stringMatching(/dedupe\.max_ids/) });
  });

  it("asks to be run again where old commits were folded meanwhile", async () => {
    const { verifier } = aVerifier({ log: [[at(0)]], cells: [], foldedOver: true });

    await expect(verifier.run()).rejects.toMatchObject({
      code: "checkpoint_conflict",
      retryable: true,
    });
  });
});
