import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { MemoryTables } from "../support/memory-pane-store.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import {
  anyCut,
  logOf,
  PARTITIONS,
  readToEnd,
  SEED,
  straightRun,
  WITHIN,
  type PlacedItem,
} from "./processes.ts";

/** Pico-dollars a token, as the tests' price book says: counted here without the product's code. */
const PICO: Readonly<Record<string, { input: bigint; read: bigint; output: bigint }>> = {
  small: { input: 37_500n, read: 18_750n, output: 150_550n },
  big: { input: 3_000_000n, read: 3_000_000n, output: 15_000_000n },
};

interface Use {
  readonly partition: number;
  readonly minute: number;
  readonly user: string;
  readonly model: string;
  readonly input: number;
  readonly read: number;
  readonly output: number;
}

/** Rounded half up to nano-dollars, once. */
function nanosOf({ model, input, read, output }: Use): bigint {
  const rates = PICO[model];
  if (rates === undefined) return 0n;
  const pico =
    BigInt(input) * rates.input + BigInt(read) * rates.read + BigInt(output) * rates.output;
  return (pico + 500n) / 1000n;
}

const tokens = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 1_000_000_000 }));
const anyUses = fc.array(
  fc.record({
    partition: fc.nat({ max: PARTITIONS - 1 }),
    minute: fc.nat({ max: 59 }),
    user: fc.constantFrom("mara", "__proto__", "constructor", "Zoë 🦊"),
    model: fc.constantFrom("small", "big", "nobody-knows"),
    input: tokens,
    read: tokens,
    output: tokens,
  }),
  { maxLength: 200, size: "max" },
);

/** The same uses in two orders. */
const anyOrders = anyUses.chain((uses) => {
  const all = { minLength: uses.length, maxLength: uses.length };
  return fc.tuple(fc.constant(uses), fc.shuffledSubarray(uses, all));
});

function itemOf(use: Use): PlacedItem {
  const { partition, minute, user, model } = use;
  const item = anEvent({
    time: Date.UTC(2026, 9, 30, 12, minute),
    user,
    model,
    uncached_input_tokens: use.input,
    cache_read_input_tokens: use.read,
    output_tokens: use.output,
  });
  return { partition, item, before: null };
}

describe("conservation", () => {
  it(`stores the very nano-dollars and tokens that came, in any order and any cut (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(anyOrders, anyCut, async ([uses, shuffled], cut) => {
        const tables = new MemoryTables();

        await readToEnd(logOf(shuffled.map(itemOf)), tables, cut);

        const straight = await straightRun(uses.map(itemOf));
        expect(tables.contents().panes).toEqual(straight.contents().panes);
        const sum = (pick: (use: Use) => bigint): bigint =>
          uses.reduce((total, use) => total + pick(use), 0n);
        expect(tables.sum("requests")).toBe(BigInt(uses.length));
        expect(tables.sum("cost_nanos")).toBe(sum(nanosOf));
        expect(tables.sum("uncached_input_tokens")).toBe(sum(({ input }) => BigInt(input)));
        expect(tables.sum("cache_read_input_tokens")).toBe(sum(({ read }) => BigInt(read)));
        expect(tables.sum("output_tokens")).toBe(sum(({ output }) => BigInt(output)));
        expect(tables.sum("unpriced_tokens")).toBe(
          sum((use) =>
            PICO[use.model] === undefined ? BigInt(use.input + use.read + use.output) : 0n,
          ),
        );
      }),
      { seed: SEED, numRuns: 120, ...WITHIN },
    );
  }, 120_000);

  it("stores one row a minute and tuple whatever the cut, each with the sums of its own events", async () => {
    const items = Array.from({ length: 60 }, (_, index) =>
      itemOf({
        partition: index % PARTITIONS,
        minute: index % 5,
        user: `u${index % 4}`,
        model: "small",
        input: index,
        read: 0,
        output: 1,
      }),
    );
    const tables = new MemoryTables();

    await readToEnd(logOf(items), tables, { batchRecords: 1, maxRows: 1, order: [2, 0, 1] });

    expect(tables.panes.size).toBe(20);
    const [, pane] = [...tables.panes].find(
      ([name]) => name.includes("12:03") && name.includes("u3"),
    )!;
    // events 3, 23 and 43
    expect(pane.sums[2]).toBe(69n);
    expect(pane.largest[1]).toBe(44);
  });
});
