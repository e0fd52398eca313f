import { hostname } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { Fleet, metricOf, partOf, TEAMS, watcherOf, type Member } from "../support/fleet.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";
import { spikewatch } from "../support/spikewatch-process.ts";
import { until } from "../support/until.ts";

const clock = new SystemClock();
/** What is promised: a standby takes over within this time, and a page is no later than that. */
const TAKEOVER_MS = 15_000;
let fleet: Fleet;
/** Those that may watch, and those that only count. */
let members: Member[] = [];
let counters: Member[] = [];

beforeAll(async () => {
  await builtProgram();
  fleet = await Fleet.open(await testKafka());
}, BUILD_MS + KAFKA_START_MS);
afterAll(() => fleet.close());

/** As others call it. */
function nameOf({ process }: Member): string {
  return `${hostname()}:${process.pid}`;
}

function standbysOf(watcher: Member): Member[] {
  return members.filter((one) => one !== watcher);
}

describe("several processes of one pipeline", () => {
  it("share the counting; one watches and pages once, and a standby that joins changes nothing", async () => {
    const starting = [undefined, undefined, "ingest", "ingest"].map((roles) => fleet.start(roles));
    const started = await Promise.all(starting);
    [members, counters] = [started.slice(0, 2), started.slice(2)];
    await fleet.counted();
    const watcher = await watcherOf(members);
    const loop = fleet.runaway("payments");
    await fleet.paged("payments", TAKEOVER_MS);

    members.push(await fleet.start("detect,serve"));
    await loop.stop();

    expect(await watcherOf(members)).toBe(watcher);
    expect(await partOf(watcher, "detect")).toBe("this process watches");
    for (const standby of standbysOf(watcher)) {
      expect(await partOf(standby, "detect")).toBe(`standby: ${nameOf(watcher)} watches`);
    }
    expect(fleet.pagesAbout("payments")).toHaveLength(1);
    for (const counter of counters) {
      expect(await metricOf(counter, "spikewatch_detect_leader")).toBeNull();
      expect((await fetch(new URL("/", counter.page))).status).toBe(404);
    }
  }, 90_000);

  it("page within fifteen seconds of the death of the one that watched, and nothing twice", async () => {
    const watcher = await watcherOf(members);
    const loop = fleet.runaway("search");
    const diedMs = clock.now();
    await watcher.process.kill();
    members = standbysOf(watcher);

    const pagedMs = await fleet.paged("search", TAKEOVER_MS);
    await loop.stop();

    expect(pagedMs - diedMs).toBeLessThan(TAKEOVER_MS);
    expect(fleet.pagesAbout("payments")).toHaveLength(1);
  }, 60_000);

  it("hear nothing more from a process that was frozen for longer than its session", async () => {
    const frozen = await watcherOf(members);
    frozen.process.freeze();
    const frozenMs = clock.now();
    members = standbysOf(frozen);
    const loop = fleet.runaway("infra");
    const pagedMs = await fleet.paged("infra", TAKEOVER_MS);
    const next = await watcherOf(members);
    const before = fleet.slack.posts.length;

    frozen.process.thaw();
    const standby = await until("the frozen one to stand by", async () => {
      const detail = await partOf(frozen, "detect");
      return detail?.startsWith("standby: ") === true ? detail : null;
    });
    await loop.stop();

    expect(pagedMs - frozenMs).toBeLessThan(TAKEOVER_MS);
    expect(standby).toBe(`standby: ${nameOf(next)} watches`);
    expect(fleet.slack.posts).toHaveLength(before);
    members.push(frozen);
    expect(await watcherOf(members)).toBe(next);
  }, 60_000);

  it("hand over at once when the one that watches is asked to stop, also where all are replaced in turn", async () => {
    members.push(await fleet.start());
    for (const team of ["data", "mobile"] as const) {
      const watcher = await watcherOf(members);
      members = standbysOf(watcher);
      const loop = fleet.runaway(team);
      const ended = watcher.process.terminate();

      await watcherOf(members);
      const tookMs = clock.now() - loop.startedMs;
      const pagedMs = await fleet.paged(team, 30_000);

      expect((await ended).code).toBe(0);
      await loop.stop();
      expect(tookMs).toBeLessThan(8_000);
      expect(pagedMs - loop.startedMs).toBeLessThan(30_000);
    }
  }, 90_000);

  it("leave one page, one incident and one row a revision of each runaway, and every event counted once", async () => {
    await fleet.counted();
    const ended = await Promise.all(
      [...members, ...counters].map(({ process }) => process.terminate()),
    );

    expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([0]));
    for (const team of TEAMS) expect(fleet.pagesAbout(team)).toHaveLength(1);
    expect(fleet.slack.pages).toHaveLength(TEAMS.length);
    const incidents = await fleet.ask(
      "SELECT team, uniqExact(incident_id) AS incidents, count() = uniqExact(incident_id, revision) AS once FROM incidents WHERE severity = 'page' GROUP BY team ORDER BY team",
    );
    expect(incidents).toEqual([...TEAMS].sort().map((team) => ({ team, incidents: "1", once: 1 })));
    const [{ n } = { n: "" }] = await fleet.ask("SELECT sum(requests) AS n FROM usage_by_minute");
    expect(Number(n)).toBe(fleet.requests);
    const { SLACK_TOKEN, SLACK_CHANNEL, SLACK_API_URL, HTTP_PORT, ...settings } = fleet.settings;
    expect([SLACK_TOKEN, SLACK_CHANNEL, SLACK_API_URL, HTTP_PORT]).not.toContain(undefined);
    const verified = await spikewatch(["verify", "--pipeline", fleet.pipeline], { settings });
    expect(verified.stdout).toContain(`${fleet.topic}: exact`);
  }, 60_000);
});
