import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { contributorsSql, windowSql, type Explained } from "../../src/commands/explain-sql.ts";
import { explainCommand } from "../../src/commands/explain.ts";
import { queryCommand } from "../../src/commands/query.ts";
import { replayCommand } from "../../src/commands/replay.ts";
import { rowOfIncident } from "../../src/detect/incident-rows.ts";
import type { Incident } from "../../src/detect/incident.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { openStore } from "../../src/store/open-store.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";
import { anIncident } from "../support/incident-builders.ts";
import {
  eventLines,
  officeUses,
  RUNAWAY,
  RUNAWAY_MINUTE,
  writePipeline,
} from "../support/office-events.ts";
import { play } from "../support/office.ts";

/** A name that means something to ClickHouse, to a shell and to a terminal. */
const HOSTILE_USER = `o'neil \\ "$(id)" \`x\` !1 %`;
const WEEK = 7 * 1440;

let dir = "";
let opened: Incident;
const at = (name: string): string => join(dir, name);

/** What the detector opened for the runaway, stored as the watching process stores it: the first revision and the last. */
async function storeIncidents(uses: ReturnType<typeof officeUses>): Promise<void> {
  const store = await openStore({
    settings: { DATA_DIR: at("data"), CLICKHOUSE_PORT: 0 },
    logger: silentLogger,
    mode: "write",
  });
  const detector = new SpendDetector(DEFAULT_DETECTION);
  detector.learn(uses.filter(({ minute }) => minute < RUNAWAY_MINUTE - 120));
  const first = new Map<string, Incident>();
  const live = uses.filter(({ minute }) => minute >= RUNAWAY_MINUTE - 120);
  for (const { incident } of play(detector, live)) {
    const known = first.has(incident.id);
    first.set(incident.id, first.get(incident.id) ?? incident);
    const row = rowOfIncident(incident, detector.trackOf(incident.id));
    if (!known || incident.state === "resolved") await store.incidentStore.saveIncidents([row]);
  }
  opened = [...first.values()].find(({ scope }) => scope.user === HOSTILE_USER)!;
  await store.incidentStore.saveIncidents([
    rowOfIncident(anIncident({ id: "inc-bare", scope: {} }), null),
    rowOfIncident(anIncident({ id: "twin-1" }), null),
    rowOfIncident(anIncident({ id: "twin-2" }), null),
  ]);
  await store.close();
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-explain-"));
  const uses = officeUses({ user: HOSTILE_USER });
  writeFileSync(at("events"), eventLines(uses));
  writePipeline(at("p.yaml"));
  await runCommand(replayCommand, [
    ...["--input", at("events"), "--pipeline", at("p.yaml"), "--data", at("data")],
  ]);
  await storeIncidents(uses);
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const explain = (...argv: string[]) => runCommand(explainCommand, [...argv, "--data", at("data")]);

async function query<Row>(sql: string): Promise<Row[]> {
  const argv = [sql, "--data", at("data"), "--format", "JSONEachRow"];
  const { stdout } = await runCommand(queryCommand, argv);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Row);
}

interface Answer {
  readonly decision: Readonly<Record<string, unknown>>;
  readonly series: object;
  readonly window: { readonly minutes: number };
  readonly stored: readonly { readonly weeks_ago: number; readonly usd: number }[];
  readonly sql: { readonly window: string; readonly contributors: string };
}

