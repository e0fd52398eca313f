import { ConsoleNotifier } from "../../src/notify/console-notifier.ts";
import { EmailNotifier, createMailTransport } from "../../src/notify/email-notifier.ts";
import { SlackNotifier } from "../../src/notify/slack-notifier.ts";
import { controlsOf, textsOf } from "../support/slack/block-rules.ts";
import { FakeSlack } from "../support/slack/fake-slack.ts";
import { decoded } from "../support/slack/mrkdwn.ts";
import { MailServer, type ReceivedMail } from "../support/smtp/mail-server.ts";
import { describeNotifierContract } from "./notifier-contract.ts";

const OPTIONS = { publicUrl: "https://spend.example", commandOptions: " --data /d" };
/** Nothing of these may reach a reader in any channel: control, bidi and other hidden characters. */
const HIDDEN = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu;

describeNotifierContract("SlackNotifier", async () => {
  const slack = await FakeSlack.start();
  const { token, channelId: channel, apiUrl } = slack;
  const texts = (): string[] =>
    slack.posts.flatMap((post) => [post.text, ...textsOf(post.blocks).map((one) => one.text)]);
  const mrkdwn = (): string[] =>
    slack.posts.flatMap((post) => {
      const inBlocks = textsOf(post.blocks).filter((one) => one.type === "mrkdwn");
      return [post.text, ...inBlocks.map((one) => one.text)];
    });
  return {
    notifier: new SlackNotifier({ ...OPTIONS, token, channel, apiUrl }),
    rings: () => slack.posts.length,
    seen: () => decoded(texts().join("\n")).replaceAll("`", ""),
    harm: () => [
      ...slack.posts
        .flatMap(controlsOf)
        .map((control) => control.raw)
        .filter((raw) => !raw.startsWith("https://spend.example/")),
      ...texts().flatMap((text) => text.match(HIDDEN) ?? []),
      ...mrkdwn().filter((text) =>
        text.replaceAll(/`[^`\n]*`|<https:[^>]*>/g, "").includes("bold"),
      ),
    ],
    stop: () => slack.stop(),
  };
});

describeNotifierContract("EmailNotifier", async () => {
  const server = await MailServer.start();
  const transport = createMailTransport({ url: server.url, allowPlaintext: true });
  const to = "oncall@example.com";
  const notifier = new EmailNotifier({ ...OPTIONS, transport, from: "spend@example.org", to });
  return {
    notifier,
    rings: () => server.mails.length,
    seen: () =>
      server.mails.map(({ email }) => `${email.subject ?? ""}\n${email.text ?? ""}`).join("\n"),
    harm: () => server.mails.flatMap(harmOfMail),
    stop: async () => {
      await notifier.close();
      await server.stop();
    },
  };
});

const EXPECTED_HEADERS = new Set([
  "from",
  "to",
  "message-id",
  "in-reply-to",
  "references",
  "subject",
  "date",
  "mime-version",
  "content-type",
  "auto-submitted",
  "x-auto-response-suppress",
]);
const OUR_TAGS =
  /^<\/?(?:!doctype html|html|head|meta|title|body|table|tr|td|div|p|b|ul|li|code|br|span|a)(?: (?:[a-z-]+)="[^"<>]*")*>$/;

function harmOfMail({ email, to }: ReceivedMail): string[] {
  const html = email.html ?? "";
  const text = email.text ?? "";
  const links = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link = ""]) => link);
  return [
    ...to.filter((address) => address !== "oncall@example.com"),
    ...email.headers.map((header) => header.key).filter((key) => !EXPECTED_HEADERS.has(key)),
    ...(html.match(/<[^>]*>/g) ?? []).filter((tag) => !OUR_TAGS.test(tag)),
    ...links.filter((link) => !link.startsWith("https://spend.example/")),
    ...(`${email.subject ?? ""}${text}${html}`.replaceAll("\r\n", "\n").match(HIDDEN) ?? []),
  ];
}

describeNotifierContract("ConsoleNotifier", () => {
  let written = "";
  const output = { write: (text: string) => (written += text) };
  return Promise.resolve({
    notifier: new ConsoleNotifier({ ...OPTIONS, output, width: 10_000, colour: false }),
    rings: () => written.split("╭─ spikewatch").length - 1,
    seen: () => written,
    harm: () => written.match(HIDDEN) ?? [],
    stop: () => Promise.resolve(),
  });
});
