import { describe, expect, it } from "@jest/globals";
import { BegunSessions, SessionBegins } from "../../src/detect/begun-sessions.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";
import { learnt, nodeOf, NOON, personal } from "./small-office.ts";

const HOUR = 60;

function use(minute: number, session: string) {
  return aUse({ minute, session });
}

describe("SessionBegins", () => {
  it("counts a session once, by the first minute that names it", () => {
    const begins = new SessionBegins();

    const counts = [use(0, "a"), use(1, "a"), use(1, "b"), use(90, "a")].map((one) =>
      begins.count(one),
    );

    expect(counts).toEqual([1, 0, 1, 0]);
  });

  it("counts all that a use names", () => {
    const begins = new SessionBegins();

    expect(begins.count({ ...use(0, "a"), sessions: ["a", "b"] })).toBe(2);
    expect(begins.count({ ...use(1, "b"), sessions: ["b", "c", "c"] })).toBe(1);
    expect(begins.count({ ...use(1, "d"), sessions: [] })).toBe(0);
  });

  it.each(["", "unknown", "__other__"])("takes %j for no session", (name) => {
    expect(new SessionBegins().count(use(0, name))).toBe(0);
  });

  it("goes on with a session that was silent for half a day, and lets one begin anew after a day", () => {
    const begins = new SessionBegins();
    begins.count(use(0, "a"));

    expect(begins.count(use(12 * HOUR, "a"))).toBe(0);
    expect(begins.count(use(48 * HOUR, "a"))).toBe(1);
  });

  it("holds no more than so many names, and the newest of them longest", () => {
    const begins = new SessionBegins();
    for (let one = 0; one < 250_000; one++) begins.count(use(0, `call ${one}`));

    expect(begins.count(use(1, "call 249999"))).toBe(0);
    expect(begins.count(use(1, "call 0"))).toBe(0);
    for (let one = 250_000; one < 450_000; one++) begins.count(use(1, `call ${one}`));
    expect(begins.count(use(2, "call 1"))).toBe(1);
  });

  it("does not begin a session anew for what arrives late", () => {
    const begins = new SessionBegins();
    begins.count(use(13 * HOUR, "a"));

    expect(begins.count(use(11 * HOUR, "a"))).toBe(0);
  });
});

describe("BegunSessions", () => {
  it("counts what began in a window, in steps of five minutes", () => {
    const begun = new BegunSessions();
    for (const minute of [0, 4, 5, 61]) begun.add(MONDAY_MINUTE + minute, 1);

    expect(begun.count(MONDAY_MINUTE + 64, HOUR)).toBe(2);
    expect(begun.count(MONDAY_MINUTE + 64, 120)).toBe(4);
  });
});

describe("sessions", () => {
  it("are counted of people, by the first use that names them", () => {
    const detector = learnt(
      personal("ada", { minute: NOON, session: "a1" }),
      personal("ada", { minute: NOON + 1, session: "a1" }),
      personal("ada", { minute: NOON + 2, session: "a2" }),
      personal("ben", { minute: NOON + 1, session: "b1" }),
    );

    const begunBy = (user: string) => nodeOf(detector, "user", user).begun!.count(NOON + 4, 5);
    expect(["ada", "ben", "cem"].map(begunBy)).toEqual([2, 1, 0]);
    expect(nodeOf(detector, "key", "key-ada").begun).toBeNull();
  });
});
