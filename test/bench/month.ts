import { randomUUID } from "node:crypto";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import { Folder } from "../../src/store/folder.ts";
import { createRandom } from "../million/random.mjs";
import { MovedClock } from "../support/clickhouse/commit-history.ts";
import { aPaneTable, aStep, type PaneSpec } from "../support/clickhouse/pane-builders.ts";
import { startBenchEngine } from "./engine-under-test.ts";
import type { Bench, BenchInput, Work } from "./harness.ts";

const ROWS_A_FLUSH = 1_000;
const FLUSH_MS = 5_000;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 2, 2, 9);
/** Users × models × tools that are at work at the same time: a minute of twelve flushes meets each of them four times. */
const TUPLES = 3_000;
const PARTITION = { topic: "bench", partition: 0 };

/**
 * What does table `usage` come to when a month of flushes is stored, with folding and without? A pass is one week; four make the month. Each day has
 * `--count` / 7,000 flushes of 1,000 rows, five seconds apart as in life; the rest of the day is left out, since 518,400 flushes would take hours.
 */
export const monthBench: Bench = {
  name: "month",
  question: "a row flushed, committed and folded over four weeks",
  unit: "row",
  peer: "the same without folding",
  variants: {
    spikewatch: (input) => aMonth(input, true),
    peer: (input) => aMonth(input, false),
  },
};

async function aMonth(input: BenchInput, folds: boolean): Promise<Work> {
  const engine = await startBenchEngine(input.folder);
  const clock = new MovedClock();
  const { connection } = engine;
  const store = new ClickHouseStore({
    connection,
    writer: randomUUID(),
    clock,
    logger: silentLogger,
  });
  const folder = new Folder({ connection: engine.patient, clock });
  const random = createRandom(1);
  const flushesADay = Math.ceil(input.count / 7 / ROWS_A_FLUSH);
  const notes = { flushes: 0, foldSeconds: 0, parts: 0, rows: 0, megabytes: 0, engineMb: 0 };
  await store.claim([PARTITION]);

  const flush = async (atMs: number): Promise<void> => {
    const end = notes.flushes * ROWS_A_FLUSH;
    const step = aStep({
      ...PARTITION,
      expectedEnd: notes.flushes === 0 ? null : end,
      endOffset: end + ROWS_A_FLUSH,
      fingerprint: `${end} ${atMs} 1234567890`,
    });
    const specs = Array.from({ length: ROWS_A_FLUSH }, () => paneOf(random, atMs));
    clock.moveTo(atMs);
    const { kind } = await store.append({ steps: [step], panes: aPaneTable(specs) });
    if (kind !== "stored") throw new Error("another writer is in the way");
    notes.flushes++;
  };

  let week = 0;
  return {
    isLong: true,
    pass: async () => {
      const weekMs = START_MS + week++ * 7 * DAY_MS;
      for (let day = 0; day < 7; day++) {
        for (let at = 0; at < flushesADay; at++) await flush(weekMs + day * DAY_MS + at * FLUSH_MS);
      }
      const startedMs = clock.now();
      if (folds) {
        for (const id of await folder.due(weekMs + 7 * DAY_MS)) await folder.fold(id);
        notes.foldSeconds += (clock.now() - startedMs) / 1000;
      }
      const { parts, rows, bytes } = await folder.size();
      Object.assign(notes, {
        parts,
        rows,
        megabytes: bytes / 1e6,
        engineMb: engine.usage().peakMb,
      });
      return 7 * flushesADay * ROWS_A_FLUSH;
    },
    notes: () => notes,
    end: engine.stop,
  };
}

function paneOf(random: ReturnType<typeof createRandom>, atMs: number): PaneSpec {
  const tuple = random.below(TUPLES);
  const late = random.chance(0.1) ? 60_000 : 0;
  const tokens = random.size(4_000);
  const nanos = tokens * 3_000;
  return {
    minuteMs: Math.floor((atMs - late) / 60_000) * 60_000,
    department: `department-${tuple % 8}`,
    team: `team-${tuple % 60}`,
    user: `user-${tuple % 1_500}`,
    provider: "anthropic",
    model: `model-${tuple % 3}`,
    tool: tuple < 1_500 ? "editor" : "pipeline",
    requests: 1,
    uncached_input_tokens: tokens,
    cache_read_input_tokens: tokens * 3,
    output_tokens: random.size(500),
    cost_nanos: nanos,
    cost_usd_squared: (nanos / 1e9) ** 2,
    max_event_cost_nanos: nanos,
    max_event_tokens: tokens,
  };
}
