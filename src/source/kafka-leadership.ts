import kafkajs, {
  type Consumer,
  type ConsumerCrashEvent,
  type ConsumerGroupJoinEvent,
  type Kafka,
  type PartitionAssigner,
} from "kafkajs";
import { AppError, messageOf } from "../runtime/errors.ts";
import { HeldTerm } from "./held-term.ts";
import {
  createKafkaClient,
  ensureTopic,
  kafkaUnavailable,
  reachBroker,
  type KafkaClientOptions,
} from "./kafka-client.ts";
import { chooseLeader, decodeCandidacy, encodeCandidacy, type Candidacy } from "./leader-choice.ts";
import type { Leadership, LeaderTerm } from "./leadership.ts";
import { Watchdog } from "./watchdog.ts";

export interface KafkaLeadershipOptions extends KafkaClientOptions {
  /** The group of the processes that stand for election. */
  readonly groupId: string;
  /** Who has its partition leads. Made where it is missing; nothing is ever written to it. */
  readonly topic: string;
  /** How this process is called where others say who leads. */
  readonly name: string;
  /** After this long without a word from the leader the group makes another one leader. */
  readonly sessionTimeoutMs?: number;
  /** How long `start` waits for a broker. */
  readonly startTimeoutMs?: number;
  /** Without any answer from the broker for this long, `done` rejects. */
  readonly silenceMs?: number;
}

const DEFAULTS = { sessionTimeoutMs: 10_000, startTimeoutMs: 30_000, silenceMs: 60_000 };
/** A term counts this much shorter than the group's session: another may lead when that ends. */
const MARGIN_MS = 2_000;
const HEARTBEAT_MS = 1_000;
/** The library beats its heart between two fetches. */
const FETCH_WAIT_MS = 500;
/** How long `stop` waits for the library. */
const STOP_MS = 2_000;
const { AssignerProtocol } = kafkajs;

/**
 * Leadership through a consumer group over a topic of one partition: who is assigned it leads. The group's session ends a leader that died, and the
 * assignment is ours (`chooseLeader`), so that a standby that joins moves nothing.
 */
export class KafkaLeadership implements Leadership {
  readonly done: Promise<void>;
  readonly #options: KafkaLeadershipOptions & typeof DEFAULTS;
  readonly #kafka: Kafka;
  readonly #consumer: Consumer;
  readonly #watchdog: Watchdog;
  readonly #abort = new AbortController();
  readonly #startedMs: number;
  readonly #waiting = new Set<() => void>();
  #ready = false;
  #memberId = "";
  #term: HeldTerm | null = null;
  #leader: string | null = null;
  /** When the library last asked for what, by request. */
  readonly #askedMs = new Map<string, number>();
  #finish: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #stopped: Promise<void> | null = null;

  constructor(options: KafkaLeadershipOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { clock, silenceMs, sessionTimeoutMs, groupId } = this.#options;
    this.#startedMs = clock.now();
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
    this.#kafka = createKafkaClient({ ...options, clientId: options.name });
    this.#consumer = this.#kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      // Not shorter: a rebalance must not pass over a leader whose term still counts.
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.min(HEARTBEAT_MS, sessionTimeoutMs / 4),
      maxWaitTimeInMs: FETCH_WAIT_MS,
      partitionAssigners: [leaderAssigner(options.topic, () => this.#candidacy())],
    });
    const bark = (): void => this.#fail(this.#unavailable(`no answer for ${silenceMs / 1000} s`));
    this.#watchdog = new Watchdog({ clock, silenceMs, bark });
  }

  get leader(): string | null {
    return this.#leader;
  }

