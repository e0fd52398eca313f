import { Readable } from "node:stream";
import { describe, expect, it } from "@jest/globals";
import { CODECS } from "./codecs.mjs";
import { compare } from "./compare.mjs";
import { generate, startOf, type GeneratedRecord } from "./generate.mjs";
import { judge } from "./judge.mjs";
import { linesOf } from "./lines.mjs";
import { readPriceBook } from "./price-book.mjs";
import { priceBookYaml } from "./prices.mjs";
import { keyOf } from "./produce.mjs";
import { recount, tableLines } from "./recount.mjs";

const START_MS = startOf("2026-03-02");
const PERIOD_MS = 3 * 86_400_000;
const NOW_MS = START_MS + 30 * 86_400_000;
const COUNT = 40_000;

function records(seed: number, count = COUNT): GeneratedRecord[] {
  return [...generate({ count, seed, startMs: START_MS })];
}

describe("generate", () => {
  const all = records(1);
  const judged = all.map((record) => ({ ...record, ...judge(record.line, NOW_MS) }));
  const accepted = judged.flatMap(({ event, kind, line }) =>
    event ? [{ event, kind, line }] : [],
  );

  it("gives the same lines for the same seed, others for another", () => {
    const lines = (seed: number): string[] => records(seed, 2_000).map((record) => record.line);

    expect(lines(3)).toEqual(lines(3));
    expect(lines(4)).not.toEqual(lines(3));
  });

  it("makes each bad record bad for the reason it names, and the others good", () => {
    const surprises = judged.filter((one, index) => one.reason !== all[index]!.reason);

    expect(surprises).toEqual([]);
    expect(new Set(all.map((record) => record.reason)).size).toBeGreaterThanOrEqual(15);
  });

  it("has one in a hundred twice, one in a hundred bad, one in twenty out of order", () => {
    const share = (kind: string): number =>
      all.filter((record) => record.kind === kind).length / COUNT;
    let progress = 0;
    const behind = accepted.filter(({ event }) => {
      const late = event.timeMs < progress;
      progress = Math.max(progress, event.timeMs);
      return late;
    });

    expect(all).toHaveLength(COUNT);
    expect(share("duplicate")).toBeCloseTo(0.01, 2);
    expect(share("bad")).toBeCloseTo(0.01, 2);
    expect(behind.length / COUNT).toBeGreaterThan(0.04);
    expect(behind.length / COUNT).toBeLessThan(0.08);
  });

  it("stays within its three days, and hears of 200 teams and all 5,000 users", () => {
    const times = accepted.map(({ event }) => event.timeMs);

    expect(Math.min(...times.slice(0, 1000))).toBeGreaterThanOrEqual(START_MS);
    expect(times.every((time) => time >= START_MS && time < START_MS + PERIOD_MS)).toBe(true);
    expect(new Set(accepted.map(({ event }) => event.team)).size).toBeGreaterThanOrEqual(200);
    expect(new Set(all.map((record) => record.user)).size).toBe(5_000);
  });

  it("repeats an id only as a duplicate of the same event, within five minutes of progress", () => {
    const first = new Map<string, { at: number; key: string; text: string }>();
    let progress = 0;
    for (const { event, kind, line } of accepted) {
      progress = Math.max(progress, event.timeMs);
      if (event.id === undefined) continue;
      const text = JSON.stringify(event, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      );
      const known = first.get(event.id);
      expect(kind).toBe(known === undefined ? "good" : "duplicate");
      const key = keyOf(Buffer.from(line));
      if (known === undefined) first.set(event.id, { at: progress, key, text });
      else {
        expect(key).toBe(known.key);
        expect(text).toBe(known.text);
        expect(progress - known.at).toBeLessThan(5 * 60_000);
      }
    }
  });

  it("is counted as it was meant: accepted are the good, duplicates the repeated", async () => {
    const { totals } = await recount(
      all.map((record) => record.line),
      readPriceBook(priceBookYaml(START_MS)),
      { nowMs: NOW_MS },
    );

    const count = (kind: string): number => all.filter((record) => record.kind === kind).length;
    expect(totals.accepted).toBe(count("good"));
    expect(totals.duplicates).toBe(count("duplicate"));
    expect(Object.values(totals.rejected).reduce((sum, n) => sum + n, 0)).toBe(count("bad"));
    expect(totals.cell.unpriced).toBeGreaterThan(0);
    expect(totals.cell.nanos).toBeGreaterThan(0n);
  });

  it("adds records of 10 MB only when asked", () => {
    const sizes = (huge: boolean): number[] =>
      [...generate({ count: 20, startMs: START_MS, huge })].map((record) => record.line.length);

    expect(Math.max(...sizes(false))).toBeLessThan(200_000);
    expect(Math.max(...sizes(true))).toBeGreaterThan(10 * 1024 * 1024);
  });
});

