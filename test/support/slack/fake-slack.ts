import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { checkBlocks, type CheckedBlocks } from "./block-rules.ts";

export interface SlackPost {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | null;
  readonly broadcast: boolean;
  text: string;
  blocks: CheckedBlocks;
  metadata: unknown;
  edits: number;
}

/** What goes wrong with the next request to a method. */
export type Fault =
  | { readonly kind: "http"; readonly status: number }
  | { readonly kind: "error"; readonly error: string }
  | { readonly kind: "rate-limited"; readonly retryAfterSeconds: number }
  /** The connection is cut before, or after the message was taken. */
  | { readonly kind: "drop-before" }
  | { readonly kind: "drop-after" }
  /** Taken, and never answered. */
  | { readonly kind: "hang" };

export interface FakeSlackOptions {
  readonly token?: string;
  /** Of `chat.postMessage`, per channel: at most one in this time of `now`. Default: no limit. */
  readonly minIntervalMs?: number;
  readonly now?: () => number;
  /** Methods the token has no scope for. */
  readonly forbidden?: readonly string[];
}

type Answer = Readonly<Record<string, unknown>> & { readonly ok: boolean };
type Arguments = ReadonlyMap<string, string>;

/**
 * Slack's Web API as far as notification uses it: a real HTTP server with the real API's limits, errors and pitfalls. It checks the token, the channel
 * (names can be posted to, but only ids be edited or read), blocks and metadata, and keeps what was posted.
 */
export class FakeSlack {
  readonly channelId = "C0SPEND01";
  readonly channelName = "#ai-spend";
  readonly token: string;
  readonly posts: SlackPost[] = [];
  /** Every request, also the refused: method and when. */
  readonly calls: { readonly method: string; readonly atMs: number }[] = [];
  readonly #faults = new Map<string, Fault[]>();
  readonly #options: FakeSlackOptions;
  readonly #server: Server;
  #revoked = false;
  #lastPostMs = -Infinity;
  #serial = 0;

