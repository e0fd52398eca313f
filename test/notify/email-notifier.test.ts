import { afterEach, describe, expect, it } from "@jest/globals";

import {
  EmailNotifier,
  createMailTransport,
  type MailServer as MailSettings,
} from "../../src/notify/email-notifier.ts";
import type { Notification } from "../../src/notify/notifier.ts";
import { anIncident } from "../support/incident-builders.ts";
import { MailServer, type MailServerOptions } from "../support/smtp/mail-server.ts";
import { TEST_CERTIFICATE } from "../support/smtp/test-certificate.ts";

const OPTIONS = {
  publicUrl: "https://spend.example",
  commandOptions: "",
  from: "spend@example.org",
};

describe("EmailNotifier", () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function aServer(options: MailServerOptions = {}): Promise<MailServer> {
    const server = await MailServer.start(options);
    closing.push(() => server.stop());
    return server;
  }

  function aNotifier(
    server: MailServer,
    settings: Partial<MailSettings> = {},
    to = "a@example.com",
  ) {
    const transport = createMailTransport({
      url: server.url,
      allowPlaintext: true,
      timeoutMs: 1_000,
      ...settings,
    });
    const notifier = new EmailNotifier({ ...OPTIONS, transport, to });
    closing.push(() => notifier.close());
    return notifier;
  }

  it("sends a text and an HTML part that say the same and fetch nothing", async () => {
    const server = await aServer();

    await aNotifier(server).send(opened());

    const { email } = server.mails[0]!;
    expect(email.text).toContain("96% of the excess");
    expect(email.html).toContain("96% of the excess");
    expect(email.html).not.toMatch(/\ssrc=|url\(|<link|<script|@import/);
    expect(email.html).toContain('name="color-scheme" content="light dark"');
    expect(email.attachments).toEqual([]);
  });

  it("says that nobody wrote it", async () => {
    const server = await aServer();

    await aNotifier(server).send(opened());

    expect(headersOf(server, 0).get("auto-submitted")).toBe("auto-generated");
    expect(server.mails[0]!.email.from).toMatchObject({
      name: "spikewatch",
      address: "spend@example.org",
    });
  });

  it("keeps one thread per incident", async () => {
    const server = await aServer();
    const notifier = aNotifier(server);

    const first = await notifier.send(opened());
    const reference = first.kind === "delivered" ? first.reference : "";
    await notifier.send({
      reason: "resolved",
      incident: anIncident({ state: "resolved", revision: 9, actualUsdPerHour: 5 }),
      reference,
    });

    expect(reference).toBe("<inc-7f3a.0@example.org>");
    expect(server.mails[0]!.email.messageId).toBe(reference);
    const { email } = server.mails[1]!;
    expect(email.messageId).toBe("<inc-7f3a.3@example.org>");
    expect([email.inReplyTo, email.references]).toEqual([reference, reference]);
    expect(email.subject).toBe(`Re: ${server.mails[0]!.email.subject ?? ""}`);
  });

  it("gives each night's mails of one incident Message-IDs of their own", async () => {
    const server = await aServer();
    const notifier = aNotifier(server);
    const reference = "<inc-7f3a.0@example.org>";

    for (const [reason, after] of [
      ["resolved", 1],
      ["reopened", 3],
      ["resolved", 4],
      ["reopened", 6],
    ] as const) {
      await notifier.send({ ...opened(), reason, reference, after });
    }

    const ids = server.mails.map(({ email }) => email.messageId);
    expect(new Set(ids).size).toBe(4);
    expect(server.mails.map(({ email }) => email.inReplyTo)).toEqual(ids.map(() => reference));
  });

  it("gives an escalation that opens the thread the thread's first Message-ID", async () => {
    const server = await aServer();

    await aNotifier(server).send({ ...opened(), reason: "escalated" });

    expect(server.mails[0]!.email.messageId).toBe("<inc-7f3a.0@example.org>");
    expect(server.mails[0]!.email.inReplyTo).toBeUndefined();
  });

  it("repeats the Message-ID after a lost answer, so that mailboxes can fold the two", async () => {
    const server = await aServer();
    server.next({ kind: "drop" });
    const notifier = aNotifier(server);

    const lost = await notifier.send(opened());
    const again = await notifier.send(opened());

    expect(lost.kind).toBe("ambiguous");
    expect(again.kind).toBe("delivered");
    const ids = server.mails.map(({ email }) => email.messageId);
    expect(ids).toEqual(["<inc-7f3a.0@example.org>", "<inc-7f3a.0@example.org>"]);
  });

  it.each([
    [451, "retryable"],
    [421, "retryable"],
    [554, "permanent"],
  ])("takes a %i after the mail as %s", async (code, kind) => {
    const server = await aServer();
    server.next({ kind: "refuse", code, words: "not now\r\nX-Injected: 1" });

    const delivery = await aNotifier(server).send(opened());

    expect(delivery.kind).toBe(kind);
    expect(delivery).toMatchObject({
      error: expect.stringMatching(/^the mail server said [^\n]*$/),
    });
  });

  it("judges each recipient for itself", async () => {
    const refused = new Map([
      ["gone@example.com", 550],
      ["full@example.com", 452],
    ]);
    const server = await aServer({ refused });

    expect((await aNotifier(server, {}, "gone@example.com").send(opened())).kind).toBe("permanent");
    expect((await aNotifier(server, {}, "full@example.com").send(opened())).kind).toBe("retryable");
    expect((await aNotifier(server, {}, "a@example.com").send(opened())).kind).toBe("delivered");
    expect(server.mails.map((mail) => mail.to)).toEqual([["a@example.com"]]);
  });

  it("logs in, encrypted, with what the address says", async () => {
    const login = { user: "spend@example.org", password: "p@ss:w/rd" };
    const server = await aServer({ tls: true, login });
    const url = `smtp://spend%40example.org:p%40ss%3Aw%2Frd@127.0.0.1:${server.port}`;

    const notifier = aNotifier(server, { url, allowPlaintext: false, ca: TEST_CERTIFICATE });

    expect((await notifier.send(opened())).kind).toBe("delivered");
    expect(server.mails[0]!.secure).toBe(true);
  });

  it("takes a wrong login as final, and does not repeat the password", async () => {
    const server = await aServer({ login: { user: "u", password: "right" } });
    const url = `smtp://u:wrong-secret@127.0.0.1:${server.port}`;

    const delivery = await aNotifier(server, { url }).send(opened());

    expect(delivery).toMatchObject({ kind: "permanent" });
    expect(JSON.stringify(delivery)).not.toContain("secret");
  });

  it("sends nothing in the clear unless it is allowed", async () => {
    const server = await aServer();

    const delivery = await aNotifier(server, { allowPlaintext: false }).send(opened());

    expect(delivery.kind).toBe("permanent");
    expect(server.mails).toEqual([]);
  });

  it("trusts no certificate that nobody vouches for", async () => {
    const server = await aServer({ tls: true });

    const delivery = await aNotifier(server, { allowPlaintext: false }).send(opened());

    expect(delivery.kind).not.toBe("delivered");
    expect(server.mails).toEqual([]);
  });

  it("is retryable while the relay is down", async () => {
    const server = await MailServer.start();
    const notifier = aNotifier(server);
    await server.stop();

    expect((await notifier.send(opened())).kind).toBe("retryable");
  });
});

function opened(): Notification {
  return { reason: "opened", incident: anIncident(), reference: "" };
}

function headersOf(server: MailServer, index: number): ReadonlyMap<string, string> {
  const headers = server.mails[index]!.email.headers;
  return new Map(headers.map((header) => [header.key, header.value]));
}
