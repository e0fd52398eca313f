import { createTransport } from "nodemailer";

import { AppError, messageOf } from "../runtime/errors.ts";
import { cleanName, escapeHeader } from "./escape.ts";
import { emailMessage, type EmailMessage } from "./email-message.ts";
import { composeMessage } from "./message.ts";
import type { MessageOptions } from "./message-content.ts";
import type { Delivery, Notification, NotificationReason, Notifier } from "./notifier.ts";

export interface MailServer {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  readonly url: string;
  /** For relays on a trusted network: TLS is used where offered, but not insisted on. */
  readonly allowPlaintext: boolean;
  /** Certificates to trust besides the system's, PEM. */
  readonly ca?: string;
  /** Of connecting and greeting; a silent connection is given three times as long. */
  readonly timeoutMs?: number;
}

/** One mail to one address. */
export interface Mail extends EmailMessage {
  readonly from: string;
  readonly to: string;
  readonly messageId: string;
  /** Message-ID of the thread's first mail; null for the first itself. */
  readonly thread: string | null;
}

/** A pool of at most two connections, shared by all recipients. */
export interface MailTransport {
  /** Resolves when the server has taken the mail for its recipient; throws what nodemailer throws. */
  send(mail: Mail): Promise<void>;
  close(): void;
}

/** Connects when the first mail is sent. Throws `config` for a URL that names no host. */
export function createMailTransport(server: MailServer): MailTransport {
  const transport = createTransport(poolOptions(server));
  return {
    async send(mail) {
      const info = await transport.sendMail({
        from: { name: "spikewatch", address: mail.from },
        to: { name: "", address: mail.to },
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        messageId: mail.messageId,
        headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
        ...(mail.thread === null ? {} : { inReplyTo: mail.thread, references: mail.thread }),
      });
      if (info.rejected.length > 0) {
        throw Object.assign(new Error("the recipient was refused"), { responseCode: 550 });
      }
    },
    close() {
      transport.close();
    },
  };
}

function poolOptions(server: MailServer) {
  const url = new URL(server.url);
  if (url.hostname === "") {
    throw new AppError(`SMTP_URL names no host: write smtp://user:password@host:587`, {
      code: "config",
    });
  }
  const secure = url.protocol === "smtps:";
  const timeoutMs = server.timeoutMs ?? 10_000;
  return {
    pool: true as const,
    maxConnections: 2,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && !server.allowPlaintext,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs * 3,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(url.username === ""
      ? {}
      : {
          auth: {
            user: decodeURIComponent(url.username),
            pass: decodeURIComponent(url.password),
          },
        }),
    ...(server.ca === undefined ? {} : { tls: { ca: server.ca } }),
  };
}

export interface EmailNotifierOptions extends MessageOptions {
  readonly transport: MailTransport;
  readonly from: string;
  readonly to: string;
}

/** A reason's place in this list numbers its mails for ever; what may be mailed more than once has the revision that was told before it as well. */
const SEQUENCE: readonly NotificationReason[] = [
  "opened",
  "escalated",
  "acknowledged",
  "resolved",
  "updated",
  "reopened",
];

/**
 * One recipient, for a refused address must not hide behind an accepted one. A mail's Message-ID depends on nothing but the incident, the reason and what was
 * told before: sent again after a lost answer, mailboxes can fold the two into one.
 */
export class EmailNotifier implements Notifier {
  readonly receiver: string;
  readonly #options: EmailNotifierOptions;

  constructor(options: EmailNotifierOptions) {
    this.#options = options;
    this.receiver = `email:${options.to}`;
  }

  async send(notification: Notification): Promise<Delivery> {
    const { transport, from, to } = this.#options;
    const first = notification.reference === "";
    const messageId = this.#messageId(notification, first ? "opened" : notification.reason);
    const thread = first ? null : notification.reference;
    const message = emailMessage(composeMessage(notification, this.#options), !first);
    try {
      await transport.send({ ...message, from, to, messageId, thread });
      return { kind: "delivered", reference: thread ?? messageId };
    } catch (error) {
      return classifyMailError(error);
    }
  }

  close(): Promise<void> {
    this.#options.transport.close();
    return Promise.resolve();
  }

  #messageId({ incident, after }: Notification, reason: NotificationReason): string {
    const host = this.#options.from.slice(this.#options.from.lastIndexOf("@") + 1);
    const id = cleanName(incident.id, 128).replaceAll(/[^\w.-]/g, "_");
    const told = after === undefined ? "" : `.${after}`;
    return `<${id}.${SEQUENCE.indexOf(reason)}${told}@${host}>`;
  }
}

/** Nothing was handed over yet. */
const NOT_CONNECTED = new Set(["EDNS", "EPROTOCOL"]);

/** Judged by SMTP reply code, then by error code; the server's own words are kept for the operator, on one line. */
function classifyMailError(error: unknown): Exclude<Delivery, { kind: "delivered" }> {
  const code = field(error, "code");
  const reply = field(error, "responseCode");
  const response = field(error, "response");
  const words = escapeHeader(typeof response === "string" ? response : messageOf(error));
  if (typeof reply === "number" && reply >= 400) {
    return {
      kind: reply < 500 ? "retryable" : "permanent",
      error: `the mail server said ${words}`,
    };
  }
  if (code === "EAUTH") return { kind: "permanent", error: `mail login failed: ${words}` };
  if (code === "ETLS")
    return { kind: "permanent", error: `the mail server offers no TLS: ${words}` };
  if (
    (typeof code === "string" && NOT_CONNECTED.has(code)) ||
    field(error, "syscall") === "connect"
  ) {
    return { kind: "retryable", error: `the mail server cannot be reached: ${words}` };
  }
  return { kind: "ambiguous", error: `the connection to the mail server broke: ${words}` };
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