  /** Throws AppError where no broker answers, login is refused, or the topic can neither be found nor made. */
  async start(): Promise<void> {
    const { topic } = this.#options;
    try {
      const waiting = { ...this.#options, signal: this.#abort.signal };
      await reachBroker(this.#kafka, waiting);
      await ensureTopic(this.#kafka, topic, waiting);
      const joined = this.#listen();
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [topic] });
      void this.#watchdog.watch(this.#abort.signal);
      await this.#consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
      await Promise.race([joined, this.done]);
    } catch (error) {
      const trouble =
        error instanceof AppError ? error : this.#unavailable(messageOf(error), error);
      this.#fail(trouble);
      await this.stop();
      throw trouble;
    }
  }

  async acquire(signal: AbortSignal): Promise<LeaderTerm | null> {
    while (!signal.aborted && this.#term === null) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
    return signal.aborted ? null : this.#term;
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  async #close(): Promise<void> {
    this.#endTerm();
    const timer = new AbortController();
    const left = this.#consumer.disconnect().catch(() => undefined);
    await Promise.race([left, this.#options.clock.sleep(STOP_MS, timer.signal)]);
    timer.abort();
    this.#abort.abort();
    this.#finish();
  }

  /** Resolves at the first join. */
  #listen(): Promise<void> {
    const consumer = this.#consumer;
    const { events } = consumer;
    consumer.on(events.REQUEST, ({ payload }) => {
      // Counted back from now: an answer that waited while the process was stopped is as old as its question.
      this.#askedMs.set(payload.apiName, this.#options.clock.now() - payload.duration);
    });
    consumer.on(events.FETCH, this.#watchdog.stir);
    consumer.on(events.HEARTBEAT, () => {
      this.#watchdog.stir();
      this.#term?.confirm(this.#asked("Heartbeat"));
    });
    consumer.on(events.CRASH, (crash) => this.#crashed(crash));
    return new Promise((resolve) => {
      consumer.on(events.GROUP_JOIN, (join) => {
        // A restart that was under way when we stopped: it would stay a member for ever.
        if (this.#isStopping()) return void consumer.disconnect();
        this.#watchdog.stir();
        this.#joined(join.payload);
        resolve();
      });
    });
  }

  /** The same member stays what it was from one generation to the next; under another id we had been out, and another may have led. */
  #joined({ memberId, memberAssignment }: ConsumerGroupJoinEvent["payload"]): void {
    const { topic, clock, sessionTimeoutMs, name, logger } = this.#options;
    const leads = (memberAssignment[topic] ?? []).includes(0);
    this.#memberId = memberId;
    if (!leads || this.#term?.memberId !== memberId) this.#endTerm();
    if (!leads) {
      this.#leader = null;
      void this.#lookWhoLeads(memberId);
      return;
    }
    const askedMs = this.#asked("SyncGroup");
    if (this.#term === null) {
      const holdMs = sessionTimeoutMs - MARGIN_MS;
      this.#term = new HeldTerm({ memberId, clock, holdMs, askedMs });
      logger.info({ group: this.#options.groupId }, "this process leads");
    }
    this.#term.confirm(askedMs);
    this.#leader = name;
    for (const wake of this.#waiting) wake();
  }

  #endTerm(): void {
    if (this.#term === null) return;
    this.#options.logger.warn({ group: this.#options.groupId }, "this process leads no more");
    this.#term.end();
    this.#term = null;
    this.#leader = null;
  }

  #asked(request: "Heartbeat" | "SyncGroup"): number {
    return this.#askedMs.get(request) ?? -Infinity;
  }

  #candidacy(): Candidacy {
    return {
      leadsAs: this.#term?.memberId ?? "",
      sinceMs: this.#term?.sinceMs ?? -1,
      ready: this.#ready,
      startedMs: this.#startedMs,
    };
  }

  /** For people only: where it cannot be told, nothing else is the worse for it. */
  async #lookWhoLeads(memberId: string): Promise<void> {
    try {
      const { members } = await this.#consumer.describeGroup();
      const leader = members.find(({ memberAssignment }) => {
        const { assignment } = AssignerProtocol.MemberAssignment.decode(memberAssignment) ?? {};
        return assignment?.[this.#options.topic]?.includes(0);
      });
      if (this.#memberId === memberId && this.#term === null) {
        this.#leader = leader?.clientId ?? null;
      }
    } catch (error) {
      this.#options.logger.debug({ reason: messageOf(error) }, "cannot tell who leads");
    }
  }

  #crashed({ payload: { error, restart } }: ConsumerCrashEvent): void {
    const reason = messageOf(error);
    if (restart) this.#options.logger.warn({ reason }, "the election's Kafka client restarts");
    else this.#fail(this.#unavailable(reason, error));
  }

  #isStopping(): boolean {
    return this.#stopped !== null;
  }

  #fail(error: unknown): void {
    if (this.#isStopping()) return;
    this.#reject(error);
    void this.stop();
  }

  #unavailable(what: string, cause?: unknown): AppError {
    return kafkaUnavailable(this.#options.brokers, what, cause);
  }
}

/** Gives the topic's first partition to the one that leads, and nobody anything else. */
function leaderAssigner(topic: string, candidacy: () => Candidacy): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  const [name, version] = ["spikewatch-leader", 1];
  return () => ({
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: MemberMetadata.encode({ version, topics, userData: encodeCandidacy(candidacy()) }),
    }),
    assign: ({ members }) => {
      const leader = chooseLeader(
        members.map(({ memberId, memberMetadata }) => ({
          memberId,
          candidacy: decodeCandidacy(MemberMetadata.decode(memberMetadata)?.userData),
        })),
      );
      const assignments = members.map(({ memberId }) => {
        const assignment = memberId === leader ? { [topic]: [0] } : {};
        const userData = Buffer.alloc(0);
        return {
          memberId,
          memberAssignment: MemberAssignment.encode({ version, assignment, userData }),
        };
      });
      return Promise.resolve(assignments);
    },
  });
}
