import { describe, expect, it } from "@jest/globals";
import type { Members } from "../../src/detect/members.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse } from "../support/spend-stream.ts";

const MINUTE = 29_000_000;
const USE = { minute: MINUTE, usd: 1, key: "k", agent: "unknown", model: "sonnet", tool: "code" };

/** A user's, to which uses are added as they are to the user. */
function aUsersMembers(): {
  readonly members: Members;
  readonly add: (use: typeof USE) => void;
  readonly forget: (minute: number) => void;
} {
  const node = aNode("user", "ada");
  const { members } = node;
  if (members === null) throw new Error("a user has members");
  return {
    members,
    add: (use) => node.add(aUse(use), parts()),
    forget: (minute) => node.forget(minute),
  };
}

describe("Members", () => {
  it("tells what a user's window is made of, in each dimension", () => {
    const { members, add } = aUsersMembers();
    add(USE);
    add({ ...USE, minute: MINUTE + 6, usd: 5, model: "opus" });
    add({ ...USE, minute: MINUTE + 10, usd: 7, model: "opus", key: "k2" });
    const at = { minute: MINUTE + 10, window: 10 };

    expect(members.usd("model", "opus", at)).toBe(12);
    expect(members.usd("model", "opus", { ...at, window: 5 })).toBe(7);
    expect(members.usd("model", "sonnet", at)).toBe(0);
    expect(members.usd("model", "sonnet", { ...at, window: 15 })).toBe(1);
    expect(members.usd("key", "k", at)).toBe(5);
    expect(members.usd("tool", "code", at)).toBe(12);
    expect(members.usd("tool", "constructor", at)).toBe(0);
    expect(members.of("model").map(({ name }) => name)).toEqual(["sonnet", "opus"]);
  });

  it("tells each one's share of the past, which fades", () => {
    const { members, add } = aUsersMembers();
    expect(members.share("model", "opus")).toBe(0);
    add({ ...USE, usd: 30 });
    add({ ...USE, usd: 10, model: "opus" });

    expect(members.share("model", "opus")).toBeCloseTo(0.25, 12);
    expect(members.share("model", "gpt")).toBe(0);
    expect(members.share("key", "k")).toBe(1);
    for (let more = 0; more < 20_000; more++) add({ ...USE, usd: 0, model: "opus" });
    expect(members.share("model", "opus")).toBeLessThan(0.001);
  });

  it("keeps so many apart and no more, whatever names come", () => {
    const { members, add } = aUsersMembers();
    for (let key = 0; key < 1_000; key++) add({ ...USE, key: `key-${key}` });

    expect(members.of("key")).toHaveLength(64);
    expect(members.of("model")).toHaveLength(1);
    expect(members.usd("model", "sonnet", { minute: MINUTE, window: 1 })).toBe(1_000);
  });

  it("keeps what it has by steps of five minutes", () => {
    const { members, add } = aUsersMembers();
    add(USE);
    add({ ...USE, minute: MINUTE + 4, usd: 2 });

    expect(members.usd("key", "k", { minute: MINUTE + 4, window: 1 })).toBe(3);
  });

  it("lets go of old minutes, not of the share", () => {
    const { members, add, forget } = aUsersMembers();
    add(USE);
    add({ ...USE, key: "k2" });

    forget(MINUTE + 400);

    expect(members.usd("key", "k", { minute: MINUTE, window: 60 })).toBe(0);
    expect(members.share("key", "k")).toBeCloseTo(0.5, 3);
  });

  it("knows of the first one what it had when a second one comes, late uses too", () => {
    const { members, add } = aUsersMembers();
    add({ ...USE, minute: MINUTE - 30, usd: 2 });
    add({ ...USE, minute: MINUTE + 20, usd: 4 });
    const at = { minute: MINUTE + 22, window: 60 };
    expect(members.usd("model", "sonnet", at)).toBe(6);

    add({ ...USE, minute: MINUTE - 3, usd: 8, model: "opus" });
    add({ ...USE, minute: MINUTE - 31, usd: 16 });

    expect(members.usd("model", "sonnet", at)).toBe(22);
    expect(members.usd("model", "opus", at)).toBe(8);
    expect(members.usd("model", "sonnet", { ...at, window: 5 })).toBe(4);
  });
});
