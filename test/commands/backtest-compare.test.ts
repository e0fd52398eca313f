import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { backtestCommand } from "../../src/commands/backtest.ts";
import { compareRuns } from "../../src/commands/backtest-compare.ts";
import type { BacktestRun } from "../../src/commands/backtest-run.ts";
import { ConfigError } from "../../src/config/config-problem.ts";
import type { Incident } from "../../src/detect/incident.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";
import { anIncident, OPENED_AT } from "../support/incident-builders.ts";
import { eventLines, officeUses, RUNAWAY, writePipeline } from "../support/office-events.ts";

const MINUTE = 60_000;

let dir = "";
const at = (name: string): string => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-compare-"));
  writeFileSync(at("events"), eventLines(officeUses()));
  writePipeline(at("a.yaml"));
  writePipeline(at("deaf.yaml"), "{ minimum_usd: 100000, timezone: Europe/Berlin }");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Compared {
  readonly pages: number;
  readonly tickets: number;
  readonly compare: {
    readonly counts: readonly { readonly name: string; readonly a: object; readonly b: object }[];
    readonly settings: readonly object[];
    readonly only_a: readonly { readonly scope: object; readonly kind: string }[];
    readonly only_b: readonly object[];
    readonly both: readonly object[];
  };
}

async function compare(other: string, ...more: string[]): Promise<string> {
  const argv = ["--input", at("events"), "--pipeline", at("a.yaml"), "--compare", at(other)];
  const { code, stdout } = await runCommand(backtestCommand, [...argv, ...more]);
  expect(code).toBe(0);
  return stdout;
}

function aRun(...incidents: Incident[]): BacktestRun {
  return { file: "x.yaml", settings: DEFAULT_DETECTION, incidents };
}

describe("backtest --compare", () => {
  it("tells what only one of two settings pages, by kind and team", async () => {
    const json = JSON.parse(await compare("deaf.yaml", "--json")) as Compared;

    const { counts, settings, only_a: onlyA, only_b: onlyB, both } = json.compare;
    expect(json.pages).toBeGreaterThan(0);
    expect(onlyA).toHaveLength(json.pages + json.tickets);
    expect(onlyA.map(({ scope }) => scope)).toContainEqual(
      expect.objectContaining({ team: RUNAWAY.team }),
    );
    expect([onlyB, both]).toEqual([[], []]);
    expect(settings).toEqual([
      { name: "minimum_usd", a: "20", b: "100000" },
      { name: "timezone", a: "UTC", b: "Europe/Berlin" },
    ]);
    const row = counts.find(({ name }) => name === `team ${RUNAWAY.team}`);
    expect(row).toMatchObject({ b: { pages: 0, tickets: 0 } });
    expect(counts[0]).toMatchObject({ name: "all", a: { pages: json.pages } });
  });

  it("finds no difference between equal settings, and writes the lines of the first", async () => {
    const text = await compare("a.yaml", "--incidents", at("out"));

    const lines = readFileSync(at("out"), "utf8").trim().split("\n");
    expect(text).toContain("Detection is set the same in both.");
    expect(text).toContain("Only A: none.");
    expect(text).toContain("Only B: none.");
    expect(text).toContain(`Both: ${lines.length}.`);
    expect(JSON.parse(lines[0]!)).toHaveProperty("opened_at");
  });

  it("says in which file a setting is wrong, and which file is not there", async () => {
    writePipeline(at("wrong.yaml"), "{ pages_per_quarter: -1, timezone: Moon }");

    const wrong = await compare("wrong.yaml").catch((error: unknown) => error);
    const missing = await compare("none.yaml").catch((error: unknown) => error);

    expect(wrong).toBeInstanceOf(ConfigError);
    expect((wrong as ConfigError).problems.map(({ file, path }) => [file, path])).toEqual([
      [at("wrong.yaml"), "detection.pages_per_quarter"],
      [at("wrong.yaml"), "detection.timezone"],
    ]);
    expect(String(missing)).toMatch(/--compare .*none\.yaml cannot be read: ENOENT/);
  });

  it("says that only detection is compared where the files differ in more", async () => {
    writeFileSync(
      at("more.yaml"),
      readFileSync(at("a.yaml"), "utf8").replace("cost_source: reported", "cost_source: max"),
    );

    const text = await compare("more.yaml");

    expect(text).toContain("more.yaml also differs in cost_source: events are read as");
  });
});

describe("compareRuns", () => {
  it("takes for one what burns at one time in one scope or within it", () => {
    const a = anIncident({ id: "a", scope: { team: "checkout" } });
    const b = anIncident({
      id: "b",
      kind: "shift",
      scope: { team: "checkout", user: "u0412" },
      openedAtMs: OPENED_AT + 10 * MINUTE,
      updatedAtMs: OPENED_AT + 20 * MINUTE,
    });

    const found = compareRuns(aRun(a), aRun(b));

    expect(found).toEqual({ onlyA: [], onlyB: [], both: [[a, b]] });
  });

  it("keeps apart what burns elsewhere or at another time", () => {
    const a = anIncident({ id: "a", scope: { team: "checkout", user: "u1" } });
    const elsewhere = anIncident({ id: "b", scope: { team: "checkout", user: "u2" } });
    const later = anIncident({
      id: "c",
      scope: a.scope,
      openedAtMs: OPENED_AT + 60 * MINUTE,
      updatedAtMs: OPENED_AT + 90 * MINUTE,
    });

    expect(compareRuns(aRun(a), aRun(elsewhere, later))).toEqual({
      onlyA: [a],
      onlyB: [elsewhere, later],
      both: [],
    });
  });

  it("gives each incident one twin at most: the same kind first", () => {
    const a = anIncident({ id: "a" });
    const price = anIncident({ id: "p", kind: "price", severity: "ticket" });
    const spike = anIncident({ id: "s", openedAtMs: OPENED_AT + 3 * MINUTE });

    expect(compareRuns(aRun(a), aRun(price, spike))).toEqual({
      onlyA: [],
      onlyB: [price],
      both: [[a, spike]],
    });
  });
});
