import { z } from "zod";

import { activeControls, type Control } from "./mrkdwn.ts";

/** Slack's rules for blocks, as documented, and the total that is not (bolt-js issue 2509). Unknown fields are refused, as Slack does. */
const TOTAL_MAX = 13_200;

function plainText(max: number) {
  return z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
}

function mrkdwn(max: number) {
  return z.strictObject({
    type: z.literal("mrkdwn"),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
}

function anyText(max: number) {
  return z.discriminatedUnion("type", [plainText(max), mrkdwn(max)]);
}

const blockId = z.string().max(255).optional();
const BLOCKS = z
  .array(
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("header"), text: plainText(150), block_id: blockId }),
      z.strictObject({ type: z.literal("divider"), block_id: blockId }),
      z
        .strictObject({
          type: z.literal("section"),
          text: anyText(3_000).optional(),
          fields: z.array(anyText(2_000)).min(1).max(10).optional(),
          block_id: blockId,
        })
        .refine((block) => block.text !== undefined || block.fields !== undefined),
      z.strictObject({
        type: z.literal("context"),
        elements: z.array(anyText(3_000)).min(1).max(10),
        block_id: blockId,
      }),
    ]),
  )
  .max(50);

export type CheckedBlocks = z.infer<typeof BLOCKS>;

/** The blocks, or the error Slack answers. */
export function checkBlocks(
  value: unknown,
): CheckedBlocks | "invalid_blocks" | "msg_blocks_too_long" {
  const parsed = BLOCKS.safeParse(value);
  if (!parsed.success) return "invalid_blocks";
  const total = textsOf(parsed.data).reduce((sum, one) => sum + one.text.length, 0);
  return total > TOTAL_MAX ? "msg_blocks_too_long" : parsed.data;
}

/** Every text object, in reading order. */
export function textsOf(blocks: CheckedBlocks) {
  return blocks.flatMap((block) => {
    switch (block.type) {
      case "header":
        return [block.text];
      case "divider":
        return [];
      case "section":
        return [...(block.text === undefined ? [] : [block.text]), ...(block.fields ?? [])];
      case "context":
        return block.elements;
    }
  });
}

/** What becomes active when the message is shown. Plain text never does. */
export function controlsOf(message: { text: string; blocks: CheckedBlocks }): Control[] {
  const inBlocks = textsOf(message.blocks).flatMap((one) =>
    one.type === "mrkdwn" ? activeControls(one.text, one.verbatim !== true) : [],
  );
  return [...activeControls(message.text, message.blocks.length === 0), ...inBlocks];
}
