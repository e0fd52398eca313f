import type { SpikewatchProcess } from "../../support/spikewatch-process.ts";
import { until } from "../../support/until.ts";
import { COMMIT, playRuns, type Scenario, type Stage } from "../scenario.ts";

/**
 * Every fifth kill comes between the commit and its read-back; every fifth while the commit is on its way, which then arrives late; every fifth
 * hits the successor as it starts; the others come at any instant.
 */
const KINDS = ["after commit", "late commit", "starting", "any", "any"] as const;

export const killWorker: Scenario = {
  name: "kill-worker",
  fault: "SIGKILL of the worker: any instant, between commit and read-back, commit arriving late",
  runs: 200,
  play: (ground) => {
    let worker: SpikewatchProcess | null = null;
    return playRuns(
      ground,
      { name: "kill-worker" },
      {
        before: async ({ arena }) => {
          worker = await arena.startWorker();
          await arena.recovered();
        },
        run: async (stage, index) => {
          const kind = KINDS[index % KINDS.length] ?? "any";
          const { successor, killedMs } = await KILLS[kind](stage, worker!);
          worker = successor;
          return [await stage.arena.recovered(killedMs)];
        },
      },
    );
  },
};

interface Killed {
  readonly successor: SpikewatchProcess;
  readonly killedMs: number;
}

type Kill = (stage: Stage, worker: SpikewatchProcess) => Promise<Killed>;

/** As a supervisor would: the successor starts at once. */
async function killAndReplace({ arena, clock }: Stage, worker: SpikewatchProcess): Promise<Killed> {
  await worker.kill();
  const killedMs = clock.now();
  return { successor: await arena.startWorker(), killedMs };
}

const killAtAnyInstant: Kill = async (stage, worker) => {
  await stage.clock.sleep(stage.random.below(1_500));
  return killAndReplace(stage, worker);
};

/** The commit is stored; nobody has told the worker, which dies. */
const killBeforeReadBack: Kill = async (stage, worker) => {
  const held = stage.arena.proxy.hold(COMMIT, "after");
  await held.reached;
  const killed = await killAndReplace(stage, worker);
  held.drop();
  return killed;
};

/** A commit outlives its worker on the network, and arrives: at once, after the successor's claim, or beside the successor's first commit. */
const killBeforeLateCommit: Kill = async (stage, worker) => {
  const { arena, random } = stage;
  const late = arena.proxy.hold(COMMIT, "before");
  await late.reached;
  const killed = await killAndReplace(stage, worker);
  const arrival = random.pick(["at once", "after the claim", "beside the first commit"]);
  if (arrival === "after the claim") {
    const before = (await arena.claims()) ?? 0;
    await until("the successor claims", async () =>
      ((await arena.claims()) ?? 0) > before ? true : null,
    );
  }
  if (arrival === "beside the first commit") {
    const first = arena.proxy.hold(COMMIT, "before");
    await first.reached;
    first.release();
  }
  late.release();
  await late.over;
  return killed;
};

/** The successor dies too, while it starts, joins, claims or reads its first records. */
const killTwice: Kill = async (stage, worker) => {
  const { successor } = await killAndReplace(stage, worker);
  await stage.clock.sleep(stage.random.below(4_000));
  return killAndReplace(stage, successor);
};

const KILLS: Readonly<Record<(typeof KINDS)[number], Kill>> = {
  "after commit": killBeforeReadBack,
  "late commit": killBeforeLateCommit,
  starting: killTwice,
  any: killAtAnyInstant,
};
