/** A time in which this process alone watches and tells. */
export interface LeaderTerm {
  /**
   * Ask right before anything that only a leader may do. False while the term is in doubt: the election has not confirmed it for a while, as after the
   * process was stopped. It may come back, or `lost` aborts.
   */
  isHeld(): boolean;
  /** Aborts when the term is over for good. */
  readonly lost: AbortSignal;
}

/** Which one of several processes leads. */
export interface Leadership {
  /** Stands for election; resolves when this process takes part. Throws AppError where it cannot. */
  start(): Promise<void>;
  /** Resolves with the term as soon as this process leads, at once where it does already; null when `signal` aborts before. */
  acquire(signal: AbortSignal): Promise<LeaderTerm | null>;
  /** Whether this process could lead without delay: those that can go first when a leader is chosen. */
  setReady(ready: boolean): void;
  /** The process that leads as far as it is known, this one or another; null: not known. */
  readonly leader: string | null;
  /** Rejects when this process cannot take part any more; resolves after `stop`. */
  readonly done: Promise<void>;
  /** Gives the leadership back, so that another can have it at once. */
  stop(): Promise<void>;
}
