import type { ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { messageOf } from "../runtime/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import { securityHeaders } from "./guards.ts";

const PUSH_MS = 1000;
/** Ticks without a word after which a heartbeat goes out: proxies cut silent connections after 30 s and more. */
const HEARTBEAT_TICKS = 10;
/** Ticks for which a client may leave its data unread before it is cut off. */
const STUCK_TICKS = 30;

interface Client {
  readonly response: ServerResponse;
  /** The revision it was last sent. */
  revision: number;
  silentTicks: number;
  stuckTicks: number;
}

/**
 * Server-sent events to every open page: the whole state, at most once a second, and only when it changed. A client that reads too slowly is sent
 * nothing until it has caught up, and then the newest state: at most one state per client waits in memory. One that never reads is cut off.
 */
export class LiveStream {
  readonly #clients = new Set<Client>();
  readonly #read: () => string;
  readonly #clock: Clock;
  readonly #pace: Clock;
  readonly #logger: Logger;
  readonly #maxClients: number;
  readonly #stopping = new AbortController();
  #state = "";
  #revision = 0;
  #failing = false;

  /**
   * `read` gives the state as a JSON object's text, the same text while nothing changed. `clock` is the time that the state tells of, `pace` that of
   * the person who looks: a time-lapse is still watched in real seconds.
   */
  constructor(options: {
    read: () => string;
    clock: Clock;
    pace: Clock;
    logger: Logger;
    maxClients: number;
  }) {
    this.#read = options.read;
    this.#clock = options.clock;
    this.#pace = options.pace;
    this.#logger = options.logger;
    this.#maxClients = options.maxClients;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** True when one more client would be too many, or the server is going away. */
  get full(): boolean {
    return this.#clients.size >= this.#maxClients || this.#stopping.signal.aborted;
  }

  /** Pushes until `stop`. Resolves then. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#tick();
      await this.#pace.sleep(PUSH_MS, signal);
    }
  }

  /** Takes over the response and sends the present state at once. */
  add(response: ServerResponse): void {
    response.writeHead(200, {
      ...securityHeaders(),
      "content-type": "text/event-stream; charset=utf-8",
      // The socket ends with the stream, so that stopping needs no timeout.
      connection: "close",
      "x-accel-buffering": "no",
    });
    const client: Client = { response, revision: 0, silentTicks: 0, stuckTicks: 0 };
    this.#clients.add(client);
    response.once("close", () => this.#clients.delete(client));
    response.on("error", () => this.#clients.delete(client));
    response.write("retry: 2000\n\n");
    if (this.#refresh()) this.#push(client, this.#stateFrame());
  }

  /** Says good-bye and ends every stream; one that does not read is cut. */
  stop(): void {
    this.#stopping.abort();
    for (const { response } of this.#clients) {
      if (response.writableNeedDrain) response.destroy();
      else response.end("event: bye\ndata: {}\n\n");
    }
    this.#clients.clear();
  }

  #tick(): void {
    if (this.#clients.size === 0) return;
    const known = this.#refresh();
    const frame = this.#stateFrame();
    for (const client of this.#clients) {
      if (client.response.writableNeedDrain) this.#wait(client);
      else if (known && client.revision !== this.#revision) this.#push(client, frame);
      else this.#beat(client);
    }
  }

  /** False while there is no state to tell; the page then says so from the missing pushes. */
  #refresh(): boolean {
    try {
      const state = this.#read();
      if (state !== this.#state) this.#revision += 1;
      this.#state = state;
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#logger.error({ error: messageOf(error) }, "live state failed");
      this.#failing = true;
    }
    return !this.#failing;
  }

  #stateFrame(): string {
    return `event: live\ndata: ${stampNow(this.#state, this.#clock)}\n\n`;
  }

  #push(client: Client, frame: string): void {
    client.response.write(frame);
    client.revision = this.#revision;
    client.silentTicks = 0;
    client.stuckTicks = 0;
  }

  #beat(client: Client): void {
    client.stuckTicks = 0;
    client.silentTicks += 1;
    if (client.silentTicks < HEARTBEAT_TICKS) return;
    client.response.write(`event: beat\ndata: {"nowMs":${this.#clock.now()}}\n\n`);
    client.silentTicks = 0;
  }

  #wait(client: Client): void {
    client.stuckTicks += 1;
    if (client.stuckTicks < STUCK_TICKS) return;
    this.#clients.delete(client);
    client.response.destroy();
  }
}

/** The state with the time it is told at, from which the page reckons ages. Beside the state, not in it: else nothing would ever be unchanged. */
export function stampNow(state: string, clock: Clock): string {
  return `{"nowMs":${clock.now()},${state.slice(1)}`;
}
