/** One statement that a `FaultProxy` holds, before ClickHouse sees it or when ClickHouse has done it. */
export class HeldStatement {
  readonly at: "before" | "after";
  /** It is there, and waits. */
  readonly reached: Promise<void>;
  /** It is over: ClickHouse has done it, or it was thrown away. */
  readonly over: Promise<void>;
  readonly decision: Promise<"go on" | "throw away">;
  readonly arrive: (cut: () => void) => void;
  readonly end: () => void;
  readonly #decide: (decision: "go on" | "throw away") => void;
  #cut: () => void = () => undefined;

  constructor(at: "before" | "after") {
    this.at = at;
    const arrived = gate<undefined>();
    const ended = gate<undefined>();
    const decided = gate<"go on" | "throw away">();
    this.reached = arrived.opened;
    this.over = ended.opened;
    this.decision = decided.opened;
    this.arrive = (cut) => {
      this.#cut = cut;
      arrived.open(undefined);
    };
    this.end = () => ended.open(undefined);
    this.#decide = decided.open;
  }

  /** Takes the client's connection away; the statement itself still waits, as one that is late somewhere in the network. */
  cut(): void {
    this.#cut();
  }

  /** Lets it go on to ClickHouse, or the answer back to the client. */
  release(): void {
    this.#decide("go on");
  }

  /** Neither ClickHouse nor the client ever gets it. */
  drop(): void {
    this.#decide("throw away");
    this.#cut();
  }
}

function gate<T>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}
