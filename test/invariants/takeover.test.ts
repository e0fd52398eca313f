import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { MemoryTables } from "../support/memory-pane-store.ts";
import { EOF, MemoryLog } from "../support/memory-log.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import {
  anyCut,
  anyItems,
  PARTITIONS,
  readToEnd,
  SEED,
  startProcess,
  straightRun,
  WITHIN,
  type PlacedItem,
  type Process,
} from "./processes.ts";

type Act =
  | { readonly act: "write"; readonly records: number }
  /** The worker is told which partitions it holds; the other one may not have heard of it and hold them, too. */
  | { readonly act: "hold"; readonly who: number; readonly partitions: number[] }
  | { readonly act: "flush"; readonly who: number }
  | { readonly act: "die"; readonly who: number };

const who = fc.nat({ max: 1 });
const anyActs: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ act: fc.constant("write"), records: fc.nat(12) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        act: fc.constant("hold"),
        who,
        partitions: fc.subarray(Array.from({ length: PARTITIONS }, (_, index) => index)),
      }),
    },
    { weight: 3, arbitrary: fc.record({ act: fc.constant("flush"), who }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("die"), who }) },
  ),
  { maxLength: 60, size: "max" },
);

/** Two workers of one group, and the log that both read. */
class Group {
  readonly log = new MemoryLog({ partitions: PARTITIONS });
  readonly tables = new MemoryTables();
  readonly #waiting: PlacedItem[];
  readonly #start: (partitions: readonly number[]) => Promise<Process>;
  readonly #workers: Process[] = [];

  constructor(items: readonly PlacedItem[], cut: Parameters<typeof startProcess>[0]["cut"]) {
    this.#waiting = [...items];
    let writers = 0;
    this.#start = (partitions) =>
      startProcess({
        log: this.log,
        tables: this.tables,
        writer: `writer-${writers++}`,
        cut,
        partitions,
      });
  }

  async start(): Promise<void> {
    this.#workers.push(await this.#start([0]), await this.#start([1, 2]));
  }

  async play(act: Act): Promise<void> {
    if (act.act === "write") return this.#write(act.records);
    const worker = this.#workers[act.who]!;
    if (act.act === "hold") await worker.source.rebalance(act.partitions);
    else if (act.act === "flush") await worker.clock.advance(2_500);
    else {
      worker.life.end();
      this.#workers[act.who] = await this.#start([]);
    }
    await this.#settle();
  }

  /** Both are gone; whoever comes after them reads what is left. */
  async end(): Promise<void> {
    await this.#write(this.#waiting.length);
    for (const { life } of this.#workers) life.end();
    for (let one = 0; one < PARTITIONS; one++) this.log.write([EOF()], one);
    await readToEnd(this.log, this.tables);
  }

  async #write(records: number): Promise<void> {
    for (const { partition, item } of this.#waiting.splice(0, records)) {
      this.log.write([item], partition);
    }
    await this.#settle();
  }

  async #settle(): Promise<void> {
    for (const { source } of this.#workers) await source.idle();
  }
}

/** Draws in which both hold a partition at once and fill their flushes from it. Without a pause that each leaves the other they never end. */
const CONTENDED = [2, 4, 6];

describe("two workers taking partitions over from one another", () => {
  it.each([...CONTENDED, SEED])(
    "count every event once, zombies and deaths included (seed %i)",
    async (seed) => {
      let takeovers = 0;
      await fc.assert(
        fc.asyncProperty(anyItems(100), anyCut, anyActs, async (items, cut, acts) => {
          const straight = await straightRun(items);
          const group = new Group(items, cut);
          await group.start();

          for (const act of acts) await group.play(act);
          await group.end();

          expect(group.tables.contents()).toEqual(straight.contents());
          for (let one = 0; one < PARTITIONS; one++) {
            expect(group.tables.isWholeChain(`token-usage/${one}`)).toBe(true);
          }
          const writers = new Set(group.tables.steps.map(({ writer }) => writer));
          if (writers.size > 2) takeovers++;
        }),
        { seed, numRuns: 80, ...WITHIN },
      );
      expect(takeovers).toBeGreaterThan(10);
    },
    120_000,
  );

  it("leave each other turns where both go on holding the same partitions, so that all is counted", async () => {
    const items = Array.from({ length: 30 }, (_, index): PlacedItem => {
      const item = anEvent({ id: `e${index}`, user: `u${index}` });
      return { partition: index % PARTITIONS, item, before: null };
    });
    const group = new Group(items, { batchRecords: 1, maxRows: 1, order: [0, 1, 2] });
    await group.start();
    await group.play({ act: "hold", who: 0, partitions: [0, 1, 2] });
    await group.play({ act: "hold", who: 1, partitions: [0, 1, 2] });

    await group.play({ act: "write", records: 30 });
    for (let turn = 0; turn < 20; turn++) {
      await group.play({ act: "flush", who: turn % 2 });
    }

    expect(group.tables.sum("requests")).toBe(30n);
    for (let one = 0; one < PARTITIONS; one++) {
      expect(group.tables.isWholeChain(`token-usage/${one}`)).toBe(true);
    }
  });
});