  private constructor(options: FakeSlackOptions) {
    this.#options = options;
    this.token = options.token ?? "xoxb-test-0123456789";
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(options: FakeSlackOptions = {}): Promise<FakeSlack> {
    const slack = new FakeSlack(options);
    slack.#server.listen(0, "127.0.0.1");
    await once(slack.#server, "listening");
    return slack;
  }

  get apiUrl(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/api`;
  }

  /** Messages of the channel itself, oldest first. */
  get pages(): SlackPost[] {
    return this.posts.filter((post) => post.threadTs === null);
  }

  get replies(): SlackPost[] {
    return this.posts.filter((post) => post.threadTs !== null);
  }

  /** The next requests to `method` fail so, one fault each. */
  fail(method: string, ...faults: readonly Fault[]): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
  }

  revokeToken(): void {
    this.#revoked = true;
  }

  /** As when somebody deletes a message. */
  remove(ts: string): void {
    const index = this.posts.findIndex((post) => post.ts === ts);
    this.posts.splice(index, 1);
  }

  countOf(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = (request.url ?? "").replace(/^\/api\//, "");
    this.calls.push({ method, atMs: this.#now() });
    const args = argumentsOf(request, await bodyOf(request));
    const fault = this.#faults.get(method)?.shift();
    if (fault?.kind === "drop-before") request.socket.destroy();
    else if (fault?.kind === "http") respond(response, fault.status, "upstream trouble");
    else if (fault?.kind === "rate-limited") rateLimit(response, fault.retryAfterSeconds);
    else if (fault?.kind === "error") respond(response, 200, { ok: false, error: fault.error });
    else this.#answer(method, args, request, response, fault);
  }

  #answer(
    method: string,
    args: Arguments,
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | undefined,
  ): void {
    const tokenError = this.#tokenError(method, request.headers.authorization, args);
    if (tokenError !== null) {
      respond(response, 200, { ok: false, error: tokenError });
      return;
    }
    if (method === "chat.postMessage" && this.#isTooSoon()) {
      rateLimit(response, Math.ceil((this.#options.minIntervalMs ?? 0) / 1_000));
      return;
    }
    const answer = this.#call(method, args);
    if (fault?.kind === "drop-after") request.socket.destroy();
    else if (fault?.kind !== "hang") respond(response, 200, answer);
  }

  #tokenError(method: string, header: string | undefined, args: Arguments): string | null {
    const token = header?.replace(/^Bearer ?/, "") ?? args.get("token");
    if (token === undefined || token === "") return "not_authed";
    if (token !== this.token) return "invalid_auth";
    if (this.#revoked) return "token_revoked";
    return this.#options.forbidden?.includes(method) === true ? "missing_scope" : null;
  }

  #isTooSoon(): boolean {
    const tooSoon = this.#now() - this.#lastPostMs < (this.#options.minIntervalMs ?? 0);
    if (!tooSoon) this.#lastPostMs = this.#now();
    return tooSoon;
  }

  #call(method: string, args: Arguments): Answer {
    switch (method) {
      case "chat.postMessage":
        return this.#post(args);
      case "chat.update":
        return this.#update(args);
      case "conversations.history":
        return this.#list(args, (post) => post.threadTs === null || post.broadcast);
      case "conversations.replies":
        return this.#list(args, (post) => [post.ts, post.threadTs].includes(args.get("ts") ?? ""));
      default:
        return { ok: false, error: "unknown_method" };
    }
  }

  #post(args: Arguments): Answer {
    const channel = args.get("channel") ?? "";
    if (![this.channelId, this.channelName].includes(channel)) return refused("channel_not_found");
    const body = checkedBody(args, 40_000);
    if (typeof body === "string") return refused(body);
    const ts = `1772592060.${String(++this.#serial).padStart(6, "0")}`;
    const threadTs = args.get("thread_ts") ?? null;
    const broadcast = args.get("reply_broadcast") === "true";
    this.posts.push({ channel: this.channelId, ts, threadTs, broadcast, edits: 0, ...body });
    return { ok: true, channel: this.channelId, ts };
  }

  #update(args: Arguments): Answer {
    if (args.get("channel") !== this.channelId) return refused("channel_not_found");
    const post = this.posts.find((one) => one.ts === args.get("ts"));
    if (post === undefined) return refused("message_not_found");
    const body = checkedBody(args, 4_000);
    if (typeof body === "string") return refused(body);
    Object.assign(post, body, { edits: post.edits + 1 });
    return { ok: true, channel: this.channelId, ts: post.ts };
  }

  #list(args: Arguments, wanted: (post: SlackPost) => boolean): Answer {
    if (args.get("channel") !== this.channelId) return refused("channel_not_found");
    const withMetadata = args.get("include_all_metadata") === "true";
    const messages = this.posts
      .filter(wanted)
      .toReversed()
      .slice(0, Number(args.get("limit") ?? 100))
      .map(({ ts, text, blocks, metadata }) => ({
        type: "message",
        ts,
        text,
        blocks,
        ...(withMetadata ? { metadata } : {}),
      }));
    return { ok: true, messages, has_more: false };
  }

  #now(): number {
    return this.#options.now?.() ?? 0;
  }
}

function refused(error: string): Answer {
  return { ok: false, error };
}

/** Text, blocks and metadata of a message, or the error they deserve. */
function checkedBody(
  args: Arguments,
  textMax: number,
): Pick<SlackPost, "text" | "blocks" | "metadata"> | string {
  const text = args.get("text") ?? "";
  const blocks = checkBlocks(JSON.parse(args.get("blocks") ?? "[]"));
  if (typeof blocks === "string") return blocks;
  if (text === "" && blocks.length === 0) return "no_text";
  if (text.length > textMax) return "msg_too_long";
  const metadata: unknown = JSON.parse(args.get("metadata") ?? "null");
  return isMetadata(metadata) ? { text, blocks, metadata } : "invalid_metadata_format";
}

function isMetadata(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== "object" || !("event_type" in value) || !("event_payload" in value)) {
    return false;
  }
  const payload = value.event_payload;
  return (
    typeof value.event_type === "string" &&
    typeof payload === "object" &&
    payload !== null &&
    Object.values(payload).every((one) => ["string", "number", "boolean"].includes(typeof one))
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** Form fields, or a JSON object's fields as Slack takes them: anything that is not a scalar as JSON. */
function argumentsOf(request: IncomingMessage, body: string): Arguments {
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
    return new Map(new URLSearchParams(body));
  }
  const fields = Object.entries(JSON.parse(body) as Record<string, unknown>);
  return new Map(
    fields.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function respond(response: ServerResponse, status: number, body: Answer | string): void {
  const json = typeof body !== "string";
  response.writeHead(status, { "content-type": json ? "application/json" : "text/plain" });
  response.end(json ? JSON.stringify(body) : body);
}

function rateLimit(response: ServerResponse, seconds: number): void {
  response.setHeader("retry-after", String(seconds));
  respond(response, 429, { ok: false, error: "ratelimited" });
}
