import type { SpikewatchProcess } from "../../support/spikewatch-process.ts";
import { COMMIT, playRuns, type Scenario, type Stage } from "../scenario.ts";

/** SIGSTOP for longer than the session, so that a successor takes over, then SIGCONT. Half of the zombies have a commit on its way. */
export const zombie: Scenario = {
  name: "zombie",
  fault: "SIGSTOP beyond the session, then SIGCONT; half of them in the middle of a commit",
  runs: 20,
  play: (ground) => {
    let worker: SpikewatchProcess | null = null;
    return playRuns(
      ground,
      { name: "zombie" },
      {
        before: async ({ arena }) => {
          worker = await arena.startWorker();
          await arena.recovered();
        },
        run: async (stage, index) => {
          const { successor, recoveryMs } = await FREEZES[index % FREEZES.length]!(stage, worker!);
          worker!.thaw();
          await stage.arena.recovered();
          // The zombie is a member again, or about to be: the successor alone must do as well.
          await worker!.kill();
          worker = successor;
          await stage.arena.recovered();
          return [recoveryMs];
        },
      },
    );
  },
};

interface Takeover {
  readonly successor: SpikewatchProcess;
  readonly recoveryMs: number;
}

async function freeze(
  { arena, random, clock }: Stage,
  worker: SpikewatchProcess,
): Promise<Takeover> {
  await clock.sleep(random.below(1_000));
  worker.freeze();
  const frozenMs = clock.now();
  const successor = await arena.startWorker();
  return { successor, recoveryMs: await arena.recovered(frozenMs) };
}

/** Its commit and the successor's first one arrive at the same instant. */
async function freezeInCommit(
  { arena, clock }: Stage,
  worker: SpikewatchProcess,
): Promise<Takeover> {
  const late = arena.proxy.hold(COMMIT, "before");
  await late.reached;
  worker.freeze();
  const frozenMs = clock.now();
  const successor = await arena.startWorker();
  const first = arena.proxy.hold(COMMIT, "before");
  await first.reached;
  first.release();
  late.release();
  return { successor, recoveryMs: await arena.recovered(frozenMs) };
}

/** Its commit arrives when the successor has long gone on. */
async function freezeBeforeCommit(
  { arena, clock }: Stage,
  worker: SpikewatchProcess,
): Promise<Takeover> {
  const late = arena.proxy.hold(COMMIT, "before");
  await late.reached;
  worker.freeze();
  const frozenMs = clock.now();
  const successor = await arena.startWorker();
  const recoveryMs = await arena.recovered(frozenMs);
  late.release();
  await late.over;
  return { successor, recoveryMs };
}

const FREEZES = [freezeInCommit, freeze, freezeBeforeCommit, freeze];
