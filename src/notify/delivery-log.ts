import type { Clock } from "../runtime/clock.ts";
import { messageOf } from "../runtime/errors.ts";
import type { DeliveryRow, IncidentStore } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";

export interface DeliveryLogOptions {
  readonly store: IncidentStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PATIENCE_MS = 2_000;
const UNSAVED_MAX = 10_000;

/**
 * The memory of what was sent, in order. A store that is down or slow delays a page by two seconds and never stops it: rows wait here and are
 * written before the next one. What is lost with the process is found as `sending` after the restart.
 */
export class DeliveryLog {
  readonly #options: DeliveryLogOptions;
  readonly #unsaved: DeliveryRow[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: DeliveryLogOptions) {
    this.#options = options;
  }

  /** Resolves when the row is stored, or when waiting longer would delay a page. Never throws. */
  async record(row: DeliveryRow): Promise<void> {
    this.#unsaved.push(row);
    if (this.#unsaved.length > UNSAVED_MAX) this.#unsaved.shift();
    const patience = new AbortController();
    try {
      await Promise.race([this.flush(), this.#options.clock.sleep(PATIENCE_MS, patience.signal)]);
    } finally {
      patience.abort();
    }
  }

  /** Writes what waits, one row at a time, until all is stored or one fails. Never throws. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll());
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let row = this.#unsaved[0]; row !== undefined; row = this.#unsaved[0]) {
      try {
        await this.#options.store.saveDelivery(row);
      } catch (error) {
        const waiting = this.#unsaved.length;
        this.#options.logger.warn(
          { waiting, error: messageOf(error) },
          "deliveries not recorded yet",
        );
        return;
      }
      // The oldest may have been dropped for want of room meanwhile.
      if (this.#unsaved[0] === row) this.#unsaved.shift();
    }
  }
}
