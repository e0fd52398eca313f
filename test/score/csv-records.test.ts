import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { CsvRecords } from "../../src/score/csv-records.ts";

function recordsOf(...pieces: readonly string[]): { line: number; fields: readonly string[] }[] {
  const records = new CsvRecords();
  const all = pieces.flatMap((piece) => [...records.push(piece)]);
  const last = records.finish();
  return last === null ? all : [...all, last];
}

describe("CsvRecords", () => {
  it("reads quoted fields, CRLF, a byte order mark and a last line without an end", () => {
    expect(
      recordsOf('\ufeffa,b\r\n"1,5","say ""hi"""\r\n\r\n 2 , "x" \n"two\nlines",3\n4,'),
    ).toEqual([
      { line: 1, fields: ["a", "b"] },
      { line: 2, fields: ["1,5", 'say "hi"'] },
      { line: 4, fields: ["2", "x"] },
      { line: 5, fields: ["two\nlines", "3"] },
      { line: 7, fields: ["4", ""] },
    ]);
  });

  it("gives the same however the text is cut", () => {
    const field = fc.string({ unit: fc.constantFrom("a", "1", ",", '"', "\n", " "), maxLength: 6 });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(table, fc.array(fc.nat(200)), (rows, cuts) => {
        const text = rows
          .map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(","))
          .join("\r\n");
        const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b)];
        const pieces = places.map((from, at) => text.slice(from, places[at + 1]));

        const whole = recordsOf(text);

        expect(recordsOf(...pieces)).toEqual(whole);
        expect(whole.map(({ fields }) => fields)).toEqual(
          rows.map((row) => row.map((one) => one.trim())),
        );
      }),
    );
  });

  it.each([
    ['a,b\n1,"2\n3,4\n', /^line 2: a quote begins and has no end/],
    ['a,b\n1,2" and "3\n', /^line 2: a quote stands inside a field/],
    [`a,b\n${"x".repeat(70_000)}\n`, /^line 2: longer than 65536 characters/],
    [`a,b\n"${"x\n".repeat(40_000)}`, /^line 2: longer than 65536 characters/],
  ])("refuses %#", (text, says) => {
    expect(() => recordsOf(text)).toThrow(says);
  });
});
