import { describe, expect, it } from "@jest/globals";
import { Members } from "../../src/detect/members.ts";

const MINUTE = 29_000_000;
const USE = { minute: MINUTE, usd: 1, key: "k", agent: "unknown", model: "sonnet", tool: "code" };

describe("Members", () => {
  it("tells what a user's window is made of, in each dimension", () => {
    const members = new Members();
    members.add(USE);
    members.add({ ...USE, minute: MINUTE + 6, usd: 5, model: "opus" });
    members.add({ ...USE, minute: MINUTE + 10, usd: 7, model: "opus", key: "k2" });
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
    const members = new Members();
    expect(members.share("model", "opus")).toBe(0);
    members.add({ ...USE, usd: 30 });
    members.add({ ...USE, usd: 10, model: "opus" });

    expect(members.share("model", "opus")).toBeCloseTo(0.25, 12);
    expect(members.share("model", "gpt")).toBe(0);
    expect(members.share("key", "k")).toBe(1);
    for (let more = 0; more < 20_000; more++) members.add({ ...USE, usd: 0, model: "opus" });
    expect(members.share("model", "opus")).toBeLessThan(0.001);
  });

  it("keeps so many apart and no more, whatever names come", () => {
    const members = new Members();
    for (let key = 0; key < 1_000; key++) members.add({ ...USE, key: `key-${key}` });

    expect(members.of("key")).toHaveLength(64);
    expect(members.of("model")).toHaveLength(1);
    expect(members.usd("model", "sonnet", { minute: MINUTE, window: 1 })).toBe(1_000);
  });

  it("keeps what it has by steps of five minutes", () => {
    const members = new Members();
    members.add(USE);
    members.add({ ...USE, minute: MINUTE + 4, usd: 2 });

    expect(members.usd("key", "k", { minute: MINUTE + 4, window: 1 })).toBe(3);
  });

  it("lets go of old minutes, not of the share", () => {
    const members = new Members();
    members.add(USE);

    members.forget(MINUTE + 400);

    expect(members.usd("key", "k", { minute: MINUTE, window: 60 })).toBe(0);
    expect(members.share("key", "k")).toBe(1);
  });
});
