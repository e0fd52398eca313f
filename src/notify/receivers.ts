import type { Settings } from "../config/settings.ts";
import { AppError } from "../runtime/errors.ts";
import { ConsoleNotifier, type ConsoleNotifierOptions } from "./console-notifier.ts";
import { EmailNotifier, createMailTransport } from "./email-notifier.ts";
import type { MessageOptions } from "./message-content.ts";
import type { Receiver } from "./receiver-lane.ts";
import { SlackNotifier } from "./slack-notifier.ts";

export type NotifySettings = Pick<
  Settings,
  | "SLACK_TOKEN"
  | "SLACK_CHANNEL"
  | "SLACK_API_URL"
  | "SMTP_URL"
  | "SMTP_ALLOW_PLAINTEXT"
  | "EMAIL_FROM"
  | "EMAIL_TO"
>;

export interface ReceiverOptions extends MessageOptions {
  readonly console: Pick<ConsoleNotifierOptions, "output" | "width" | "colour">;
  /** True: the terminal shows every page, as the demo does. False: only where nobody else is configured, or can be reached. */
  readonly consoleAlways?: boolean;
}

/** Slack allows about one message a second and channel. */
const SLACK_INTERVAL_MS = 1_100;

/**
 * Who is told, in the order in which they stand in for one another: Slack, each mail address, the terminal. Throws one `config` error that names every
 * half-set group. Connects to nothing.
 */
export function buildReceivers(settings: NotifySettings, options: ReceiverOptions): Receiver[] {
  const problems = halfSet(settings);
  if (problems.length > 0) throw new AppError(problems.join("; "), { code: "config" });
  const others = [...slackReceivers(settings, options), ...emailReceivers(settings, options)];
  const alone = others.length === 0 || options.consoleAlways === true;
  const terminal: Receiver = {
    notifier: new ConsoleNotifier({ ...options, ...options.console }),
    rules: { role: alone ? "primary" : "fallback", tickets: true, edits: true },
    minIntervalMs: 0,
  };
  return [...others, terminal];
}

function halfSet(settings: NotifySettings): string[] {
  const groups = [
    ["SLACK_TOKEN", "SLACK_CHANNEL"],
    ["SMTP_URL", "EMAIL_FROM", "EMAIL_TO"],
  ] as const;
  return groups.flatMap((names) => {
    const missing = names.filter((name) => settings[name] === undefined);
    const given = names.filter((name) => settings[name] !== undefined);
    if (missing.length === 0 || given.length === 0) return [];
    const howMany = names.length === 2 ? "both or neither" : "all or none";
    return [`${listed(given)} needs ${listed(missing)} too: set ${howMany}`];
  });
}

function listed(names: readonly string[]): string {
  return names.map((name) => `SPIKEWATCH_${name}`).join(" and ");
}

function slackReceivers(settings: NotifySettings, options: MessageOptions): Receiver[] {
  const { SLACK_TOKEN: token, SLACK_CHANNEL: channel, SLACK_API_URL: apiUrl } = settings;
  if (token === undefined || channel === undefined) return [];
  const { publicUrl, commandOptions } = options;
  const notifier = new SlackNotifier({
    token,
    channel,
    publicUrl,
    commandOptions,
    ...(apiUrl === undefined ? {} : { apiUrl }),
  });
  const rules = { role: "primary", tickets: true, edits: true } as const;
  return [{ notifier, rules, minIntervalMs: SLACK_INTERVAL_MS }];
}

/** Mail is for pages: opened, escalated, ended. It cannot be edited, and tickets can wait for the morning. */
function emailReceivers(settings: NotifySettings, options: MessageOptions): Receiver[] {
  const { SMTP_URL: url, EMAIL_FROM: from, EMAIL_TO: addresses } = settings;
  if (url === undefined || from === undefined || addresses === undefined) return [];
  const transport = createMailTransport({ url, allowPlaintext: settings.SMTP_ALLOW_PLAINTEXT });
  const { publicUrl, commandOptions } = options;
  const rules = { role: "primary", tickets: false, edits: false } as const;
  return [...new Set(addresses)].map((to) => ({
    notifier: new EmailNotifier({ transport, from, to, publicUrl, commandOptions }),
    rules,
    minIntervalMs: 0,
  }));
}
