import { WebClient, LogLevel, type WebClientOptions } from "@slack/web-api";

import type { Incident } from "../detect/incident.ts";
import { AppError } from "../runtime/errors.ts";
import { composeMessage } from "./message.ts";
import type { MessageOptions } from "./message-content.ts";
import type { Delivery, Notification, Notifier } from "./notifier.ts";
import { classifySlackError, slackErrorCode } from "./slack-errors.ts";
import { slackMessage, slackReply, slackText } from "./slack-message.ts";

export interface SlackNotifierOptions extends MessageOptions {
  readonly token: string;
  /** Best the channel's id (`C…`): then a message can be found again after a lost answer, even the very first. */
  readonly channel: string;
  /** For tests and proxies; default Slack's own. */
  readonly apiUrl?: string;
  /** How long one request may take. */
  readonly timeoutMs?: number;
}

type ThreadReason = "escalated" | "reopened" | "resolved";
const EVENT_TYPE = "spikewatch_incident";
/** The message to edit is gone or closed to edits: the story goes on in a new one. */
const POST_ANEW = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);
/** Slack did not like the blocks: the words alone must still arrive. */
const PLAIN_INSTEAD = new Set(["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"]);

/**
 * One message per incident, edited as it grows, with a line in its thread when it escalates, ends or burns again (an edit rings no bell).
 * Slack knows no idempotency key: each message carries the incident in its metadata, and `find` looks for it after a lost answer.
 */
export class SlackNotifier implements Notifier {
  readonly receiver: string;
  readonly #client: WebClient;
  readonly #options: SlackNotifierOptions;

  constructor(options: SlackNotifierOptions) {
    this.#options = options;
    this.receiver = `slack:${options.channel}`;
    this.#client = new WebClient(options.token, clientOptions(options));
  }

  async send(notification: Notification): Promise<Delivery> {
    try {
      const place = parseReference(notification.reference);
      const reference =
        place === null ? await this.#post(notification) : await this.#edit(notification, place);
      return { kind: "delivered", reference };
    } catch (error) {
      return classifySlackError(error);
    }
  }

  /**
   * Null also where Slack may never be asked (no history scope, a channel known by name only). Throws a retryable `notify_failed` while it
   * cannot be asked just now: "not found" would be a lie, and a second page its price.
   */
  async find(notification: Notification): Promise<string | null> {
    const place = parseReference(notification.reference);
    try {
      if (place === null) return await this.#findPost(notification);
      return isThreadReason(notification.reason) && (await this.#hasReply(notification, place))
        ? notification.reference
        : null;
    } catch (error) {
      const failure = classifySlackError(error);
      if (failure.kind === "permanent") return null;
      throw new AppError(failure.error, { code: "notify_failed", retryable: true });
    }
  }

  async #post(notification: Notification): Promise<string> {
    const answer = await this.#withPlainFallback(notification, (body) =>
      this.#client.chat.postMessage({
        channel: this.#options.channel,
        ...body,
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
      }),
    );
    return `${answer.channel ?? this.#options.channel}:${answer.ts ?? ""}`;
  }

  async #edit(notification: Notification, place: Place): Promise<string> {
    try {
      await this.#withPlainFallback(notification, (body) =>
        this.#client.chat.update({
          channel: place.channel,
          ts: place.ts,
          ...body,
          link_names: false,
        }),
      );
    } catch (error) {
      if (POST_ANEW.has(slackErrorCode(error))) return this.#post(notification);
      throw error;
    }
    if (isThreadReason(notification.reason)) await this.#reply(notification, place);
    return notification.reference;
  }

  async #reply(notification: Notification, place: Place): Promise<void> {
    await this.#client.chat.postMessage({
      channel: place.channel,
      thread_ts: place.ts,
      reply_broadcast: notification.reason !== "resolved",
      text: slackReply(composeMessage(notification, this.#options)),
      metadata: metadataOf(notification),
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    });
  }

  async #withPlainFallback<T>(
    notification: Notification,
    call: (body: MessageBody) => Promise<T>,
  ): Promise<T> {
    const content = composeMessage(notification, this.#options);
    const metadata = metadataOf(notification);
    const { text, blocks } = slackMessage(content);
    try {
      return await call({ text, blocks: blocks.map((block) => ({ ...block })), metadata });
    } catch (error) {
      if (!PLAIN_INSTEAD.has(slackErrorCode(error))) throw error;
      return call({ text: slackText(content), blocks: [], metadata });
    }
  }

  async #findPost(notification: Notification): Promise<string | null> {
    const { channel } = this.#options;
    const page = await this.#client.conversations.history({
      channel,
      include_all_metadata: true,
      limit: 200,
    });
    const ts = page.messages?.find((one) => belongsTo(one.metadata, notification))?.ts;
    return ts === undefined ? null : `${channel}:${ts}`;
  }

  async #hasReply(notification: Notification, place: Place): Promise<boolean> {
    const thread = await this.#client.conversations.replies({
      channel: place.channel,
      ts: place.ts,
      include_all_metadata: true,
      limit: 200,
    });
    return (thread.messages ?? []).some(
      (one) => one.ts !== place.ts && belongsTo(one.metadata, notification, notification.reason),
    );
  }
}