describe("explain", () => {
  it("gives SQL that finds the dollars of the decision, whatever the names in it", async () => {
    const { stdout } = await explain(opened.id, "--json");
    const { decision, window, sql, stored, series } = JSON.parse(stdout) as Answer;

    const rows = await query<{ weeks_ago: number; usd: number | string }>(sql.window);
    const who = await query<{ user: string; usd: number | string }>(sql.contributors);

    expect(series).toMatchObject({ team: RUNAWAY.team, user: HOSTILE_USER });
    expect(decision["actual_usd"]).toBeGreaterThan(RUNAWAY.usdPerMinute);
    expect(decision).toMatchObject({ kind: opened.kind, bar: expect.any(Number) as unknown });
    expect(Number(rows[0]?.usd)).toBeCloseTo(Number(decision["actual_usd"]), 6);
    expect(stored[0]?.usd).toBeCloseTo(Number(decision["actual_usd"]), 6);
    // Three weeks and a bit are stored: what was before them is not known, which is not nothing.
    expect(stored.map(({ weeks_ago: week }) => week)).toEqual([0, 1, 2, 3]);
    expect(window.minutes).toBe(decision["window_minutes"]);
    expect(who[0]?.user).toBe(HOSTILE_USER);
    expect(who.reduce((sum, { usd }) => sum + Number(usd), 0)).toBeCloseTo(Number(rows[0]?.usd), 6);
  }, 60_000);

  it("says why in words, and its SQL passes a shell unharmed", async () => {
    const { stdout } = await explain(opened.id);

    const [, command = ""] = /^spikewatch query "([^"]*)" --data/m.exec(stdout) ?? [];
    const shell = execFileSync("sh", ["-c", `printf %s "${command}"`], { encoding: "utf8" });
    const { sql } = JSON.parse((await explain(opened.id, "--json")).stdout) as Answer;
    expect(command).not.toBe("");
    expect(shell).toBe(sql.window);
    for (const words of [
      /^inc-\w+: page, spike/,
      /Why it was opened\n {2}series +department engineering, team team-1/,
      / {2}window +\d+ (min|h|d)/,
      / {2}score +[\d.]+/,
      / {2}bar +[\d.]+/,
      /Who carries the excess/,
      /the window +\$/,
      /1 week before +\$/,
      /3 weeks before +\$/,
      /Median of the weeks before: \$/,
    ]) {
      expect(stdout).toMatch(words);
    }
  }, 60_000);

  it("prints what is stored of a decision, also what it does not know", async () => {
    const store = await openStore({
      settings: { DATA_DIR: at("data"), CLICKHOUSE_PORT: 0 },
      logger: silentLogger,
      mode: "attach",
    });
    const decision = {
      statistic: "hourly maximum",
      factor: "price_per_token",
      windowMinutes: 60,
      score: 3.25,
      bar: 1.5,
      expected: { usd: 12.5, samples: 9 },
      gateUsd: 20,
      newThing: "yes\u001b[31m",
      timezone: "Europe/Berlin",
    };
    const incident = { ...anIncident({ id: "inc-rich" }), decision };
    await store.incidentStore.saveIncidents([rowOfIncident(incident as unknown as Incident, null)]);
    await store.close();

    const { stdout } = await explain("inc-ri");

    expect(stdout).toMatch(/statistic +hourly maximum/);
    expect(stdout).toMatch(/factor +price_per_token/);
    expect(stdout).toMatch(/window +1 h\n/);
    expect(stdout).toMatch(/gate +\$20\.00/);
    expect(stdout).toMatch(/expected usd +\$12\.50/);
    expect(stdout).toMatch(/expected samples +9/);
    expect(stdout).toMatch(/new thing +yes\[31m/);
    expect(stdout).toContain("weeks before (Europe/Berlin)");
  }, 60_000);

  it("explains an incident of the whole organisation", async () => {
    const { stdout } = await explain("inc-bare");

    expect(stdout).toContain("series    the whole organisation");
    expect(stdout).not.toContain("AND team");
  }, 60_000);

  it.each([
    [["twin"], /^"twin" could be twin-1, twin-2: give more of the ID$/],
    [
      ["inc-none"],
      /^no incident begins with "inc-none": see `spikewatch incidents list --all --data/,
    ],
    [["x' OR 1"], /^no incident begins with/],
    [[], /^`explain` takes one incident, 0 given/],
    [["a", "b"], /^`explain` takes one incident, 2 given/],
  ])("refuses %j", async (argv, message) => {
    await expect(explain(...argv)).rejects.toThrow(message);
  });
});

describe("windowSql", () => {
  const explained = (given: Partial<Explained> = {}): Explained => ({
    fromMinute: RUNAWAY_MINUTE,
    toMinute: RUNAWAY_MINUTE + 30,
    path: { team: RUNAWAY.team },
    timezone: "UTC",
    ...given,
  });
  const sums = async (given: Partial<Explained>) => {
    const rows = await query<{ weeks_ago: number | string; usd: number | string }>(
      windowSql(explained(given)),
    );
    return new Map(rows.map(({ weeks_ago: week, usd }) => [Number(week), Number(usd)]));
  };
  const recount = (from: number, to: number): number =>
    officeUses()
      .filter(({ team, minute }) => team === RUNAWAY.team && minute >= from && minute < to)
      .reduce((sum, { usd }) => sum + usd, 0);

  it("sets the same minutes of the weeks before beside the window", async () => {
    const found = await sums({});

    for (const week of [0, 1, 2, 3]) {
      const from = RUNAWAY_MINUTE - week * WEEK;
      expect(found.get(week)).toBeCloseTo(recount(from, from + 30), 5);
    }
    expect([...found.keys()]).toEqual([0, 1, 2, 3]);
  }, 60_000);

  it("takes a window of a whole week, each week once", async () => {
    const found = await sums({ fromMinute: RUNAWAY_MINUTE - WEEK, toMinute: RUNAWAY_MINUTE });

    expect(found.get(0)).toBeCloseTo(recount(RUNAWAY_MINUTE - WEEK, RUNAWAY_MINUTE), 5);
    expect(found.get(2)).toBeCloseTo(
      recount(RUNAWAY_MINUTE - 3 * WEEK, RUNAWAY_MINUTE - 2 * WEEK),
      5,
    );
  }, 60_000);

  it("keeps to the clock on the wall where it was changed in between", async () => {
    // New York put its clocks forward on 8 March 2026: 10:00 was 14:00 UTC, and 15:00 UTC a week before.
    const minute = Date.UTC(2026, 2, 10, 14) / 60_000;
    const zone = { timezone: "America/New_York", fromMinute: minute, toMinute: minute + 60 };
    const sql = windowSql(explained({ ...zone, path: {} })).replace(
      "FROM usage_by_minute",
      `FROM (SELECT toDateTime(${minute} * 60 - number * 3600, 'UTC') AS minute, 1 AS cost_usd, 'u' AS user, number AS requests,
        0 AS uncached_input_tokens, 0 AS cache_read_input_tokens, 0 AS cache_write_5m_input_tokens, 0 AS cache_write_1h_input_tokens, 0 AS output_tokens FROM numbers(2000))`,
    );

    const rows = await query<{ weeks_ago: number | string; requests: number | string }>(sql);

    // `requests` tells how many hours ago each one is.
    expect(rows.map((row) => [Number(row.weeks_ago), Number(row.requests)])).toEqual([
      [0, 0],
      [1, 167],
      [2, 335],
      [3, 503],
      [4, 671],
      [5, 839],
    ]);
  }, 60_000);

  it("holds nothing that ends a literal or means something to a shell", () => {
    const sql = [windowSql, contributorsSql].map((make) =>
      make(explained({ path: { team: HOSTILE_USER, user: "Zoë 𝒜 \u202e" } })),
    );

    for (const one of sql) {
      expect(one).not.toMatch(/["`$!\\](?!x)/);
      expect(one).toContain("AND team = 'o\\x27neil \\x5c");
      expect(one).toContain("AND user = 'Zoë 𝒜 \\xe2\\x80\\xae'");
    }
  });
});
