import type { Leadership, LeaderTerm } from "./leadership.ts";

/** Of a process that no other can share its ClickHouse with: it leads as long as it runs. */
export class SoleLeadership implements Leadership {
  readonly leader: string;
  readonly done: Promise<void>;
  #end: () => void = () => undefined;

  constructor(name: string) {
    this.leader = name;
    this.done = new Promise((resolve) => (this.#end = resolve));
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  acquire(signal: AbortSignal): Promise<LeaderTerm | null> {
    const term = { isHeld: () => true, lost: new AbortController().signal };
    return Promise.resolve(signal.aborted ? null : term);
  }

  setReady(): void {
    // Nobody chooses.
  }

  stop(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }
}
