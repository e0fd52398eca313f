import { Broker } from "../../support/kafka/broker.ts";
import { TestKafka } from "../../support/kafka/test-kafka.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { tidied } from "../aftermath.ts";
import type { Outcome } from "../scenario.ts";

/** Plays on a broker of the scenario's own that workers, told the wire's address, reach through a wire; the producer does not. */
export async function onWiredBroker(
  play: (kafka: TestKafka, wire: TcpProxy) => Promise<Outcome>,
): Promise<Outcome> {
  const wire = await TcpProxy.start();
  return tidied(
    () => wire.stop(),
    async () => {
      const broker = await Broker.start({ advertised: wire.address });
      wire.connectTo(broker.behind);
      return tidied(
        () => broker.dispose(),
        () => play(new TestKafka([broker.address]), wire),
      );
    },
  );
}
