import type { Clock } from "./clock.ts";
import { AppError, messageOf } from "./errors.ts";

/** Something with a life. Constructors do no I/O; `start` resolves when ready; `stop` drains and may be called twice. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const SERVICE_STATES = ["starting", "running", "draining", "stopped", "failed"] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

/** For a service whose turn to stop comes after the deadline. */
const MOMENT_MS = 100;

/**
 * Starts services in order and stops them in reverse, all together within `stopTimeoutMs` (those that come too late have a moment each),
 * joining what went wrong.
 * A failed start stops what had started.
 */
export class ServiceGroup implements Service {
  readonly name = "services";
  #state: ServiceState = "starting";
  readonly #services: readonly Service[];
  readonly #started: Service[] = [];
  readonly #clock: Clock;
  readonly #stopTimeoutMs: number;

  constructor(options: { services: readonly Service[]; clock: Clock; stopTimeoutMs?: number }) {
    this.#services = options.services;
    this.#clock = options.clock;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 9_000;
  }

  get state(): ServiceState {
    return this.#state;
  }

  async start(): Promise<void> {
    for (const service of this.#services) {
      try {
        await service.start();
        this.#started.push(service);
      } catch (error) {
        await this.stop().catch(() => undefined);
        this.#state = "failed";
        throw error;
      }
    }
    this.#state = "running";
  }

  async stop(): Promise<void> {
    if (this.#state === "stopped" || this.#state === "draining") return;
    this.#state = "draining";
    const failures: string[] = [];
    const deadlineMs = this.#clock.now() + this.#stopTimeoutMs;
    for (let service = this.#started.pop(); service; service = this.#started.pop()) {
      const failure = await this.#stopOne(service, deadlineMs);
      if (failure !== null) failures.push(`${service.name}: ${failure}`);
    }
    this.#state = failures.length === 0 ? "stopped" : "failed";
    if (failures.length > 0) {
      throw new AppError(`did not stop cleanly: ${failures.join("; ")}`, { code: "internal" });
    }
  }

  async #stopOne(service: Service, deadlineMs: number): Promise<string | null> {
    const leftMs = Math.max(MOMENT_MS, deadlineMs - this.#clock.now());
    const timer = new AbortController();
    const timeout = this.#clock
      .sleep(leftMs, timer.signal)
      .then(() => `still busy after ${leftMs} ms`);
    try {
      return await Promise.race([service.stop().then(() => null, messageOf), timeout]);
    } finally {
      timer.abort();
    }
  }
}
