import { fastify, type FastifyInstance } from "fastify";
import type { LiveView } from "../detect/live.ts";
import { SystemClock, type Clock } from "../runtime/clock.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import type { Service } from "../runtime/service.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { addAssetRoutes, loadAssets } from "./assets.ts";
import { addGuards, answerMalformed } from "./guards.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { addLiveRoutes } from "./live-routes.ts";
import { LiveStream } from "./live-stream.ts";
import { httpUrl, isLoopbackHost } from "./loopback.ts";
import { toLiveJson } from "./snapshot-json.ts";
import type { FeedView, HealthView } from "./views.ts";

/** Ports after the wished one that `portFallback` tries. */
const FALLBACK_PORTS = 20;
/** How long answers under way may take once the server stops. */
const DRAIN_MS = 2000;

export interface ServerOptions {
  /** A name or address of this machine only: there is no access token yet. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where the port is taken, take the next free one instead of failing. Default false. */
  readonly portFallback?: boolean;
  /** Names besides this machine's own by which a reverse proxy in front may call us. */
  readonly allowedHosts?: readonly string[];
  /** Event streams open at once. Default 64. */
  readonly maxStreams?: number;
  /** False: health and metrics only. Default true. */
  readonly page?: boolean;
  readonly live: LiveView;
  readonly feed: FeedView;
  readonly health: HealthView;
  readonly metrics: Metrics;
  /** The time that the views tell of. */
  readonly clock: Clock;
  /** The time of those who look; differs from `clock` where that one is a time-lapse. Default: the wall clock. */
  readonly pace?: Clock;
  readonly logger: Logger;
}

/** The HTTP face: the page, its data, health and metrics. */
export interface HttpServer extends Service {
  /** Where it listens, as a person would type it. Known after `start`; throws before. */
  readonly url: string;
}

/** Throws `config` where `host` is not this machine only; `start` throws `config` where the port cannot be had. Reads nothing before `start`. */
export function createServer(options: ServerOptions): HttpServer {
  if (!isLoopbackHost(options.host)) {
    throw new AppError(
      `the page would be open to the network on ${options.host}, and there is no access token yet: set SPIKEWATCH_HTTP_HOST to 127.0.0.1 and put a proxy that asks for a login in front`,
      { code: "config" },
    );
  }
  return new DashboardServer(options);
}

class DashboardServer implements HttpServer {
  readonly name = "http";
  readonly #options: ServerOptions;
  readonly #pace: Clock;
  readonly #stream: LiveStream;
  #app: FastifyInstance | null = null;
  #pushing: Promise<void> = Promise.resolve();
  #url: string | null = null;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#pace = options.pace ?? new SystemClock();
    this.#stream = new LiveStream({
      read: () => this.#state(),
      clock: options.clock,
      pace: this.#pace,
      logger: options.logger,
      maxClients: options.maxStreams ?? 64,
    });
  }

  get url(): string {
    if (this.#url === null) {
      throw new AppError("the HTTP server has no address before it is started", {
        code: "internal",
      });
    }
    return this.#url;
  }

  async start(): Promise<void> {
    const app = await this.#build();
    const port = await listen(app, this.#options);
    this.#app = app;
    this.#url = httpUrl(this.#options.host, port);
    this.#pushing = this.#stream.run();
  }

  async stop(): Promise<void> {
    const app = this.#app;
    if (app === null) return;
    this.#app = null;
    this.#stream.stop();
    await this.#pushing;
    const closed = new AbortController();
    const cut = this.#pace.sleep(DRAIN_MS, closed.signal).then(() => {
      if (!closed.signal.aborted) app.server.closeAllConnections();
    });
    await app.close();
    closed.abort();
    await cut;
  }

  async #build(): Promise<FastifyInstance> {
    const { logger, health, metrics, clock } = this.#options;
    const app = fastify({
      exposeHeadRoutes: false,
      forceCloseConnections: "idle",
      requestTimeout: 10_000,
      keepAliveTimeout: 5000,
      bodyLimit: 1024,
      frameworkErrors: answerMalformed,
    });
    addGuards(app, { allowedHosts: this.#options.allowedHosts ?? [], logger });
    addHealthRoutes(app, { health, metrics });
    if (this.#options.page === false) return app;
    addLiveRoutes(app, { read: () => this.#state(), clock, stream: this.#stream });
    addAssetRoutes(app, await loadAssets());
    return app;
  }

  #state(): string {
    const { live, feed, health } = this.#options;
    return JSON.stringify(toLiveJson({ live: live.snapshot(), feed: feed.snapshot(), health }));
  }
}

/** Gives the port that was taken. */
async function listen(
  app: FastifyInstance,
  options: Pick<ServerOptions, "host" | "port" | "portFallback">,
): Promise<number> {
  const { host, port } = options;
  const last = options.portFallback === true ? Math.min(port + FALLBACK_PORTS, 65_535) : port;
  for (let attempt = port; ; attempt += 1) {
    try {
      await app.listen({ host, port: attempt });
      const address = app.server.address();
      return typeof address === "object" && address !== null ? address.port : attempt;
    } catch (cause) {
      const taken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (taken && attempt < last) continue;
      await app.close();
      throw listenError(options, last, cause);
    }
  }
}

function listenError(
  options: Pick<ServerOptions, "host" | "port">,
  last: number,
  cause: unknown,
): AppError {
  const { host, port } = options;
  const ports = last === port ? `port ${port}` : `ports ${port} to ${last}`;
  const what =
    (cause as NodeJS.ErrnoException).code === "EADDRINUSE"
      ? `${ports} on ${host} taken by another program`
      : `cannot listen on ${host}, port ${port} (${messageOf(cause)})`;
  return new AppError(`${what}: set SPIKEWATCH_HTTP_PORT to a free one, or to 0 for any`, {
    code: "config",
    cause,
  });
}
