import { until } from "../../support/until.ts";
import { COMMIT, playRuns, type Scenario, type Stage } from "../scenario.ts";

type Break = (stage: Stage) => Promise<void>;

/** Plans one fault of the next statement of that kind, and waits until it has happened. */
function planned(
  statement: RegExp,
  fault: "cut-before" | "cut-after" | "error-500" | "swallow",
): Break {
  return async ({ arena }) => {
    arena.proxy.plan(statement, fault);
    await met(arena);
  };
}

async function met(arena: Stage["arena"]): Promise<void> {
  await until("the fault meets its statement", () => (arena.proxy.waiting === 0 ? true : null));
}

/** The worker loses its connection, commits anew, and then the first one arrives after all. */
const delivered: Break = async ({ arena }) => {
  const late = arena.proxy.hold(COMMIT, "before");
  await late.reached;
  const second = arena.proxy.hold(COMMIT, "after");
  late.cut();
  await second.reached;
  second.release();
  late.release();
  await late.over;
};

const slow: Break = async ({ arena }) => {
  arena.proxy.plan(COMMIT, { delayMs: 2_000 });
  await met(arena);
};

function scenario(name: string, fault: string, runs: number, breaks: readonly Break[]): Scenario {
  return {
    name,
    fault,
    runs,
    play: (ground) =>
      playRuns(
        ground,
        { name },
        {
          before: async ({ arena }) => {
            await arena.startWorker();
            await arena.recovered();
          },
          run: async (stage, index) => {
            await breaks[index % breaks.length]!(stage);
            return [await stage.arena.recovered(stage.clock.now())];
          },
        },
      ),
  };
}

const READ_BACK = /^SELECT count\(\) AS mine/;
const STAGE = /^INSERT INTO usage_stage/;

export const lostAnswers = scenario(
  "answer-lost",
  "answer lost after the commit; lost request; error 500; lost read-back; slow commit",
  100,
  [
    planned(COMMIT, "cut-after"),
    planned(COMMIT, "cut-before"),
    planned(COMMIT, "error-500"),
    planned(READ_BACK, "cut-before"),
    planned(STAGE, "cut-after"),
    slow,
  ],
);

export const swallowedInserts = scenario("swallowed", "insert acknowledged and never stored", 100, [
  planned(COMMIT, "swallow"),
  planned(STAGE, "swallow"),
  planned(COMMIT, "swallow"),
]);

export const lateCommits = scenario(
  "late-commit",
  "commit repeated after a lost connection, then the first one arrives too",
  100,
  [delivered],
);
