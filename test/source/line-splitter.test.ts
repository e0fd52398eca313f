import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { LineSplitter, type LineLimits } from "../../src/source/line-splitter.ts";

const LIMITS: LineLimits = { maxRecordBytes: 100, maxLines: 1000, maxBytes: 1_000_000 };

interface Seen {
  readonly text: string;
  readonly offset: number;
  readonly size: number;
}

/** Pushes the bytes in pieces of the given sizes, the pieces' memory used again each time, as a file is read. */
function split(
  bytes: Buffer,
  pieces: readonly number[],
  limits = LIMITS,
  start = 0,
): { lines: Seen[]; ends: number[] } {
  const splitter = new LineSplitter(start, limits);
  const lines: Seen[] = [];
  const ends: number[] = [];
  const memory = Buffer.alloc(bytes.length + 1);
  const take = (batch: ReturnType<LineSplitter["finish"]>): void => {
    if (batch === null) return;
    batch.values.forEach((value, index) => {
      const [offset, size] = [batch.offsets[index]!, batch.sizes[index]!];
      lines.push({ text: Buffer.from(value).toString("latin1"), offset, size });
    });
    ends.push(batch.endOffset);
  };
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const length = Math.min(pieces[index % pieces.length] ?? 1, bytes.length - at);
    bytes.copy(memory, 0, at, at + length);
    for (const batch of splitter.push(memory.subarray(0, length))) take(batch);
    memory.fill("#");
    at += length;
  }
  take(splitter.finish());
  return { lines, ends };
}

describe("LineSplitter", () => {
  it("gives the same lines however the bytes are cut", () => {
    const bytes = fc
      .array(fc.constantFrom("a", "bc", "\n", "\r\n", "\r", "é"), { maxLength: 80 })
      .map((parts) => Buffer.from(parts.join("")));
    const pieces = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });

    fc.assert(
      fc.property(bytes, pieces, (input, sizes) => {
        let offset = 0;
        const expected: Seen[] = [];
        for (const [raw] of input.toString("latin1").matchAll(/[^\n]*(\n|$)/g)) {
          const text = raw.replace(/\n$/, "").replace(/\r$/, "");
          if (text !== "") expected.push({ text, offset, size: text.length });
          offset += raw.length;
        }

        const { lines, ends } = split(input, sizes);

        expect(lines).toEqual(expected);
        expect(ends.at(-1) ?? 0).toBe(input.length);
      }),
    );
  });

  it("counts offsets from where it starts", () => {
    expect(
      split(Buffer.from("ab\ncd\n"), [2], LIMITS, 1000).lines.map(({ offset }) => offset),
    ).toEqual([1000, 1003]);
  });

  it("takes a last line without a newline", () => {
    expect(split(Buffer.from("ab\ncd"), [100]).lines.at(-1)).toEqual({
      text: "cd",
      offset: 3,
      size: 2,
    });
  });

  it("moves on over empty lines", () => {
    expect(split(Buffer.from("\n\n\n"), [2])).toEqual({ lines: [], ends: [2, 3] });
  });

  it.each([[10_000], [7], [101], [1]])(
    "cuts a line that is too long to one byte over the limit, and tells its length (pieces of %i)",
    (piece) => {
      const input = Buffer.from(`short\n${"x".repeat(5000)}\nnext\n`);

      const { lines } = split(input, [piece]);

      expect(lines).toEqual([
        { text: "short", offset: 0, size: 5 },
        { text: "x".repeat(101), offset: 6, size: 5000 },
        { text: "next", offset: 5007, size: 4 },
      ]);
    },
  );

  it("ends a batch at its limit of lines and of bytes", () => {
    const input = Buffer.from("aaaa\n".repeat(10));

    const byLines = split(input, [100], { ...LIMITS, maxLines: 4 });
    const byBytes = split(input, [100], { ...LIMITS, maxBytes: 8 });

    expect(byLines.ends).toEqual([20, 40, 50]);
    expect(byBytes.ends).toEqual([10, 20, 30, 40, 50]);
  });
});
