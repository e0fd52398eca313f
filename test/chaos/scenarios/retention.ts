import type { SpikewatchProcess } from "../../support/spikewatch-process.ts";
import { until } from "../../support/until.ts";
import type { Arena } from "../arena.ts";
import { askRows } from "../exactness.ts";
import type { Ends } from "../stored.ts";
import { playRuns, type Scenario, type Stage } from "../scenario.ts";
import type { DumpedRecord } from "../topic-dump.ts";
import { metricOf } from "./groups.ts";

interface Gap {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Records are deleted before they are read: what is lost must be recorded offset by offset and alarmed, and everything else be counted. In every
 * second run the worker is down meanwhile, in the others it waits for ClickHouse.
 */
export const retention: Scenario = {
  name: "retention",
  fault: "records deleted below the checkpoint: the gap recorded and alarmed, the rest exact",
  runs: 10,
  play: (ground) =>
    playRuns(
      ground,
      { name: "retention", stream: { keep: true, once: true } },
      {
        before: async ({ arena }) => {
          await arena.startWorker();
          await arena.recovered();
        },
        run: (stage, index) => (index % 2 === 0 ? whileDown(stage) : whileWaiting(stage)),
        records: ({ arena }) => linesOutside(arena),
      },
    ),
};

async function whileDown({ arena, clock }: Stage): Promise<number[]> {
  for (const worker of arena.workers) await worker.terminate();
  const stored = await arena.ends();
  const known = await gapsOf(arena);
  const lost = await deleteSome(arena, stored ?? new Map<number, number>());
  const startedMs = clock.now();
  const worker = await arena.startWorker();
  const recoveryMs = await arena.recovered(startedMs);
  const added = (await gapsOf(arena)).filter((one) => !known.some((old) => isSame(one, old)));
  if (JSON.stringify(added) !== JSON.stringify(lost)) {
    throw new Error(`gaps ${JSON.stringify(added)} are recorded, ${JSON.stringify(lost)} are lost`);
  }
  await requireAlarm(worker, lost);
  return [recoveryMs];
}

async function whileWaiting({ arena, clock }: Stage): Promise<number[]> {
  const [worker] = arena.workers;
  const alarmedBefore = await alarmed(worker!);
  const known = await gapsOf(arena);
  arena.wire.cut();
  const deleted = await deleteSome(arena, (await arena.ends()) ?? new Map<number, number>());
  arena.wire.heal();
  const recoveryMs = await arena.recovered(clock.now());
  const added = (await gapsOf(arena)).filter((one) => !known.some((old) => isSame(one, old)));
  const strange = added.find((one) => !deleted.some((all) => isWithin(one, all)));
  if (strange !== undefined) {
    throw new Error(`a gap ${JSON.stringify(strange)} is recorded that was not deleted`);
  }
  const lost = added.reduce((sum, { from, to }) => sum + to - from, 0);
  const rise = (await alarmed(worker!)) - alarmedBefore;
  if (rise !== lost) throw new Error(`${rise} lost records are alarmed, ${lost} are recorded`);
  return [recoveryMs];
}

/** Deletes half of what is not stored yet from every second partition, once there is enough. */
async function deleteSome(arena: Arena, stored: Ends): Promise<Gap[]> {
  const log = await until("records wait", async () => {
    const ends = await arena.logEnds();
    return [...ends].every(([part, end]) => end > (stored.get(part) ?? 0) + 50) ? ends : null;
  });
  const gaps = [...log]
    .filter(([partition]) => partition % 2 === 0)
    .map(([partition, end]) => {
      const from = stored.get(partition) ?? 0;
      return { partition, from, to: from + Math.floor((end - from) / 2) };
    })
    .sort((one, other) => one.partition - other.partition);
  const partitions = gaps.map(({ partition, to }) => ({ partition, offset: String(to) }));
  await arena.kafka.admin(async (admin) => {
    await admin.fetchTopicOffsets(arena.topic);
    await admin.deleteTopicRecords({ topic: arena.topic, partitions });
  });
  return gaps;
}

async function gapsOf(arena: Arena): Promise<Gap[]> {
  const rows = await askRows(
    arena.reader,
    "SELECT part, first_offset, end_offset FROM usage WHERE kind = 'gap' ORDER BY part, first_offset",
  );
  return rows.map((row) => {
    const [partition = -1, from = -1, to = -1] = row.map(Number);
    return { partition, from, to };
  });
}

function isSame(one: Gap, other: Gap): boolean {
  return one.partition === other.partition && one.from === other.from && one.to === other.to;
}

function isWithin(one: Gap, all: Gap): boolean {
  return one.partition === all.partition && one.from >= all.from && one.to <= all.to;
}

/** The counter that the alarm SpikewatchRecordsLost watches. */
async function alarmed(worker: SpikewatchProcess): Promise<number> {
  return metricOf(worker, "spikewatch_source_gap_records_total");
}

async function requireAlarm(worker: SpikewatchProcess, gaps: readonly Gap[]): Promise<void> {
  const lost = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  const said = await alarmed(worker);
  if (said !== lost) throw new Error(`${said} lost records are alarmed, ${lost} are lost`);
}

/** What was sent, without what is recorded as lost, partition by partition. */
async function* linesOutside(arena: Arena): AsyncGenerator<DumpedRecord> {
  const gaps = await gapsOf(arena);
  const kept = arena.stream.kept.filter(
    ({ partition, offset }) =>
      !gaps.some((gap) => gap.partition === partition && gap.from <= offset && offset < gap.to),
  );
  kept.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
  for (const { partition, offset, line } of kept) {
    yield { partition, offset, value: Buffer.from(line) };
  }
}
