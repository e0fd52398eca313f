import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Random } from "../../src/demo/random.ts";
import { loadTraces, RequestTrace } from "../../src/demo/traces.ts";

const SAMPLES = join(import.meta.dirname, "../../src/demo/samples");

describe("loadTraces", () => {
  it("reads 5,000 requests of each service and six clients of two weeks", () => {
    const { code, conversation, document, clients } = loadTraces();

    for (const trace of [code, conversation, document]) {
      expect(trace.inputTokens).toHaveLength(5_000);
      expect(Math.min(...trace.inputTokens)).toBeGreaterThan(0);
      expect(Math.min(...trace.outputTokens)).toBeGreaterThan(0);
    }
    expect(clients.map((client) => client.relative.length)).toEqual(Array(6).fill(2_016));
  });

  it("keeps the services apart as they are: short answers to code, long documents", () => {
    const { code, conversation, document } = loadTraces();
    const mean = (tokens: Int32Array): number => tokens.reduce((sum, n) => sum + n, 0) / 5_000;

    expect(mean(code.outputTokens)).toBeLessThan(40);
    expect(mean(conversation.outputTokens)).toBeGreaterThan(150);
    expect(mean(document.inputTokens)).toBeGreaterThan(10_000);
  });

  it("stays under 400 kB", () => {
    const sizes = readdirSync(SAMPLES).map((name) => statSync(join(SAMPLES, name)).size);

    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000);
  });
});

describe("RequestTrace", () => {
  it("keeps the order of the pauses and puts any pace on them", () => {
    const trace = new RequestTrace([
      [1, 10, 1],
      [2, 20, 2],
      [3, 30, 3],
    ]);
    const rhythm = trace.rhythm(new Random(1), () => 10);

    const pauses = Array.from({ length: 300 }, () => rhythm.next().value);

    expect(pauses.reduce((sum, pause) => sum + pause, 0) / 300).toBeCloseTo(10, 6);
    const at = pauses.indexOf(5);
    expect(pauses.slice(at, at + 4)).toEqual([5, 10, 15, 5]);
  });
});
