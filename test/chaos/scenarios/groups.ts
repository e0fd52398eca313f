import type { SpikewatchProcess } from "../../support/spikewatch-process.ts";
import { until } from "../../support/until.ts";
import { playRuns, type Scenario, type Stage } from "../scenario.ts";

const MEMBERS = 3;

/** Each run: some of the workers start, end in good order, die or freeze, some frozen for longer than the session; then all three work again. */
export const rebalances: Scenario = {
  name: "rebalances",
  fault: "3 workers that start, stop, die and freeze at random",
  runs: 30,
  play: (ground) =>
    playRuns(
      ground,
      { name: "rebalances" },
      {
        before: async (stage) => {
          await fill(stage);
          await stage.arena.recovered();
        },
        run: async (stage) => {
          const { random, clock, arena } = stage;
          const frozen = new Set<SpikewatchProcess>();
          for (let act = 0; act < 4; act++) {
            await disturb(stage, frozen);
            await clock.sleep(random.below(ground.sessionMs / 2));
          }
          for (const one of frozen) one.thaw();
          await fill(stage);
          return [await arena.recovered(clock.now())];
        },
      },
    ),
};

async function fill({ arena }: Stage): Promise<void> {
  while (arena.workers.size < MEMBERS) await arena.startWorker();
}

async function disturb({ arena, random }: Stage, frozen: Set<SpikewatchProcess>): Promise<void> {
  const awake = [...arena.workers].filter((one) => !frozen.has(one));
  const act = random.pick(["start", "stop", "kill", "freeze", "freeze"]);
  if (act === "start" || awake.length === 0) {
    await arena.startWorker();
    return;
  }
  const one = random.pick(awake);
  if (act === "stop") await one.terminate();
  if (act === "kill") await one.kill();
  if (act === "freeze") {
    one.freeze();
    frozen.add(one);
  }
}

/** A second deployment with a group of its own reads the same topic into the same tables; then it is found out and stopped. */
export const twoDeployments: Scenario = {
  name: "two-deployments",
  fault: "two deployments count the same topic into one database by mistake",
  runs: 5,
  play: (ground) =>
    playRuns(
      ground,
      { name: "two-deployments" },
      {
        before: async ({ arena }) => {
          await arena.startWorker();
          await arena.recovered();
        },
        run: async ({ arena, clock }, index) => {
          const [first] = arena.workers;
          const second = await arena.startWorker({ group: `${arena.topic}-mistake-${index}` });
          await until("the alarm", async () =>
            (await superseded(first!)) + (await superseded(second)) >= 3 ? true : null,
          );
          const goesOnMs = await arena.recovered(clock.now());
          await second.kill();
          await arena.recovered();
          return [goesOnMs];
        },
      },
    ),
};

/** The counter that the alarm SpikewatchCommitsSuperseded watches. */
async function superseded(worker: SpikewatchProcess): Promise<number> {
  return metricOf(worker, "spikewatch_store_commit_superseded_total");
}

export async function metricOf(worker: SpikewatchProcess, name: string): Promise<number> {
  const { page } = await worker.ready();
  const text = await (await fetch(new URL("/metrics", page))).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** New people's events go to the new partitions too, from their first offset on. */
export const partitionsAdded: Scenario = {
  name: "partitions-added",
  fault: "partitions added to the topic",
  runs: 5,
  play: (ground) => {
    let count = 6;
    return playRuns(
      ground,
      { name: "partitions-added", partitions: count, stream: { users: 20_000 } },
      {
        before: async ({ arena }) => {
          await arena.startWorker();
          await arena.recovered();
        },
        run: async ({ arena, clock }) => {
          count += 2;
          await arena.kafka.admin((admin) =>
            admin.createPartitions({ topicPartitions: [{ topic: arena.topic, count }] }),
          );
          const addedMs = clock.now();
          await arena.stream.spread(count);
          return [await arena.recovered(addedMs)];
        },
      },
    );
  },
};
