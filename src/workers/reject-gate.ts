import { AppError } from "../runtime/errors.ts";
import type { RejectedEvent } from "../decode/usage-event.ts";

const BLOCK_EVENTS = 1_000;

/**
 * Stops the worker when a flood of events is rejected: a wrong setting must not reject a whole stream. Judged over blocks of 1,000 events,
 * so that a few bad lines of a small file pass.
 */
export class RejectGate {
  readonly #share: number;
  readonly #pipeline: string;
  #events = 0;
  #rejected = 0;
  readonly #reasons = new Map<string, number>();

  constructor(options: { share: number; pipeline: string }) {
    this.#share = options.share;
    this.#pipeline = options.pipeline;
  }

  /** Throws AppError `config` when the block just filled holds more rejections than allowed. */
  observe(accepted: number, rejected: readonly RejectedEvent[], topic: string): void {
    this.#events += accepted + rejected.length;
    this.#rejected += rejected.length;
    for (const { reason } of rejected) {
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    }
    if (this.#events < BLOCK_EVENTS) return;
    const share = this.#rejected / this.#events;
    if (share > this.#share) throw this.#flood(share, topic);
    this.#events = 0;
    this.#rejected = 0;
    this.#reasons.clear();
  }

  #flood(share: number, topic: string): AppError {
    const [reason] = [...this.#reasons].sort(([, a], [, b]) => b - a)[0] ?? ["unknown"];
    return new AppError(
      `${Math.round(share * 100)} % of the last ${this.#events} events of ${topic} were rejected, mostly for ${reason}; ` +
        `that looks like a wrong setting, so reading stopped and what was in hand is not stored. Check format and mapping of pipeline ${this.#pipeline} ` +
        `with \`spikewatch check\`, or raise limits.reject_share (now ${this.#share})`,
      { code: "config" },
    );
  }
}
