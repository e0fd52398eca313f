import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A wire that can be cut: passes bytes both ways, swallows them while it is cut, or refuses connections while nobody is there. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target = { host: "127.0.0.1", port: 0 };
  #port = 0;
  #cut = false;

  readonly #host: string;

  private constructor(host: string) {
    this.#host = host;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** Listens at once; `connectTo` says later where bytes go. */
  static async start(host = "127.0.0.1"): Promise<TcpProxy> {
    const proxy = new TcpProxy(host);
    await proxy.#listen(0);
    return proxy;
  }

  get address(): string {
    return `${this.#host}:${this.#port}`;
  }

  connectTo(address: string): void {
    const [host = "127.0.0.1", port = "0"] = address.split(":");
    this.#target = { host, port: Number(port) };
  }

  /** As a firewall that drops packets: nothing passes, nobody is told. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What was under way goes on, as after a retransmission; new connections reach the target. */
  heal(): void {
    this.#cut = false;
    for (const socket of this.#sockets) {
      if (socket.listenerCount("data") > 0) socket.resume();
      else this.#join(socket);
    }
  }

  /** As a host whose process is gone: connections are reset, new ones refused, until `listenAgain`. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async listenAgain(): Promise<void> {
    await this.#listen(this.#port);
  }

  async stop(): Promise<void> {
    await this.refuse();
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, this.#host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #accept(socket: Socket): void {
    this.#keep(socket);
    if (!this.#cut) this.#join(socket);
  }

  #join(socket: Socket): void {
    const other = connect(this.#target);
    this.#keep(other);
    this.#pass(socket, other);
    this.#pass(other, socket);
  }

  /** With back-pressure; the end of one is the end of the other. */
  #pass(from: Socket, to: Socket): void {
    from.on("data", (chunk) => {
      if (to.write(chunk)) return;
      from.pause();
      to.once("drain", () => {
        if (!this.#cut) from.resume();
      });
    });
    from.once("close", () => to.destroy());
    from.resume();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
