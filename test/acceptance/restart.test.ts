import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createCompany, type Company } from "../../src/demo/company.ts";
import { lastWorkingDay } from "../../src/demo/demo-feed.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { FakeSlack } from "../support/slack/fake-slack.ts";
import { BUILD_MS } from "../support/built-program.ts";
import { spikewatch, SpikewatchProcess } from "../support/spikewatch-process.ts";
import { until } from "../support/until.ts";

/** Two weeks give each hour of the week a past. */
const HISTORY_DAYS = 14;
const dir = temporaryDirectory();
const [data, live] = [join(dir, "data"), join(dir, "live.ndjson")];
const pipeline = join(dir, "pipeline.yaml");
let company: Company;
let slack: FakeSlack;

/** The live day's lines up to an instant, and after it. */
function liveLines(atMs: number): readonly [before: string, after: string] {
  const events = [...company.liveDay()];
  const text = (some: typeof events): string => some.map(({ line }) => line).join("");
  return [
    text(events.filter(({ timeMs }) => timeMs < atMs)),
    text(events.filter(({ timeMs }) => timeMs >= atMs)),
  ];
}

function run(...flags: readonly string[]): Promise<SpikewatchProcess> {
  const settings = {
    SLACK_TOKEN: slack.token,
    SLACK_CHANNEL: slack.channelId,
    SLACK_API_URL: slack.apiUrl,
    HTTP_PORT: "0",
    CLICKHOUSE_PORT: "0",
  };
  return SpikewatchProcess.start(["run", "--pipeline", pipeline, "--data", data, ...flags], {
    settings,
  });
}

/** Messages of the channel about the culprit. */
function pages(): typeof slack.pages {
  return slack.pages.filter(({ text }) => text.includes(company.culprit.team));
}

beforeAll(async () => {
  slack = await FakeSlack.start();
  const startMs = lastWorkingDay(new SystemClock().now());
  company = createCompany({ seed: 5, startMs, historyDays: HISTORY_DAYS });
  const prices = resolve(import.meta.dirname, "../../pipelines/price-book.yaml");
  const head = `name: restart\nformat: canonical-json\nprices: ${prices}\n`;
  writeFileSync(pipeline, `${head}source: { file: { path: ./live.ndjson } }\n`);
  const history = join(dir, "history.ndjson");
  for (const block of company.history()) appendFileSync(history, block);
  await spikewatch(["replay", "--input", history, "--pipeline", pipeline, "--data", data]);
}, BUILD_MS);

afterAll(async () => {
  await SpikewatchProcess.killAll();
  await slack.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe("spikewatch run that is killed at the instant of its page, and started again", () => {
  it("pages once over both lives, and goes on with the incident where it was", async () => {
    const [before, after] = liveLines(company.culprit.startMs + 40 * 60_000);
    writeFileSync(live, before);
    const first = await run();
    await until("the page", () => (pages().length > 0 ? true : null), { everyMs: 5 });
    expect((await first.kill()).signal).toBe("SIGKILL");
    const [page] = pages();

    appendFileSync(live, after);
    const second = await run("--exit");

    expect(await second.exited).toEqual({ code: 0, signal: null });
    expect(pages()).toHaveLength(1);
    expect(pages()[0]).toBe(page);
    expect(page?.edits).toBeGreaterThan(0);
    const told = slack.pages.map(({ metadata }) => JSON.stringify(metadata));
    expect(new Set(told).size).toBe(told.length);
  }, 120_000);

  it("keeps one incident of it, resolved, and counts every event of the day once", async () => {
    const query = async (sql: string): Promise<unknown[]> => {
      const argv = ["query", sql, "--data", data, "--format", "JSONEachRow"];
      const lines = (await spikewatch(argv)).stdout.split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as unknown);
    };
    const { department, team, user } = company.culprit;

    const incidents = await query(
      `SELECT state, department FROM (SELECT * FROM incidents ORDER BY revision DESC, stored_at DESC LIMIT 1 BY incident_id)
      WHERE team = '${team}' AND severity = 'page' AND (user = '${user}' OR user = '')`,
    );
    expect(incidents).toEqual([{ state: "resolved", department }]);
    const named = await query(
      `SELECT count() > 0 AS session FROM incidents WHERE team = '${team}' AND severity = 'page' AND position(document, '"dimension":"session"') > 0`,
    );
    expect(named).toEqual([{ session: 1 }]);
    const history =
      Buffer.concat([...company.history()])
        .toString()
        .split("\n").length - 1;
    const today = [...company.liveDay()].length;
    expect(await query("SELECT sum(requests) AS n FROM usage_by_minute")).toEqual([
      { n: history + today },
    ]);
  }, 60_000);
});
