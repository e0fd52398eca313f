import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";

import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

import { TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from "./test-certificate.ts";

/** What the server does with the next mail, once it has read all of it. */
export type DataReply =
  | { readonly kind: "refuse"; readonly code: number; readonly words: string }
  /** Keeps the mail and cuts the connection before it says so. */
  | { readonly kind: "drop" };

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly email: Email;
  readonly secure: boolean;
}

export interface MailServerOptions {
  readonly tls?: boolean;
  /** Only this login is let in. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Recipients that are refused, with the reply code. */
  readonly refused?: ReadonlyMap<string, number>;
}

/** A real SMTP server on loopback that keeps what it takes and can be told to fail. */
export class MailServer {
  readonly mails: ReceivedMail[] = [];
  readonly #replies: DataReply[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: SMTPServer;

  private constructor(options: MailServerOptions) {
    this.#server = new SMTPServer(this.#serverOptions(options));
    this.#server.on("error", () => undefined);
    this.#server.server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(options: MailServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server.server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** The next mails meet these fates, one each. */
  next(...replies: readonly DataReply[]): void {
    this.#replies.push(...replies);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
  }

  #serverOptions({ tls = false, login, refused }: MailServerOptions): SMTPServerOptions {
    return {
      logger: false,
      authOptional: login === undefined,
      allowInsecureAuth: true,
      disabledCommands: tls ? [] : ["STARTTLS"],
      key: TEST_CERTIFICATE_KEY,
      cert: TEST_CERTIFICATE,
      onAuth: ({ username, password }, _session, done) => {
        const isRight = username === login?.user && password === login?.password;
        done(isRight ? null : new Error("wrong login"), isRight ? { user: username } : undefined);
      },
      onRcptTo: ({ address }, _session, done) => {
        const code = refused?.get(address);
        done(code === undefined ? null : withCode(code, "mailbox refused"));
      },
      onData: (stream, session, done) => {
        void this.#take(stream, session, done);
      },
    };
  }

  async #take(
    stream: AsyncIterable<Buffer>,
    session: Parameters<NonNullable<SMTPServerOptions["onData"]>>[1],
    done: (error?: Error | null) => void,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const reply = this.#replies.shift();
    if (reply?.kind === "refuse") {
      done(withCode(reply.code, reply.words));
      return;
    }
    const raw = Buffer.concat(chunks).toString("utf8");
    const { mailFrom, rcptTo } = session.envelope;
    this.mails.push({
      from: mailFrom === false ? "" : mailFrom.address,
      to: rcptTo.map((one) => one.address),
      raw,
      email: await PostalMime.parse(raw),
      secure: session.secure,
    });
    if (reply?.kind === "drop") for (const socket of this.#sockets) socket.destroy();
    else done();
  }
}

function withCode(responseCode: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode });
}
