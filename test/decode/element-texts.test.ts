import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { LIMITS } from "../../src/decode/usage-event.ts";
import { ElementTexts } from "../../src/decode/json-record.ts";
import { decode } from "./decoding.ts";

describe("ElementTexts", () => {
  it("gives each element as it was written, brackets and commas in strings included", () => {
    const texts = new ElementTexts(' [ 1 , {"a": ["],", {}]} ,"\\"]", [[]],null ] ');

    expect([0, 1, 2, 3, 4].map((index) => texts.at(index))).toEqual([
      "1",
      '{"a": ["],", {}]}',
      '"\\"]"',
      "[[]]",
      "null",
    ]);
  });

  it("finds those elements that are asked for, whatever the others hold", () => {
    const elements = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(elements, fc.func(fc.boolean()), (values, isAsked) => {
        const texts = new ElementTexts(JSON.stringify(values, null, 1));

        values.forEach((value, index) => {
          if (!isAsked(index)) return;
          expect(JSON.parse(texts.at(index))).toEqual(JSON.parse(JSON.stringify(value)));
        });
      }),
    );
  });

  it("reads a record of very many bad events in one pass", () => {
    const { rejected } = decode([`[${"0,".repeat(LIMITS.recordEvents - 1)}7]`]);

    expect(rejected).toHaveLength(LIMITS.recordEvents);
    expect(Buffer.from(rejected.at(-1)!.raw).toString()).toBe("7");
  });

  it("keeps a record of more events than are read as one rejected record", () => {
    const { rejected, rows } = decode([`[${'{"time":1},'.repeat(LIMITS.recordEvents)}7]`]);

    expect(rows).toEqual([]);
    expect(rejected).toMatchObject([
      {
        record: 0,
        event: 0,
        reason: "record_too_large",
        detail: "the record holds 100001 events, at most 100000 are read; send fewer in one record",
      },
    ]);
  });
});
