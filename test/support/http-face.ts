import { get, type ClientRequest, type IncomingMessage } from "node:http";
import { createServer, type HttpServer, type ServerOptions } from "../../src/server/server.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { AFTERNOON_MS, FakeViews } from "./live-builders.ts";
import { ManualClock } from "./manual-clock.ts";

/** A server that a test has in hand: what it shows, what time it tells, and when it pushes. */
export interface Face {
  readonly server: HttpServer;
  readonly views: FakeViews;
  readonly clock: ManualClock;
  /** Moves the pushes: `await pace.advance(1000)` is one. */
  readonly pace: ManualClock;
}

/** Not started yet. */
export function aFace(options: Partial<ServerOptions> = {}): Face {
  const views = new FakeViews();
  const clock = new ManualClock(AFTERNOON_MS + 1000);
  const pace = new ManualClock();
  const server = createServer({
    host: "127.0.0.1",
    port: 0,
    live: views.liveView,
    feed: views.feedView,
    health: views.healthView,
    metrics: new Metrics(),
    clock,
    pace,
    logger: silentLogger,
    ...options,
  });
  return { server, views, clock, pace };
}

/** Runs `use` on a started server and stops it whatever happens. */
export async function withFace<T>(
  options: Partial<ServerOptions>,
  use: (face: Face) => Promise<T>,
): Promise<T> {
  const face = aFace(options);
  await face.server.start();
  try {
    return await use(face);
  } finally {
    await face.server.stop();
  }
}

/** One answer, with headers as they came: `fetch` would not let a test choose its Host. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export function request(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = get(url, { agent: false, ...options }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (body += part));
      response.once("error", reject);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    call.once("error", reject);
    call.end();
  });
}

export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Reads server-sent events one by one, as a browser would. */
export class EventReader {
  readonly #call: ClientRequest;
  readonly #events: StreamEvent[] = [];
  #text = "";
  #ended = false;
  #wake: (() => void) | null = null;

  private constructor(call: ClientRequest, response: IncomingMessage) {
    this.#call = call;
    response.setEncoding("utf8");
    response.on("data", (part: string) => this.#take(part));
    response.once("error", () => undefined);
    response.once("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  static open(url: string): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const call = get(url, { agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new EventReader(call, response));
        else reject(new Error(`the stream was answered with ${String(response.statusCode)}`));
      });
      call.once("error", reject);
    });
  }

  /** Events that came and were not taken yet. */
  get waiting(): number {
    return this.#events.length;
  }

  /** The next event; null at the end of the stream. */
  async next(): Promise<StreamEvent | null> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#call.destroy();
  }

  #take(part: string): void {
    this.#text += part;
    for (let end = this.#text.indexOf("\n\n"); end >= 0; end = this.#text.indexOf("\n\n")) {
      const match = /^event: (.*)\ndata: (.*)$/s.exec(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 2);
      const [, event, data] = match ?? [];
      if (event === undefined || data === undefined) continue;
      this.#events.push({ event, data: JSON.parse(data) as unknown });
    }
    this.#wake?.();
  }
}
