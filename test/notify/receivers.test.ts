import { describe, expect, it } from "@jest/globals";

import { buildReceivers, type NotifySettings } from "../../src/notify/receivers.ts";

const NOTHING: NotifySettings = { SMTP_ALLOW_PLAINTEXT: false };
const SLACK = { SLACK_TOKEN: "xoxb-1", SLACK_CHANNEL: "C1" };
const MAIL = {
  SMTP_URL: "smtp://127.0.0.1:2525",
  EMAIL_FROM: "spend@example.org",
  EMAIL_TO: ["a@example.com", "b@example.com", "a@example.com"],
};

describe("buildReceivers", () => {
  it("pages the terminal where nothing is configured", () => {
    expect(built(NOTHING)).toEqual([["console", "primary"]]);
  });

  it("keeps the terminal as the last resort of Slack and every mail address", () => {
    expect(built({ ...NOTHING, ...SLACK, ...MAIL })).toEqual([
      ["slack:C1", "primary"],
      ["email:a@example.com", "primary"],
      ["email:b@example.com", "primary"],
      ["console", "fallback"],
    ]);
  });

  it("shows every page in the terminal too where that is wanted", () => {
    expect(built({ ...NOTHING, ...SLACK }, true)).toEqual([
      ["slack:C1", "primary"],
      ["console", "primary"],
    ]);
  });

  it("names every half-set group at once", () => {
    const half = { ...NOTHING, SLACK_TOKEN: "xoxb-secret", SMTP_URL: "smtp://u:secret@h" };

    expect(() => built(half)).toThrow(
      "SPIKEWATCH_SLACK_TOKEN needs SPIKEWATCH_SLACK_CHANNEL too: set both or neither; " +
        "SPIKEWATCH_SMTP_URL needs SPIKEWATCH_EMAIL_FROM and SPIKEWATCH_EMAIL_TO too: set all or none",
    );
  });
});

function built(settings: NotifySettings, consoleAlways = false): string[][] {
  const receivers = buildReceivers(settings, {
    publicUrl: "http://127.0.0.1:8080",
    commandOptions: "",
    console: { output: { write: () => true }, width: 80, colour: false },
    consoleAlways,
  });
  return receivers.map(({ notifier, rules }) => [notifier.receiver, rules.role]);
}