interface MessageBody {
  text: string;
  blocks: { type: string }[];
  metadata: ReturnType<typeof metadataOf>;
}

interface Place {
  readonly channel: string;
  readonly ts: string;
}

function parseReference(reference: string): Place | null {
  const colon = reference.lastIndexOf(":");
  if (colon < 0) return null;
  return { channel: reference.slice(0, colon), ts: reference.slice(colon + 1) };
}

function isThreadReason(reason: string): reason is ThreadReason {
  return reason === "escalated" || reason === "reopened" || reason === "resolved";
}

function metadataOf({ incident, reason, others }: Notification): {
  event_type: string;
  event_payload: Record<string, string | number>;
} {
  return {
    event_type: EVENT_TYPE,
    event_payload: {
      incident_id: incident.id,
      revision: incident.revision,
      reason,
      ...(others === undefined ? {} : { also: idsOf(others) }),
    },
  };
}

/** Slack bounds metadata; those beyond the hundredth would be told again after a lost answer. */
function idsOf(incidents: readonly Incident[]): string {
  return incidents
    .slice(0, 100)
    .map((one) => one.id)
    .join(" ");
}

interface FoundMetadata {
  readonly event_type?: string;
  readonly event_payload?: object;
}

function belongsTo(
  metadata: FoundMetadata | undefined,
  { incident, after }: Notification,
  reason?: string,
): boolean {
  if (metadata?.event_type !== EVENT_TYPE) return false;
  const payload = new Map<string, unknown>(Object.entries(metadata.event_payload ?? {}));
  // The line of an earlier night is another's.
  if (after !== undefined && !(Number(payload.get("revision")) > after)) return false;
  const also = payload.get("also");
  const inDigest = typeof also === "string" && also.split(" ").includes(incident.id);
  return (
    (payload.get("incident_id") === incident.id || inDigest) &&
    (reason === undefined || payload.get("reason") === reason)
  );
}

/** The client's own retries post twice when an answer is lost, and its own waits stall its queue: both are off, the dispatcher does them. */
function clientOptions(options: SlackNotifierOptions): WebClientOptions {
  const quiet = (): void => undefined;
  return {
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: options.timeoutMs ?? 10_000,
    allowAbsoluteUrls: false,
    logger: {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: quiet,
      setLevel: quiet,
      getLevel: () => LogLevel.ERROR,
      setName: quiet,
    },
    ...(options.apiUrl === undefined ? {} : { slackApiUrl: options.apiUrl.replace(/\/*$/, "/") }),
  };
}
