import { Broker } from "../../support/kafka/broker.ts";
import { TestKafka } from "../../support/kafka/test-kafka.ts";
import { NetNamespace, type Link } from "../../support/net-namespace.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { tidied } from "../aftermath.ts";
import { playRuns, type Ground, type Outcome, type Scenario } from "../scenario.ts";

interface Cables {
  readonly namespace: NetNamespace;
  readonly kafka: Link;
  readonly clickhouse: Link;
}

/** The worker lives in a network namespace, with one cable to the broker and one to ClickHouse, which are pulled in turn, then both. */
export const cablesPulled: Scenario = {
  name: "cables-pulled",
  fault: "worker in a network namespace: cable to the broker, to ClickHouse, or both pulled",
  runs: 9,
  play: async (ground) => {
    const namespace = new NetNamespace();
    namespace.open();
    return tidied(
      () => namespace.close(),
      () => {
        const [kafka, clickhouse] = [namespace.addLink(), namespace.addLink()];
        return playOn(ground, { namespace, kafka, clickhouse });
      },
    );
  },
};

async function playOn(ground: Ground, cables: Cables): Promise<Outcome> {
  const { namespace, kafka, clickhouse } = cables;
  const broker = await Broker.start({ advertised: kafka.host });
  const door = await TcpProxy.start(clickhouse.host);
  const dispose = async (): Promise<void> => {
    await door.stop();
    await broker.dispose();
  };
  return tidied(dispose, () =>
    playRuns(
      { ...ground, kafka: new TestKafka([broker.address]) },
      { name: "cables-pulled" },
      {
        before: async ({ arena }) => {
          door.connectTo(arena.wire.address);
          const url = arena.urlAt(`http://${door.address}`);
          await arena.startWorker({ url, brokers: broker.behind, through: namespace.prefix });
          await arena.recovered();
        },
        run: async ({ arena, random, clock }, index) => {
          const pulled = [[kafka], [clickhouse], [kafka, clickhouse]][index % 3]!;
          await clock.sleep(random.below(1_000));
          for (const cable of pulled) cable.cut();
          const lengthMs = ground.sessionMs * (1.2 + random.next());
          await clock.sleep(lengthMs);
          await arena.requireBehind(lengthMs);
          for (const cable of pulled) cable.heal();
          return [await arena.recovered(clock.now())];
        },
      },
    ),
  );
}
