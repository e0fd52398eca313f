import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { BENCHES } from "./benches.ts";
import type { Measured } from "./harness.ts";

const RUN = fileURLToPath(new URL("run.ts", import.meta.url));

type Line = Readonly<Record<"spikewatch" | "peer", Measured>> & { readonly name: string };

async function bench(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", RUN, ...args]);
  return stdout;
}

describe("npm run bench", () => {
  it.each(BENCHES)(
    "measures $name on both sides",
    async ({ name }) => {
      const text = await bench("--only", name, "--tiny", "--count", "1500", "--json");

      const [line, ...more] = JSON.parse(text) as Line[];
      expect(more).toEqual([]);
      expect(line!.name).toBe(name);
      for (const { units, medianNs, minNs, wallNs, notes } of [line!.spikewatch, line!.peer]) {
        expect(units).toBeGreaterThanOrEqual(500);
        expect(minNs).toBeGreaterThan(0);
        expect(medianNs).toBeGreaterThanOrEqual(minNs);
        expect(wallNs).toBeGreaterThan(0);
        expect(Object.values(notes).every(Number.isFinite)).toBe(true);
      }
    },
    180_000,
  );

  it("names the benches where it is asked for another", async () => {
    await expect(bench("--only", "nothing")).rejects.toMatchObject({
      code: 2,
      stdout:
        "no bench is called nothing: decode, price + reduce, append, detect, tick, people, cold-start, score, ingest, month\n",
    });
  }, 60_000);
});