describe("keyOf", () => {
  it("is the user, however it is escaped, and empty where there is none", () => {
    expect(keyOf(Buffer.from('{"user":"ada","team":"x"}'))).toBe("ada");
    expect(keyOf(Buffer.from('{"user":"a\\"b","team":"x"}'))).toBe('a"b');
    expect(keyOf(Buffer.from('{"team":"x","user" :\t"\\u00fc"}'))).toBe("ü");
    expect(keyOf(Buffer.from('{"user":"ü"}'))).toBe("ü");
    expect(keyOf(Buffer.from('{"user":17,"team":"x"}'))).toBe("");
    expect(keyOf(Buffer.from('{"user":"\\u00f","team":"x"}'))).toBe("");
    expect(keyOf(Buffer.from("not json"))).toBe("");
    expect(keyOf(Buffer.from('{"user":"cut'))).toBe("");
  });
});

describe("CODECS", () => {
  it.each(Object.entries(CODECS))("gives back what %s compressed", async (_, codec) => {
    const data = Buffer.from("spikewatch ".repeat(20_000));

    const packed = await codec.compress(data);

    expect(packed.length).toBeLessThan(data.length / 5);
    expect((await codec.uncompress(packed)).equals(data)).toBe(true);
  });
});

describe("linesOf", () => {
  it("cuts lines wherever the chunks end, and keeps the last one", async () => {
    const chunks = ["a", "b\nc\n\nd", "\n", "ef", "g"].map((text) => Buffer.from(text));
    const lines: string[] = [];

    for await (const line of linesOf(Readable.from(chunks) as AsyncIterable<Buffer>)) {
      lines.push(line.toString());
    }

    expect(lines).toEqual(["ab", "c", "d", "efg"]);
  });
});

describe("compare", () => {
  const table = ['["a","m",60,1,5]', '["b","m",60,2,6]', '["é","m",60,3,7]'];

  it("finds equal tables equal, in any order and spelling", async () => {
    const same = ['["\\u00e9","m","60","3","7"]', '["b","m",60,2,6]', '["a","m",60,1,5]'];

    expect(await compare(table, same)).toMatchObject({ equal: 3, differences: 0 });
  });

  it("tells what is missing, extra, different and there twice", async () => {
    const other = ['["a","m",60,1,5]', '["a","m",60,1,5]', '["b","m",60,2,7]', '["c","m",60,1,1]'];

    const result = await compare(table, other);

    expect(result).toMatchObject({
      equal: 1,
      differences: 4,
      missing: ['["é","m",60] 3,7'],
      extra: ['["c","m",60] 1,1'],
      different: ['["b","m",60] expected 2,6 got 2,7'],
      twice: ['["a","m",60]'],
    });
  });

  it("tells integers apart that a double cannot", async () => {
    const result = await compare(
      ['["a","m",60,"9007199254740993"]'],
      ['["a","m",60,"9007199254740992"]'],
    );

    expect(result.differences).toBe(1);
  });

  it("compares the recount with itself as equal", async () => {
    const lines = records(2, 3_000).map((record) => record.line);
    const { cells } = await recount(lines, readPriceBook(priceBookYaml(START_MS)), {
      nowMs: NOW_MS,
    });

    const result = await compare([...tableLines(cells)].reverse(), tableLines(cells));

    expect(result).toMatchObject({ equal: cells.size, differences: 0 });
  });
});
