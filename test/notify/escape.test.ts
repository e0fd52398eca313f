import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import {
  cleanName,
  escapeHeader,
  escapeHtml,
  escapeSlack,
  escapeTerminal,
  slackName,
} from "../../src/notify/escape.ts";

const anything = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(..."<>&`\"'\u001b\u202e\r\n\ud800\udc00 a".split("")) }),
);
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/u;

describe("cleanName", () => {
  it.each([
    ["checkout", "checkout"],
    ["  two\t words\r\nof three ", "two  words  of three"],
    ["\u001b[31mred\u009b0m", "[31mred0m"],
    ["\u202egnp.exe", "gnp.exe"],
    ["", "(no name)"],
    ["\u200b", "(no name)"],
    ["日本語 é 👩‍💻", "日本語 é 👩‍💻"],
  ])("writes %j as %j", (name, clean) => {
    expect(cleanName(name)).toBe(clean);
  });

  it("cuts by code points and says so", () => {
    expect(cleanName("𝒜".repeat(100), 5)).toBe("𝒜𝒜𝒜𝒜…");
    expect(cleanName("abcde", 5)).toBe("abcde");
  });

  it("holds no hidden character and never more than asked, whatever comes", () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 80 }), (name, max) => {
        const clean = cleanName(name, max);
        expect(clean).not.toMatch(HIDDEN);
        expect(clean === "(no name)" || Array.from(clean).length <= max).toBe(true);
      }),
    );
  });

  it("is quick with a name of ten million characters", () => {
    const started = performance.now();

    cleanName("x".repeat(10_000_000));

    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe("escapes", () => {
  it("leave no active character of their channel, whatever comes", () => {
    fc.assert(
      fc.property(anything, (name) => {
        expect(escapeSlack(name)).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        expect(slackName(name)).toMatch(/^`[^`<>\n]+`$/);
        expect(escapeHtml(name)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
        expect(escapeHeader(name)).not.toMatch(HIDDEN);
        expect(escapeTerminal(name)).not.toMatch(HIDDEN);
      }),
    );
  });

  it("lose nothing of what a reader sees", () => {
    expect(escapeSlack("a & b < c > d")).toBe("a &amp; b &lt; c &gt; d");
    expect(escapeHtml(`"it's" &lt;`)).toBe("&quot;it&#39;s&quot; &amp;lt;");
    expect(slackName("`R&D`")).toBe("`'R&amp;D'`");
  });
});
