import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { installKafka, type KafkaInstallation } from "./install.ts";

const LOGGING = `Configuration:
  status: ERROR
  Appenders:
    File: { name: file, fileName: "\${sys:broker.log}", append: true, PatternLayout: { pattern: "%d %p %c %m%n" } }
  Loggers:
    Root: { level: WARN, AppenderRef: { ref: file } }
`;

export interface BrokerOptions {
  readonly tell?: ((line: string) => void) | undefined;
  /**
   * A second listener, `Broker.behind`, on this host. Its clients are told this address, which may be that of something between them and the
   * broker; without a port: its own.
   */
  readonly advertised?: string;
}

/** What tells one broker of a cluster from the others. */
interface Place {
  readonly id: number;
  readonly port: number;
  readonly secondPort: number;
  /** Of all brokers, ours too, in order of their ids. */
  readonly controllerPorts: readonly number[];
}

/**
 * One Kafka broker (and controller) of our own, on loopback, with its data in a folder of its own. It ends when this process ends,
 * however that happens: the broker watches its standard input.
 */
export class Broker {
  readonly address: string;
  /** Where the second listener is, if there is one. */
  readonly behind: string;
  readonly #installation: KafkaInstallation;
  readonly #dir: string;
  readonly #archive: string;
  #child: ChildProcess | null = null;

  private constructor(
    installation: KafkaInstallation,
    dir: string,
    place: Place,
    advertised = "127.0.0.1",
  ) {
    this.#installation = installation;
    this.#dir = dir;
    this.address = `127.0.0.1:${place.port}`;
    this.behind = `${advertised.split(":")[0] ?? ""}:${place.secondPort}`;
    const key = createHash("sha256").update(installation.classpath).digest("hex").slice(0, 12);
    this.#archive = join(installation.cacheDir, `classes-${key}.jsa`);
  }

