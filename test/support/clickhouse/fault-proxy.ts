import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { HeldStatement } from "./held-statement.ts";

/**
 * What goes wrong with one request: cut before ClickHouse sees it; cut after ClickHouse has done it; an error of a gateway; a good answer from
 * somebody who did nothing; late delivery; or it waits until somebody decides.
 */
export type Fault =
  | "cut-before"
  | "cut-after"
  | "error-500"
  | "swallow"
  | { readonly delayMs: number }
  | HeldStatement;

interface Planned {
  readonly statement: RegExp;
  readonly fault: Fault;
  left: number;
}

const SEEN = 1_000;

/** Stands between a client and ClickHouse's HTTP interface and breaks what it is told to. */
export class FaultProxy {
  /** Statements that passed or were broken, in order; the last 1,000. */
  readonly seen: string[] = [];
  #target: URL;
  readonly #planned: Planned[] = [];
  readonly #server: Server;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      this.#handle(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** From now on ClickHouse is there. */
  retarget(target: string): void {
    this.#target = new URL(target);
  }

  /** Breaks the next `times` statements that match. */
  plan(statement: RegExp, fault: Fault, times = 1): void {
    this.#planned.push({ statement, fault, left: times });
  }

  /** Holds the next statement that matches. */
  hold(statement: RegExp, at: "before" | "after"): HeldStatement {
    const held = new HeldStatement(at);
    this.plan(statement, held);
    return held;
  }

  /** How many planned faults have not met their statement yet. */
  get waiting(): number {
    return this.#planned.reduce((sum, { left }) => sum + left, 0);
  }

  /** Forgets the faults that have not met their statement. */
  calm(): void {
    this.#planned.length = 0;
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const query = new URL(incoming.url ?? "/", "http://x").searchParams.get("query");
    const statement = query ?? body.toString("utf8");
    this.seen.push(statement);
    if (this.seen.length > SEEN) this.seen.shift();
    const planned = this.#planned.find((one) => one.left > 0 && one.statement.test(statement));
    if (planned !== undefined) planned.left--;
    await this.#answer(incoming, body, outgoing, planned?.fault);
  }

  async #answer(
    incoming: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse,
    fault: Fault | undefined,
  ): Promise<void> {
    if (fault === "cut-before") {
      outgoing.destroy();
    } else if (fault === "error-500") {
      outgoing.writeHead(500).end("<html>bad gateway</html>");
    } else if (fault === "swallow") {
      outgoing.writeHead(200).end();
    } else if (fault instanceof HeldStatement) {
      await this.#hold(incoming, body, outgoing, fault).finally(fault.end);
    } else {
      if (typeof fault === "object")
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      const answer = await this.#forward(incoming, body);
      if (fault === "cut-after") outgoing.destroy();
      else outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    }
  }

  async #hold(
    incoming: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse,
    held: HeldStatement,
  ): Promise<void> {
    const cut = (): void => void outgoing.destroy();
    const early = held.at === "after" ? await this.#forward(incoming, body) : null;
    held.arrive(cut);
    if ((await held.decision) === "throw away") {
      cut();
      return;
    }
    const answer = early ?? (await this.#forward(incoming, body));
    held.end();
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #forward(
    incoming: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const { hostname, port, host } = this.#target;
      const headers = { ...incoming.headers, host, "content-length": String(body.length) };
      delete headers["transfer-encoding"];
      const options = {
        hostname,
        port,
        path: incoming.url,
        method: incoming.method,
        headers,
        agent: false as const,
      };
      const call = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const rest = { ...response.headers };
          delete rest["transfer-encoding"];
          resolve({
            status: response.statusCode ?? 500,
            headers: rest,
            body: Buffer.concat(chunks),
          });
        });
      });
      call.on("error", reject).end(body);
    });
  }
}
