import { describe, expect, it } from "@jest/globals";
import { readTimestamp } from "../../src/score/timestamp.ts";

const AT = Date.UTC(2026, 10, 20, 9, 30);

describe("readTimestamp", () => {
  it.each([
    "2026-11-20T09:30:00Z",
    "2026-11-20T10:30:00+01:00",
    "2026-11-20T10:30+01:00",
    "2026-11-20T09:30:00",
    "2026-11-20 09:30:00",
    "2026-11-20 09:30:00.000000",
    "2026-11-20 09:30",
    "1795167000",
    "1795167000.0",
    "1795167000000",
    "1795167000000000",
    "1795167000000000000",
  ])("reads %s", (text) => {
    expect(readTimestamp(text)).toBe(AT);
  });

  it("reads a date as its midnight, UTC", () => {
    expect(readTimestamp("2026-11-20")).toBe(Date.UTC(2026, 10, 20));
  });

  it.each(["", "yesterday", "2026-02-30 00:00:00", "2026-11-20 25:00:00", "20/11/2026", "12:30"])(
    "cannot read %p",
    (text) => {
      expect(readTimestamp(text)).toBeNaN();
    },
  );
});
