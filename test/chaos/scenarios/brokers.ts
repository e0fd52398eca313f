import { Broker } from "../../support/kafka/broker.ts";
import { TestKafka } from "../../support/kafka/test-kafka.ts";
import { tidied } from "../aftermath.ts";
import type { Arena } from "../arena.ts";
import { playRuns, type Ground, type Outcome, type Scenario } from "../scenario.ts";
import { onWiredBroker } from "./wired-broker.ts";

/** Plays on brokers of the scenario's own, which end with it. */
async function onBrokers(
  brokers: readonly Broker[],
  play: (kafka: TestKafka) => Promise<Outcome>,
): Promise<Outcome> {
  const dispose = async (): Promise<void> => {
    for (const broker of brokers) await broker.dispose();
  };
  return tidied(dispose, () => play(new TestKafka(brokers.map(({ address }) => address))));
}

export const killBroker: Scenario = {
  name: "kill-broker",
  fault: "the only broker killed and started again",
  runs: 10,
  play: async (ground) => {
    const broker = await Broker.start();
    return onBrokers([broker], (kafka) =>
      playRuns(
        { ...ground, kafka },
        { name: "kill-broker" },
        {
          before: async ({ arena }) => {
            await arena.startWorker();
            await arena.recovered();
          },
          run: async ({ arena, random, clock }) => {
            await clock.sleep(random.below(1_000));
            await broker.kill();
            await clock.sleep(random.below(ground.outageMs / 4));
            await broker.restart();
            return [await arena.recovered(clock.now())];
          },
        },
      ),
    );
  },
};

export const killBrokers: Scenario = {
  name: "kill-brokers",
  fault: "three brokers killed and started again, one after the other",
  runs: 9,
  play: async (ground) => {
    const brokers = await Broker.startCluster(3);
    return onBrokers(brokers, (kafka) =>
      playRuns(
        { ...ground, kafka },
        { name: "kill-brokers" },
        {
          before: async ({ arena }) => {
            await arena.startWorker();
            await arena.recovered();
          },
          run: async ({ arena, random, clock }, index) => {
            const broker = brokers[index % brokers.length]!;
            await clock.sleep(random.below(1_000));
            await broker.kill();
            const recoveryMs = await arena.recovered(clock.now());
            await broker.restart();
            await arena.recovered();
            return [recoveryMs];
          },
        },
      ),
    );
  },
};

/** The worker reaches the broker through a wire that drops packets for longer than the session; the producer does not. */
export const brokerCut: Scenario = {
  name: "broker-cut",
  fault: "packets between worker and broker dropped for longer than the session",
  runs: 10,
  play: (ground: Ground) =>
    onWiredBroker((kafka, wire) =>
      playRuns(
        { ...ground, kafka },
        { name: "broker-cut" },
        {
          before: async ({ arena }) => {
            await arena.startWorker({ brokers: wire.address });
            await arena.recovered();
          },
          run: async ({ arena, random, clock }) => {
            await clock.sleep(random.below(1_000));
            wire.cut();
            const lengthMs = ground.sessionMs * (1.2 + random.next());
            await clock.sleep(lengthMs);
            await arena.requireBehind(lengthMs);
            wire.heal();
            return [await arena.recovered(clock.now())];
          },
        },
      ),
    ),
};

/** A worker without a broker ends by then: a minute of silence, and the time to stop. */
const GONE_MS = 90_000;

/** The same for so long that the worker gives up, as it must: a supervisor can start another one, a process that lives on and reads nothing helps nobody. */
export const brokerGone: Scenario = {
  name: "broker-gone",
  fault: "worker cut from the broker until it gives up: ends with 1, another is started",
  runs: 3,
  play: (ground: Ground) =>
    onWiredBroker((kafka, wire) => {
      const startOne = (arena: Arena) => arena.startWorker({ brokers: wire.address });
      return playRuns(
        { ...ground, kafka },
        { name: "broker-gone" },
        {
          before: async ({ arena }) => {
            await startOne(arena);
            await arena.recovered();
          },
          run: async ({ arena, clock }) => {
            const [worker] = arena.workers;
            const cutMs = clock.now();
            wire.cut();
            await Promise.race([worker!.exited, clock.sleep(GONE_MS)]);
            const { code } = worker!.exit ?? {};
            const why = worker!.stderr.trimEnd().split("\n").at(-1) ?? "";
            if (code !== 1 || !why.includes("no answer for 60 s")) {
              throw new Error(
                `without a broker the worker ended with ${code ?? "nothing"}: ${why}`,
              );
            }
            ground.tell(`gave up after ${clock.now() - cutMs} ms`);
            wire.heal();
            const startedMs = clock.now();
            await startOne(arena);
            return [await arena.recovered(startedMs)];
          },
        },
      );
    }),
};
