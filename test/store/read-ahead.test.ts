import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { readAhead } from "../../src/store/read-ahead.ts";

describe("readAhead", () => {
  it("gives everything in order", async () => {
    expect(await collect(readAhead(lines("ab", "c", "def"), 2))).toEqual(["ab", "c", "def"]);
    expect(await collect(readAhead(lines(), 2))).toEqual([]);
  });

  it("asks for more while the caller is busy, up to the length", async () => {
    const given: string[] = [];
    const source = lines("aa", "bb", "cc", "dd", "ee");
    const ahead = readAhead(noting(source, given), 3)[Symbol.asyncIterator]();

    await ahead.next();
    for (let turn = 0; turn < 20; turn++) await setImmediate();

    expect(given).toEqual(["aa", "bb", "cc"]);
  });

  it("throws what the source throws, after what it gave", async () => {
    const seen: string[] = [];
    const failing = async (): Promise<void> => {
      for await (const line of readAhead(breaking("a", "b"), 10)) seen.push(line);
    };

    await expect(failing()).rejects.toThrow("broken");
    expect(seen).toEqual(["a", "b"]);
  });

  it("ends the source where the caller stops", async () => {
    const end = new AbortController();
    async function* source(): AsyncIterable<string> {
      try {
        for (;;) {
          await setImmediate();
          yield "a";
        }
      } finally {
        end.abort();
      }
    }

    for await (const line of readAhead(source(), 2)) if (line === "a") break;
    for (let turn = 0; turn < 20; turn++) await setImmediate();

    expect(end.signal.aborted).toBe(true);
  });
});

async function* lines(...all: readonly string[]): AsyncIterable<string> {
  for (const line of all) {
    await setImmediate();
    yield line;
  }
}

async function* noting(source: AsyncIterable<string>, given: string[]): AsyncIterable<string> {
  for await (const line of source) {
    given.push(line);
    yield line;
  }
}

async function* breaking(...all: readonly string[]): AsyncIterable<string> {
  yield* lines(...all);
  throw new Error("broken");
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}
