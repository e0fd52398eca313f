import { Broker } from "../../support/kafka/broker.ts";
import { TestKafka } from "../../support/kafka/test-kafka.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { tidied } from "../aftermath.ts";
import { playRuns, type Ground, type Outcome, type Scenario } from "../scenario.ts";

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
  play: async (ground: Ground) => {
    const wire = await TcpProxy.start();
    const broker = await Broker.start({ advertised: wire.address });
    wire.connectTo(broker.behind);
    try {
      return await onBrokers([broker], (kafka) =>
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
      );
    } finally {
      await wire.stop();
    }
  },
};
