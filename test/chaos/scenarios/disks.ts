import { ImageDisk } from "../image-disk.ts";
import { until } from "../../support/until.ts";
import { playRuns, type Scenario, type Stage } from "../scenario.ts";
import type { Ends } from "../stored.ts";

/** Room for the engine's tables and for some merges; little, so that the ballast is quickly there. */
const SMALL_MB = 160;
/** What the engine's own merges free meanwhile is taken again this often. */
const REFILL_MS = 20;

async function startOne({ arena }: Stage): Promise<void> {
  await arena.startWorker();
  await arena.recovered();
}

/** Fills the disk to its last byte while commits run, and frees it again. */
export const diskFull: Scenario = {
  name: "disk-full",
  fault: "ClickHouse's disk (ext4) full to the last byte, then freed",
  runs: 10,
  play: (ground) =>
    ImageDisk.with(SMALL_MB, (disk) =>
      playRuns(
        ground,
        { name: "disk-full", directory: disk.directory },
        {
          before: startOne,
          run: async ({ arena, random, clock }) => {
            disk.fill();
            const lengthMs = 1_500 + random.below(ground.outageMs / 4);
            const deadlineMs = clock.now() + lengthMs;
            while (clock.now() < deadlineMs) {
              disk.fill();
              await clock.sleep(REFILL_MS);
            }
            await arena.requireBehind(lengthMs);
            disk.free();
            return [await arena.recovered(clock.now())];
          },
        },
      ),
    ),
};

const POWER_CUT_MB = 1_024;

/** What a reader had been shown must be there after the cut: Kafka would give lost commits again, but totals that people saw and were paged for would be gone. */
function requireKept(shown: Ends, left: Ends): void {
  const undone = [...shown].filter(([part, end]) => (left.get(part) ?? 0) < end);
  if (undone.length === 0) return;
  const records = undone.reduce((sum, [part, end]) => sum + end - (left.get(part) ?? 0), 0);
  throw new Error(`the cut undid ${records} stored records of ${undone.length} partitions`);
}

/**
 * The machine of worker and engine loses power: what the file system had not written is gone. Modelled by an ext4 image that is copied at one instant,
 * with all processes stopped and nothing synced; the copy is mounted in its place, as after a reboot. Kafka runs elsewhere.
 */
export const powerCut: Scenario = {
  name: "power-cut",
  fault: "power cut of the machine of worker and ClickHouse (copied ext4 image)",
  runs: 20,
  play: (ground) =>
    ImageDisk.with(POWER_CUT_MB, (disk) =>
      playRuns(
        ground,
        { name: "power-cut", directory: disk.directory },
        {
          before: startOne,
          run: async ({ arena, random, clock }) => {
            await clock.sleep(random.below(4_000));
            const cutMs = clock.now();
            const shown = await until("what is stored", () => arena.ends());
            await arena.replaceEngine({
              atTheInstant: () => disk.copy(),
              whileDown: () => disk.exchange(),
            });
            requireKept(shown, await until("what is left", () => arena.ends()));
            await arena.startWorker();
            return [await arena.recovered(cutMs)];
          },
        },
      ),
    ),
};
