import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";

/** One cable between this host and a namespace. */
export interface Link {
  /** Ours; the other end is in the namespace. */
  readonly host: string;
  /** Takes the cable out: nothing passes, nobody is told. */
  cut(): void;
  heal(): void;
}

/** A network of its own for processes, reached over cables that can be cut one by one. Needs root and iproute2. */
export class NetNamespace {
  readonly #name = `spikewatch-${randomInt(1e6)}`;
  readonly #number = randomInt(1, 250);
  #links = 0;

  static isAllowed(): boolean {
    if (process.getuid?.() !== 0) return false;
    try {
      const probe = new NetNamespace();
      probe.open();
      probe.addLink();
      probe.close();
      return true;
    } catch {
      return false;
    }
  }

  /** What a command line must begin with to run inside. */
  get prefix(): readonly string[] {
    return ["ip", "netns", "exec", this.#name];
  }

  open(): void {
    ip("netns", "add", this.#name);
    ip("-n", this.#name, "link", "set", "lo", "up");
  }

  addLink(): Link {
    const network = `10.${200 + this.#links}.${this.#number}`;
    const [outside, inside] = [
      `sw${this.#number}o${this.#links}`,
      `sw${this.#number}i${this.#links}`,
    ];
    this.#links++;
    ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", this.#name);
    ip("addr", "add", `${network}.1/30`, "dev", outside);
    ip("-n", this.#name, "addr", "add", `${network}.2/30`, "dev", inside);
    ip("-n", this.#name, "link", "set", inside, "up");
    ip("link", "set", outside, "up");
    return {
      host: `${network}.1`,
      cut: () => ip("link", "set", outside, "down"),
      heal: () => ip("link", "set", outside, "up"),
    };
  }

  /** Its cables go with it. */
  close(): void {
    ip("netns", "del", this.#name);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
