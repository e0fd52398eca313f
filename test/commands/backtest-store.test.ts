import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { backtestCommand } from "../../src/commands/backtest.ts";
import { replayCommand } from "../../src/commands/replay.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";
import {
  eventLines,
  officeUses,
  RUNAWAY_MINUTE,
  RUNAWAY_SESSION,
  writePipeline,
} from "../support/office-events.ts";

let dir = "";
const at = (name: string): string => join(dir, name);
const iso = (minute: number): string => new Date(minute * 60_000).toISOString();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-backtest-store-"));
  writeFileSync(at("events"), eventLines(officeUses()));
  writePipeline(at("p.yaml"));
  const stored = await runCommand(replayCommand, [
    ...["--input", at("events"), "--pipeline", at("p.yaml"), "--data", at("data")],
  ]);
  expect(stored.code).toBe(0);
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Line {
  readonly kind: string;
  readonly scope: object;
  readonly opened_at: string;
  readonly excess_usd: number;
  readonly contributors: readonly { dimension: string; value: string; share: number }[];
}

async function backtest(...from: string[]): Promise<{ lines: Line[]; summary: object }> {
  const argv = ["--pipeline", at("p.yaml"), "--incidents", at("out"), "--json", ...from];
  const { code, stdout } = await runCommand(backtestCommand, argv);
  expect(code).toBe(0);
  const text = readFileSync(at("out"), "utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  return {
    lines: lines.map((line) => JSON.parse(line) as Line),
    summary: JSON.parse(stdout) as object,
  };
}

const fromStore = (...more: string[]) => backtest("--from-store", "--data", at("data"), ...more);

describe("backtest --from-store", () => {
  it("finds what the events themselves show, to the dollar", async () => {
    const [file, store] = [await backtest("--input", at("events")), await fromStore()];

    const told = ({ lines }: { lines: Line[] }) =>
      lines.map(({ kind, scope, opened_at, excess_usd }) => ({
        kind,
        scope,
        minute: opened_at.slice(0, 16),
        excess: Math.round(excess_usd * 100),
      }));
    expect(file.lines.length).toBeGreaterThan(0);
    expect(told(store)).toEqual(told(file));
    expect(store.summary).toMatchObject({
      pages: (file.summary as { pages: number }).pages,
      since: expect.stringMatching(/^2026-01-05T/) as unknown,
      until: expect.stringMatching(/^2026-01-26T/) as unknown,
    });
  }, 120_000);

  it("names the session that an event carried through its pane to the incident", async () => {
    const { lines } = await fromStore("--since", iso(RUNAWAY_MINUTE - 60));

    const sessions = lines.map(({ contributors }) =>
      contributors.filter(({ dimension }) => dimension === "session"),
    );

    const [runaway, ...others] = sessions.filter((some) => some.length > 0);
    expect(others).toEqual([]);
    expect(runaway![0]).toMatchObject({ value: RUNAWAY_SESSION });
    expect(runaway![0]!.share).toBeGreaterThan(0.9);
    expect(runaway!.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 5);
  }, 120_000);

  it("tells with --since and --until only of what opens in between, and knows what is normal by then", async () => {
    const before = await fromStore("--until", iso(RUNAWAY_MINUTE - 60));
    const during = await fromStore("--since", iso(RUNAWAY_MINUTE - 60));
    const after = await fromStore("--since", iso(RUNAWAY_MINUTE + 40));

    const late = during.lines.filter(({ opened_at }) => opened_at >= iso(RUNAWAY_MINUTE));
    expect(late.length).toBeGreaterThan(0);
    expect(before.lines.some(({ opened_at }) => opened_at >= iso(RUNAWAY_MINUTE))).toBe(false);
    expect(after.lines.every(({ opened_at }) => opened_at >= iso(RUNAWAY_MINUTE + 40))).toBe(true);
    expect(after.summary).toMatchObject({ since: iso(RUNAWAY_MINUTE + 40) });
  }, 120_000);

  it.each([
    [["--from-store", "--input", "x"], "--input and --from-store are both given"],
    [["--input", "x", "--since", "2026-01-01T00:00Z"], "--since goes with --from-store"],
    [["--from-store", "--since", "yesterday"], "write it like 2026-11-20T09:00Z"],
    [
      ["--from-store", "--since", "2026-01-02T00:00Z", "--until", "2026-01-01T00:00Z"],
      "lies no whole minute",
    ],
    [["--from-store", "--html", "out", "--incidents", "out"], "give each its own file"],
  ])("refuses %j", async (flags, message) => {
    const argv = flags.includes("--html") ? flags : [...flags, "--incidents", at("out")];

    await expect(runCommand(backtestCommand, argv)).rejects.toThrow(message);
  });
});
