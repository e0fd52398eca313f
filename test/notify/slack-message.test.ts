import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { composeMessage } from "../../src/notify/message.ts";
import { SLACK_LIMITS, slackMessage, slackText } from "../../src/notify/slack-message.ts";
import { anIncident } from "../support/incident-builders.ts";
import { checkBlocks, controlsOf, textsOf } from "../support/slack/block-rules.ts";

const OPTIONS = { publicUrl: "https://spend.example", commandOptions: "" };
const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: fc.constantFrom("&", "<", ">", "`", "𝒜", "x"), maxLength: 200 }),
);

describe("slackMessage", () => {
  it("keeps every limit of Slack and lets nothing of the data come alive, whatever the names", () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 20, maxLength: 20 }), name, (names, notice) => {
        const content = composeMessage(
          { reason: "opened", incident: crowded(names), reference: "", notice },
          OPTIONS,
        );

        const message = slackMessage(content);

        const blocks = checkBlocks(message.blocks);
        if (typeof blocks === "string") throw new Error(blocks);
        const total = textsOf(blocks).reduce((sum, one) => sum + one.text.length, 0);
        expect(total).toBeLessThanOrEqual(SLACK_LIMITS.blocksTotal);
        expect(message.text.length).toBeLessThanOrEqual(SLACK_LIMITS.text);
        const alive = controlsOf({ text: message.text, blocks }).map((one) => one.raw);
        expect(alive.filter((raw) => !raw.startsWith("https://spend.example/"))).toEqual([]);
        expect(JSON.stringify(textsOf(blocks))).not.toMatch(/<(?!https:\/\/spend\.example\/)/);
      }),
      { numRuns: 200 },
    );
  });

  it("begins its words with what a locked phone should show", () => {
    const content = composeMessage(
      { reason: "opened", incident: anIncident(), reference: "" },
      OPTIONS,
    );

    expect(slackText(content)).toMatch(
      /^🔴 Team `checkout` \(department `shop`\) now spends \$1,240\/h/,
    );
  });

  it.each([
    ["page", {}, "🔴"],
    ["ticket", { severity: "ticket" }, "🟡"],
    ["acknowledged", { state: "acknowledged" }, "🔵"],
    ["resolved", { state: "resolved" }, "🟢"],
  ] as const)("shows at a glance that it is %s", (_what, changes, sign) => {
    const content = composeMessage(
      { reason: "opened", incident: anIncident(changes), reference: "" },
      OPTIONS,
    );

    expect(slackMessage(content).blocks[0]).toMatchObject({
      type: "header",
      text: { text: expect.stringContaining(sign) },
    });
  });
});

/** As many names in one message as there is room for. */
function crowded(names: readonly string[]) {
  const dimensions = ["user", "agent", "model", "tool"] as const;
  const contributors = dimensions.flatMap((dimension, index) =>
    names.slice(index * 5, index * 5 + 5).map((value) => ({
      dimension,
      value,
      share: 0.2,
      actualUsd: 123_456,
      expectedUsd: 1_234,
    })),
  );
  const [department = "", team = "", key = "", acknowledgedBy = "", id = ""] = names;
  return anIncident({ id, acknowledgedBy, contributors, scope: { department, team, key } });
}
