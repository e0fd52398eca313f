import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

import { controlsOf } from "../support/slack/block-rules.ts";
import { FakeSlack } from "../support/slack/fake-slack.ts";
import { activeControls } from "../support/slack/mrkdwn.ts";

const TEXT = { type: "mrkdwn", text: "hello" };
const SECTION = { type: "section", text: TEXT };

/** The fake must refuse what Slack refuses, or the tests against it prove nothing. */
describe("FakeSlack", () => {
  let slack: FakeSlack;
  let nowMs = 0;
  beforeEach(async () => {
    slack = await FakeSlack.start({ minIntervalMs: 1_000, now: () => nowMs });
  });
  afterEach(() => slack.stop());

  async function call(method: string, body: object, token = slack.token) {
    const response = await fetch(`${slack.apiUrl}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    const retryAfter = response.headers.get("retry-after");
    return { status: response.status, retryAfter, answer: (await response.json()) as object };
  }

  async function post(body: object) {
    nowMs += 1_000;
    const { answer } = await call("chat.postMessage", {
      channel: slack.channelId,
      text: "t",
      ...body,
    });
    return answer;
  }

  it.each<[what: string, body: object, error: string]>([
    ["an unknown channel", { channel: "C9" }, "channel_not_found"],
    ["nothing to say", { text: "" }, "no_text"],
    ["51 blocks", { blocks: Array.from({ length: 51 }, () => SECTION) }, "invalid_blocks"],
    ["a section too long", { blocks: [section("x".repeat(3_001))] }, "invalid_blocks"],
    ["an empty text", { blocks: [section("")] }, "invalid_blocks"],
    ["an unknown field", { blocks: [{ ...SECTION, colour: "red" }] }, "invalid_blocks"],
    ["an unknown block", { blocks: [{ type: "chart" }] }, "invalid_blocks"],
    ["a header with markup", { blocks: [{ type: "header", text: TEXT }] }, "invalid_blocks"],
    ["verbatim plain text", { blocks: [plain({ verbatim: true })] }, "invalid_blocks"],
    [
      "a total of 13,201",
      {
        blocks: ["a", "b", "c", "d"]
          .map(() => section("x".repeat(2_999)))
          .concat(section("x".repeat(1_205))),
      },
      "msg_blocks_too_long",
    ],
    ["metadata without a type", { metadata: { event_payload: {} } }, "invalid_metadata_format"],
    [
      "metadata with lists",
      { metadata: { event_type: "a", event_payload: { b: [1] } } },
      "invalid_metadata_format",
    ],
  ])("refuses %s", async (_what, body, error) => {
    expect(await post(body)).toEqual({ ok: false, error });
    expect(slack.posts).toEqual([]);
  });

  it("takes what keeps to the rules", async () => {
    const blocks = [plain({}), ...["a", "b", "c", "d"].map(() => section("x".repeat(2_999)))];

    expect(await post({ blocks })).toMatchObject({ ok: true, channel: slack.channelId });
  });

  it("knows its token", async () => {
    const body = { channel: slack.channelId, text: "t" };

    expect((await call("chat.postMessage", body, "xoxb-no")).answer).toEqual({
      ok: false,
      error: "invalid_auth",
    });
    expect((await call("chat.postMessage", body, "")).answer).toEqual({
      ok: false,
      error: "not_authed",
    });
  });

  it("takes one message a second", async () => {
    await post({});
    const second = await call("chat.postMessage", { channel: slack.channelId, text: "t" });

    expect(second).toMatchObject({ status: 429, retryAfter: "1" });
    expect(await post({})).toMatchObject({ ok: true });
  });

  it("edits only by channel id and a ts that exists", async () => {
    await post({});
    const { ts } = slack.posts[0]!;
    const edit = async (channel: string, at: string) =>
      (await call("chat.update", { channel, ts: at, text: "new" })).answer;

    expect(await edit(slack.channelName, ts)).toMatchObject({ error: "channel_not_found" });
    expect(await edit(slack.channelId, "1.1")).toMatchObject({ error: "message_not_found" });
    expect(await edit(slack.channelId, ts)).toMatchObject({ ok: true });
    expect(slack.posts[0]!.text).toBe("new");
  });

  it("sees what becomes active", () => {
    expect(
      activeControls("<!channel> &lt;!here&gt; <@U1> <https://a.b|c> `<!here>`", false),
    ).toEqual([
      { kind: "broadcast", raw: "!channel" },
      { kind: "user", raw: "@U1" },
      { kind: "link", raw: "https://a.b|c" },
      { kind: "broadcast", raw: "!here" },
    ]);
    expect(activeControls("see https://a.b and `https://c.d`", true)).toHaveLength(1);
    expect(
      controlsOf({
        text: "t",
        blocks: [{ type: "section", text: { type: "mrkdwn", text: "www.a.b" } }],
      }),
    ).toHaveLength(1);
  });
});

function section(text: string): object {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function plain(more: object): object {
  return { type: "section", text: { type: "plain_text", text: "x", ...more } };
}
