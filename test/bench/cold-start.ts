import { pid } from "node:process";
import { setFlagsFromString } from "node:v8";
import type { HourUse } from "../../src/detect/hour-use.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { ClickHouseIncidentStore } from "../../src/store/incident-store.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { learnHistory } from "../../src/workers/detect-history.ts";
import { peakMbOf, startBenchEngine, type BenchEngine } from "./engine-under-test.ts";
import type { Bench, BenchInput, Work } from "./harness.ts";

const TEAMS = 1_000;
const PEOPLE = 5;
const WEEKS = 13;
/** With a smaller `--count` there are fewer teams. */
const FULL_COUNT = 200_000;
/** Monday 2026-01-05, 00:00 UTC. */
const MONDAY_MS = Date.UTC(2026, 0, 5);
const WEEK_MS = 7 * 86_400_000;

/**
 * How long does a process that starts take until it can judge? 13 weeks of 1,000 teams are stored, as they lie when their weeks are folded; it reads the five that
 * the baseline looks back at, the last of them by five minutes and those before by the hour. Beside it the same rows, read and thrown away.
 */
export const coldStartBench: Bench = {
  name: "cold-start",
  question: `a sum of a person learnt, of five minutes or an hour, of ${TEAMS} teams of ${PEOPLE}`,
  unit: "sum",
  peer: "the same rows read and thrown away",
  limits: { seconds: 30 },
  variants: {
    spikewatch: (input) => starting(input, learnt),
    peer: (input) => starting(input, read),
  },
};

interface Start {
  readonly rows: number;
  readonly notes: Readonly<Record<string, number>>;
}

async function starting(
  input: BenchInput,
  start: (store: ClickHouseIncidentStore, newestMs: number) => Promise<Start>,
): Promise<Work> {
  // As the program sets it.
  setFlagsFromString("--heap-growing-percent=20");
  const engine = await startBenchEngine(input.folder);
  const stored = await fill(engine, {
    teams: Math.ceil(Math.min(1, input.count / FULL_COUNT) * TEAMS),
    weeks: input.count < 10_000 ? 2 : WEEKS,
  });
  const store = new ClickHouseIncidentStore({
    connection: engine.connection,
    clock: new SystemClock(),
  });
  let notes: Readonly<Record<string, number>> = {};
  return {
    isCold: true,
    pass: async () => {
      const startedMs = performance.now();
      const engineNs = engine.usage().cpuNs;
      const started = await start(store, stored.newestMs);
      notes = {
        seconds: (performance.now() - startedMs) / 1e3,
        engineSeconds: (engine.usage().cpuNs - engineNs) / 1e9,
        peakMb: peakMbOf(pid),
        engineMb: engine.usage().peakMb,
        panes: stored.panes,
        ...started.notes,
      };
      return started.rows;
    },
    notes: () => notes,
    end: engine.stop,
  };
}

/** Counts what it is told. */
class CountingDetector extends SpendDetector {
  rows = 0;

  override learn(uses: readonly PaneUse[]): void {
    this.rows += uses.length;
    super.learn(uses);
  }

  override learnHours(uses: readonly HourUse[]): void {
    this.rows += uses.length;
    super.learnHours(uses);
  }
}

/** Hears, and learns nothing. */
class DeafDetector extends CountingDetector {
  override learn(uses: readonly PaneUse[]): void {
    this.rows += uses.length;
  }

  override learnHours(uses: readonly HourUse[]): void {
    this.rows += uses.length;
  }
}

async function learnt(store: ClickHouseIncidentStore, newestMs: number): Promise<Start> {
  const detector = new CountingDetector(DEFAULT_DETECTION);
  await learnHistory({ detector, store, newestMs, logger: silentLogger });
  detector.catchUp();
  return { rows: detector.rows, notes: { series: detector.tree.nodes.length } };
}

async function read(store: ClickHouseIncidentStore, newestMs: number): Promise<Start> {
  const detector = new DeafDetector(DEFAULT_DETECTION);
  await learnHistory({ detector, store, newestMs, logger: silentLogger });
  return { rows: detector.rows, notes: {} };
}

/**
 * Office work in SQL: everybody works on nine of ten weekdays, has six sessions between 8 and 18 of 3 to 20 minutes each, and sends something in each minute of
 * them, to one of two models. A week arrives at its end, so that it is a partition of its own.
 */
async function fill(
  { patient }: BenchEngine,
  { teams, weeks }: { readonly teams: number; readonly weeks: number },
): Promise<{ newestMs: number; panes: number }> {
  const [people, days] = [teams * PEOPLE, weeks * 5];
  for (let workday = 0; workday < days; workday++) {
    const week = Math.floor(workday / 5);
    const monday = (MONDAY_MS + week * WEEK_MS) / 1000;
    const midnight = monday + (workday % 5) * 86_400;
    await patient.command(`INSERT INTO usage (kind, minute, department, team, user, key, agent, provider, model, tool, service_tier, price_version,
  requests, uncached_input_tokens, cache_read_input_tokens, output_tokens, cost_usd, cost_usd_squared, max_event_cost_usd, max_event_tokens, writer, batch, arrived)
SELECT 'delta', minute, concat('department-', toString(intDiv(team, 20))), concat('team-', toString(team)), concat('user-', toString(person)),
  concat('key-', toString(person)), 'unknown', 'anthropic', model, tool, 'standard', '2026-01', requests, input, input * 9, output, usd, usd * usd / requests, usd, input * 10 + output,
  generateUUIDv4(1), toUUID('00000000-0000-0000-0000-000000000001'), toDateTime64(${monday + 5 * 86_400}, 3, 'UTC')
FROM (
  SELECT *, toFloat64(input * 4 + output * 15) / 1e6 AS usd FROM (
    SELECT person, team, toDateTime(${midnight}, 'UTC') + INTERVAL begin + offset MINUTE AS minute, model, tool,
      1 + cityHash64(5, chance, offset) % 3 AS requests,
      toUInt64(300 * exp(randNormal(0, 1))) * requests AS input, toUInt64(400 * exp(randNormal(0, 1))) * requests AS output
    FROM (
      SELECT number % ${people} AS person, intDiv(person, ${PEOPLE}) AS team,
        intDiv(number, ${people}) AS session, cityHash64(1, number, ${workday}) AS chance,
        480 + 100 * session + chance % 80 AS begin, 3 + cityHash64(2, chance) % 18 AS length,
        if(cityHash64(3, chance) % 10 < 8, 'claude-sonnet-4-5', 'gpt-5') AS model, if(person % 3 = 0, 'codex', 'claude-code') AS tool
      FROM numbers(${people * 6})
      WHERE cityHash64(4, person, ${workday}) % 10 < 9
    ) ARRAY JOIN range(length) AS offset
  )
)`);
  }
  await patient.command("OPTIMIZE TABLE usage FINAL");
  const [found] = await patient.rows<{ n: string; newest: number }>(
    "SELECT count() AS n, toUnixTimestamp(max(minute)) AS newest FROM usage WHERE kind = 'delta'",
  );
  if (found === undefined) throw new Error("nothing is stored");
  return { newestMs: found.newest * 1000 + 59_999, panes: Number(found.n) };
}
