import { COMMIT, playRuns, type Ground, type Scenario, type Stage } from "../scenario.ts";
import { signalProcess } from "../signal.ts";

/** The first outage lasts as long as the ground says, the others a part of it. */
function lengthOf({ outageMs }: Ground, { random }: Stage, index: number): number {
  return index === 0 ? outageMs : Math.round(outageMs * (0.05 + 0.25 * random.next()));
}

/** A trouble with a length; recovery counts from its end. */
function outage(options: {
  readonly name: string;
  readonly fault: string;
  readonly runs: number;
  readonly begin: (stage: Stage) => void | Promise<void>;
  readonly end: (stage: Stage) => void | Promise<void>;
}): Scenario {
  const { name, fault, runs, begin, end } = options;
  return {
    name,
    fault,
    runs,
    play: (ground) =>
      playRuns(
        ground,
        { name },
        {
          before: startOne,
          run: async (stage, index) => {
            await begin(stage);
            const lengthMs = lengthOf(ground, stage, index);
            await stage.clock.sleep(lengthMs);
            await stage.arena.requireBehind(lengthMs);
            await end(stage);
            return [await stage.arena.recovered(stage.clock.now())];
          },
        },
      ),
  };
}

async function startOne({ arena }: Stage): Promise<void> {
  await arena.startWorker();
  await arena.recovered();
}

export const clickhouseDown = outage({
  name: "clickhouse-down",
  fault: "ClickHouse refuses connections for 2 minutes, then for shorter times",
  runs: 5,
  begin: ({ arena }) => arena.wire.refuse(),
  end: ({ arena }) => arena.wire.listenAgain(),
});

export const clickhouseCut = outage({
  name: "clickhouse-cut",
  fault: "packets between worker and ClickHouse dropped for 2 minutes, then for shorter times",
  runs: 5,
  begin: ({ arena }) => arena.wire.cut(),
  end: ({ arena }) => arena.wire.heal(),
});

/** At any instant, and right while a commit runs. */
export const killEngine: Scenario = {
  name: "kill-engine",
  fault: "SIGKILL of the process that holds the engine: any instant, within a commit",
  runs: 100,
  play: (ground) =>
    playRuns(
      ground,
      { name: "kill-engine" },
      {
        before: startOne,
        run: async ({ arena, random, clock }, index) => {
          const held = index % 2 === 0 ? arena.proxy.hold(COMMIT, "before") : null;
          await (held?.reached ?? clock.sleep(random.below(800)));
          held?.release();
          await clock.sleep(held === null ? 0 : random.below(40));
          signalProcess(arena.engine.engine.pid, "SIGKILL");
          return [await arena.recovered(clock.now())];
        },
      },
    ),
};
