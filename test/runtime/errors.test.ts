import { describe, expect, it } from "@jest/globals";
import { AppError, exitCodeOf, messageOf } from "../../src/runtime/errors.ts";

describe("AppError", () => {
  it("is not worth a retry unless its maker says so", () => {
    const cause = new Error("ECONNREFUSED");

    expect(new AppError("no", { code: "config" })).toMatchObject({
      name: "AppError",
      code: "config",
      retryable: false,
    });
    const error = new AppError("no", { code: "store_unavailable", retryable: true, cause });
    expect(error.retryable).toBe(true);
    expect(error.cause).toBe(cause);
  });
});

describe("exitCodeOf", () => {
  it.each([
    [new AppError("unknown flag", { code: "usage" }), 2],
    [new AppError("no such file", { code: "input" }), 1],
    [new Error("bug"), 1],
    ["thrown text", 1],
  ])("tells a wrong use from a failure: %s", (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe("messageOf", () => {
  it.each([
    [new Error("two\n  lines"), "two lines"],
    [new RangeError(""), "RangeError"],
    ["text", "text"],
    [undefined, "undefined"],
  ])("puts anything that can be thrown on one line: %p", (error, text) => {
    expect(messageOf(error)).toBe(text);
  });
});