  /** Resolves when a topic can be created and a record produced. The first start ever also writes the class archive. */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const [place] = await freePlaces(1);
    const broker = await Broker.#make(place!, options);
    await broker.restart();
    return broker;
  }

  /** Several brokers of one cluster, each also a controller; ready as `start`'s. */
  static async startCluster(size: number, options: BrokerOptions = {}): Promise<Broker[]> {
    const brokers: Broker[] = [];
    for (const place of await freePlaces(size)) brokers.push(await Broker.#make(place, options));
    for (const broker of brokers) broker.#spawnFast();
    for (const broker of brokers) await broker.#usable();
    return brokers;
  }

  static async #make(place: Place, { tell, advertised }: BrokerOptions): Promise<Broker> {
    const installation = await installKafka(tell);
    const dir = await mkdtemp(join(tmpdir(), "spikewatch-kafka-"));
    const log = join(dir, "log");
    await cp(installation.template, log, { recursive: true });
    const meta = await readFile(join(log, "meta.properties"), "utf8");
    const mine = meta.replace(/^node\.id=.*$/m, `node.id=${place.id}`);
    // Each of several needs an identity of its own; the broker makes it where there is none.
    const own = place.id === 1 ? mine : mine.replace(/^directory\.id=.*\n/m, "");
    await writeFile(join(log, "meta.properties"), own);
    await writeFile(join(dir, "log4j2.yaml"), LOGGING);
    await writeFile(join(dir, "broker.properties"), properties(dir, place, advertised));
    const broker = new Broker(installation, dir, place, advertised);
    if (!existsSync(broker.#archive) && place.controllerPorts.length === 1) {
      tell?.("writing Kafka's class archive, which makes later starts fast (once)");
      await broker.#writeArchive();
    }
    return broker;
  }

  /** Ends it in good order; data and address stay for `restart`. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Starts it again on the same data and address. */
  async restart(): Promise<void> {
    this.#spawnFast();
    await this.#usable();
  }

  /** Ends it and removes its data. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #writeArchive(): Promise<void> {
    const part = `${this.#archive}.part-${process.pid}`;
    this.#spawn([`-XX:ArchiveClassesAtExit=${part}`]);
    await this.#usable();
    await this.stop();
    if (existsSync(part)) await rename(part, this.#archive);
  }

  #spawnFast(): void {
    this.#spawn([`-XX:SharedArchiveFile=${this.#archive}`, "-Xshare:auto"]);
  }

  #spawn(options: readonly string[]): void {
    const jvm = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...options];
    const logging = [
      `-Dlog4j2.configurationFile=${join(this.#dir, "log4j2.yaml")}`,
      `-Dbroker.log=${join(this.#dir, "broker.log")}`,
    ];
    const main = ["-cp", this.#installation.classpath, "BrokerMain"];
    this.#child = spawn(
      "java",
      [...jvm, ...logging, ...main, join(this.#dir, "broker.properties")],
      {
        stdio: ["pipe", "ignore", "ignore"],
      },
    );
    // A write to a dead broker's stdin must not end the tests; its exit is what `#usable` reports.
    this.#child.stdin?.on("error", () => undefined);
    this.#child.on("error", () => undefined);
    this.#child.unref();
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || hasEnded(child)) return;
    child.ref();
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  /** An open port proves little; a created topic and an acknowledged record do. */
  async #usable(): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const child = this.#child;
      if (child === null || hasEnded(child)) {
        throw new Error(`the Kafka broker ended while starting:\n${await this.#log()}`);
      }
      try {
        await probe(this.address);
        return;
      } catch (cause) {
        if (Date.now() > deadline) {
          throw new Error(`the Kafka broker did not get ready:\n${await this.#log()}`, { cause });
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async #log(): Promise<string> {
    const text = await readFile(join(this.#dir, "broker.log"), "utf8").catch(() => "(no log)");
    return text.slice(-4000);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

const PROBE_TOPIC = "spikewatch-probe";

async function probe(address: string): Promise<void> {
  const retry = { retries: 0 };
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry });
  const admin = kafka.admin();
  const producer = kafka.producer({ retry });
  try {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: PROBE_TOPIC, numPartitions: 1 }] });
    await producer.connect();
    await producer.send({ topic: PROBE_TOPIC, messages: [{ value: "ready?" }] });
  } finally {
    await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
  }
}

function properties(dir: string, place: Place, advertised: string | undefined): string {
  const { id, port, secondPort, controllerPorts } = place;
  const size = controllerPorts.length;
  const voters = controllerPorts.map((one, index) => `${index + 1}@127.0.0.1:${one}`).join(",");
  const [host, told = secondPort] = advertised?.split(":") ?? [];
  const at = (one: number | string): string =>
    host === undefined ? "" : `,SECOND://${host}:${one}`;
  return `process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${voters}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECOND:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPorts[id - 1] ?? 0}${at(secondPort)}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}${at(told)}
default.replication.factor=${size}
min.insync.replicas=${size === 1 ? 1 : 2}
log.dirs=${join(dir, "log")}
auto.create.topics.enable=false
message.max.bytes=33554432
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
offsets.topic.num.partitions=1
offsets.topic.replication.factor=${size}
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=${size}
transaction.state.log.min.isr=1
log.cleaner.backoff.ms=200
file.delete.delay.ms=100
log.initial.task.delay.ms=500
log.segment.delete.delay.ms=100
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
num.network.threads=2
num.io.threads=2
`;
}

async function freePlaces(count: number): Promise<Place[]> {
  const controllerPorts: number[] = [];
  for (let id = 1; id <= count; id++) controllerPorts.push(await freePort(27_000, 32_000));
  const places: Place[] = [];
  for (let id = 1; id <= count; id++) {
    const [port, secondPort] = [await freePort(20_000, 23_000), await freePort(23_000, 26_000)];
    places.push({ id, port, secondPort, controllerPorts });
  }
  return places;
}

/** Below 32768: polling a closed port of the ephemeral range can connect to itself, and then the broker cannot bind. */
async function freePort(from: number, to: number): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const port = from + Math.floor(Math.random() * (to - from));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${from} and ${to}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
