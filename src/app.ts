import { AppHealth, CurrentBoard, IngestFeed, type Parts } from "./app-views.ts";
import type { Pipeline } from "./config/pipeline.ts";
import type { Role } from "./config/roles.ts";
import type { Settings } from "./config/settings.ts";
import type { LiveView } from "./detect/live.ts";
import { detectAlone, detectTogether, type Sharing } from "./detection.ts";
import { createIngest } from "./ingest.ts";
import type { ReceiverOptions } from "./notify/receivers.ts";
import type { Clock } from "./runtime/clock.ts";
import { ServiceGroup } from "./runtime/service.ts";
import { createServer, type HttpServer } from "./server/server.ts";
import type { Source } from "./source/source.ts";
import type { Folder } from "./store/folder.ts";
import type { OpenStore } from "./store/open-store.ts";
import type { PaneStore } from "./store/store.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { FoldWorker } from "./workers/fold-worker.ts";
import type { DeadLetters } from "./workers/ingest-options.ts";
import type { IngestWorker } from "./workers/ingest-worker.ts";

export interface AppOptions {
  readonly settings: Settings;
  readonly pipeline: Pipeline;
  readonly roles: ReadonlySet<Role>;
  readonly store: OpenStore;
  /** What the role ingest needs. Absent: another process counts. */
  readonly input?: AppInput;
  /** Given: other processes may count and watch as well. Absent: this one does both. */
  readonly sharing?: Sharing;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Sums up old weeks beside the rest, where given. */
  readonly fold?: { readonly folder: Folder; readonly afterMs: number };
  readonly receivers: Omit<ReceiverOptions, "publicUrl">;
}

/** The ingest worker's own store, where its records come from, and where rejected events go beside the store, if anywhere. */
export interface AppInput {
  readonly panes: PaneStore;
  readonly source: Source;
  readonly deadLetters?: DeadLetters;
}

/** The running process, as far as its roles go. */
export interface App {
  readonly url: string;
  readonly ingest: IngestWorker | null;
  /** What the page shows. */
  readonly live: LiveView;
  /** Resolves when a finite input is stored to its end; rejects when a part cannot go on. */
  readonly done: Promise<unknown>;
  /** Resolves when nothing is due at any receiver. */
  idle(): Promise<void>;
  /** Drains in reverse: stop reading, store what is in hand, finish deliveries, close the page. Joins what went wrong. */
  stop(): Promise<void>;
}

/** Wires and starts everything, sinks before sources; on a failure stops what had started. The only place that names every part. */
export async function startApp(options: AppOptions): Promise<App> {
  const { clock, roles, metrics } = options;
  metrics.keepOnly({
    ingest: options.input !== undefined,
    detect: roles.has("detect"),
    follow: options.sharing !== undefined,
    fold: options.fold !== undefined,
  });
  const parts: Parts = {};
  const live = new CurrentBoard(parts);
  const server = serverOf(options, parts, live);
  await server.start();
  try {
    wire(options, server.url, parts);
    const { ingest, detection } = parts;
    const group = new ServiceGroup({ services: servicesOf(options, parts), clock });
    parts.group = group;
    await group.start();
    const never = new Promise<never>(() => undefined);
    const done = Promise.race([ingest?.done ?? never, detection?.done ?? never]);
    done.catch(() => undefined);
    return {
      url: server.url,
      ingest: ingest ?? null,
      live,
      done,
      idle: () => detection?.idle() ?? Promise.resolve(),
      stop: async () => {
        try {
          await group.stop();
        } finally {
          await server.stop();
        }
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Whoever watches must stop first where others can take over at once, and last where it waits for what this process still counts. */
function servicesOf(options: AppOptions, { ingest, detection }: Parts) {
  const counting = ingest === undefined ? [] : [ingest];
  const watching = detection?.services ?? [];
  const loops =
    options.sharing === undefined ? [...watching, ...counting] : [...counting, ...watching];
  return [...loops, ...foldingOf(options)];
}

/** Without Kafka, the ingest loop feeds the detect loop with what each commit stored. */
function wire(options: AppOptions, url: string, parts: Parts): void {
  const { input, sharing, settings, roles } = options;
  const publicUrl = settings.PUBLIC_URL ?? url;
  const common = { ...options, receivers: { ...options.receivers, publicUrl } };
  if (sharing !== undefined) {
    parts.detection = detectTogether({ ...common, sharing });
  } else if (input !== undefined && roles.has("detect")) {
    const watermarkMs = (): number => parts.ingest?.watermarkMs() ?? -1;
    parts.detection = detectAlone({ ...common, panes: input.panes, watermarkMs });
  }
  if (input === undefined) return;
  const onStored = parts.detection?.onStored;
  parts.ingest = createIngest({
    ...common,
    ...input,
    store: input.panes,
    ...(onStored === undefined ? {} : { onStored }),
  });
}

function foldingOf({ fold, clock, logger, metrics }: AppOptions): readonly FoldWorker[] {
  return fold === undefined ? [] : [new FoldWorker({ ...fold, clock, logger, metrics })];
}

function serverOf(options: AppOptions, parts: Parts, live: LiveView): HttpServer {
  const { settings, store, clock, logger, metrics, roles } = options;
  const { HTTP_HOST: host, HTTP_PORT: port, PUBLIC_URL: publicUrl } = settings;
  return createServer({
    host,
    port,
    portFallback: true,
    allowedHosts: publicUrl === undefined ? [] : [new URL(publicUrl).host],
    page: roles.has("serve"),
    live,
    feed: new IngestFeed({ parts, analystUrl: store.readerUrl }),
    health: new AppHealth({ parts }),
    metrics,
    clock,
    logger,
  });
}
