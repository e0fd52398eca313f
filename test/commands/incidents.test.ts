import { PassThrough } from "node:stream";

import { beforeEach, describe, expect, it } from "@jest/globals";

import type { CommandContext } from "../../src/commands/command.ts";
import { createIncidentsCommand } from "../../src/commands/incidents.ts";
import { SETTINGS_SCHEMA, type Settings } from "../../src/config/settings.ts";
import { rowOfIncident } from "../../src/detect/incident-rows.ts";
import type { Incident } from "../../src/detect/incident.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { HOSTILE_NAMES } from "../support/hostile-names.ts";
import { OPENED_AT, anIncident } from "../support/incident-builders.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";

const NOW = OPENED_AT + 20 * 60_000;

describe("spikewatch incidents", () => {
  let store: MemoryIncidentStore;
  let opened: Settings[];
  let closed: number;
  beforeEach(() => {
    store = new MemoryIncidentStore();
    opened = [];
    closed = 0;
  });

  async function run(...argv: string[]): Promise<string> {
    const stdout = new PassThrough();
    const command = createIncidentsCommand({
      openIncidentStore: (settings) => {
        opened.push(settings);
        return Promise.resolve({
          store,
          close: () => {
            closed++;
            return Promise.resolve();
          },
        });
      },
    });
    const context: CommandContext = {
      settings: SETTINGS_SCHEMA.parse({}),
      clock: new ManualClock(NOW),
      logger: silentLogger,
      stdin: new PassThrough(),
      stdout,
      stderr: new PassThrough(),
      colour: false,
      signal: new AbortController().signal,
    };
    expect(await command.run(argv, context)).toBe(0);
    return String(stdout.read() ?? "");
  }

  async function given(...incidents: Partial<Incident>[]): Promise<void> {
    await store.saveIncidents(incidents.map((one) => rowOfIncident(anIncident(one), null)));
  }

  describe("list", () => {
    it("shows the dearest first, with what to type next", async () => {
      await given(
        { id: "inc-small", excessUsdNext24h: 10, severity: "ticket", scope: { team: "search" } },
        { id: "inc-large", excessUsdNext24h: 1_000 },
        { id: "inc-over", state: "resolved", resolvedAtMs: NOW },
      );

      expect(await run("list")).toBe(
        `ID         STATE  SEVERITY  KIND   SCOPE          SINCE                 NOW       EXCESS  WHO
inc-large  open   page      spike  team checkout  2026-03-04 02:41 UTC  $1,240/h  $208    user u0412 96%
inc-small  open   ticket    spike  team search    2026-03-04 02:41 UTC  $1,240/h  $208    user u0412 96%

Next: spikewatch incidents ack inc-large
      spikewatch incidents mute inc-large --for 4h
1 ended: spikewatch incidents list --all
`,
      );
    });

    it("says that there are none", async () => {
      expect(await run("list")).toBe("No open incidents.\n");
    });

    it("shows those that ended when asked", async () => {
      await given({ id: "inc-over", state: "resolved", resolvedAtMs: NOW });

      expect(await run("list", "--all")).toMatch(/^inc-over +resolved .* over /m);
    });

    it("shows the newest revision only", async () => {
      await given({ revision: 1 }, { revision: 2, state: "resolved", resolvedAtMs: NOW });

      expect(await run("list")).toContain("No open incidents.");
    });

    it("shows at once what somebody said, before any process took it", async () => {
      await given({});
      await run("ack", "inc-7f3a", "--by", "anna");
      await run("mute", "inc-7f3a", "--for", "4h");

      expect(await run("list")).toContain("acknowledged (anna), muted until 07:01 UTC");
      await run("unmute", "inc-7f3a");
      expect(await run("list")).not.toContain("muted");
    });

    it("gives machines a line an incident, with the field names of backtest", async () => {
      await given({}, { id: "inc-2" });

      const lines = (await run("list", "--json")).trimEnd().split("\n");

      expect(lines).toHaveLength(2);
      expect(JSON.parse(lines[0]!)).toMatchObject({
        incident_id: "inc-7f3a",
        state: "open",
        scope: { department: "shop", team: "checkout" },
        opened_at: "2026-03-04T02:41:00.000Z",
        excess_usd: 208,
        acknowledged_by: null,
        contributors: expect.arrayContaining([
          expect.objectContaining({ dimension: "user", value: "u0412", share: 0.96 }),
        ]),
      });
    });

    it.each(HOSTILE_NAMES)("keeps %s inert and the table in shape", async (_what, name) => {
      const contributors = [
        { dimension: "user", value: name, share: 1, actualUsd: 1, expectedUsd: 0 },
      ] as const;
      await given({ scope: { team: name }, acknowledgedBy: name, contributors });

      const shown = await run("list");

      expect(shown).not.toMatch(/(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/u);
      expect(shown.split("\n")).toHaveLength(6);
      expect(Math.max(...shown.split("\n").map((line) => line.length))).toBeLessThan(400);
    });
  });

  describe("ack, mute, unmute", () => {
    it("stores who acknowledged it and when", async () => {
      await given({});

      expect(await run("ack", "inc-7f3a", "--by", "anna")).toBe(
        "Acknowledged by anna: inc-7f3a (spike, team checkout)\n",
      );
      expect(store.actions).toMatchObject([
        {
          incident_id: "inc-7f3a",
          action: "acknowledge",
          actor: "anna",
          at_ms: NOW,
          until_ms: null,
        },
      ]);
    });

    it("stores until when it is muted", async () => {
      await given({});

      expect(await run("mute", "inc-7f3a", "--for", "90m")).toBe(
        "Muted for 1 h 30 min, until 2026-03-04 04:31 UTC: inc-7f3a (spike, team checkout)\n",
      );
      expect(store.actions[0]).toMatchObject({
        action: "mute",
        actor: "cli",
        until_ms: NOW + 90 * 60_000,
      });
    });

    it("takes each action for a new one", async () => {
      await given({});
      await run("mute", "inc-7f3a", "--for", "2d");
      await run("unmute", "inc-7f3a");

      expect(store.actions.map((one) => [one.action, one.until_ms])).toEqual([
        ["mute", NOW + 2 * 86_400_000],
        ["unmute", null],
      ]);
      expect(new Set(store.actions.map((one) => one.action_id)).size).toBe(2);
    });

    it("takes the beginning of an ID where it is clear which one is meant", async () => {
      await given({ id: "inc-71" }, { id: "inc-8" }, { id: "inc-72", state: "resolved" });

      await run("ack", "inc-7");

      expect(store.actions[0]!.incident_id).toBe("inc-71");
    });

    it("takes a whole ID although another one begins with it", async () => {
      await given({ id: "inc-7" }, { id: "inc-77" });

      await run("ack", "inc-7");

      expect(store.actions[0]!.incident_id).toBe("inc-7");
    });

    it("prints what it stored for machines", async () => {
      await given({});

      const answer: unknown = JSON.parse(await run("ack", "inc-7f3a", "--json"));

      expect(answer).toEqual(store.actions[0]);
    });

    it.each([
      [["ack", "inc-7"], '"inc-7" could be inc-71, inc-72: give more of the ID'],
      [
        ["ack", "nope", "--data", "d"],
        'no incident begins with "nope": see `spikewatch incidents list --all --data d` for those there are',
      ],
      [
        ["mute", "inc-over", "--for", "1h"],
        "inc-over is over since 2026-03-04 03:01 UTC: nothing to do",
      ],
    ])("refuses %j", async (argv, message) => {
      await given(
        { id: "inc-71" },
        { id: "inc-72" },
        { id: "inc-over", state: "resolved", resolvedAtMs: NOW },
      );

      await expect(run(...argv)).rejects.toMatchObject({ message, code: "input" });
      expect([store.actions, closed]).toEqual([[], 1]);
    });
  });

  it.each([
    [[], "nothing to do given"],
    [["lst"], 'there is no "incidents lst"'],
    [["ack"], "`incidents ack` takes one ID, 0 given"],
    [["ack", ""], "`incidents ack` takes one ID, 0 given"],
    [["ack", "a", "b"], "`incidents ack` takes one ID, 2 given"],
    [["list", "a"], "`incidents list` takes no ID, 1 given"],
    [["mute", "a"], "how long? give --for"],
    [["mute", "a", "--for", "0h"], "--for 0h is no time from 1m to 30d"],
    [["mute", "a", "--for", "31d"], "--for 31d is no time"],
    [["mute", "a", "--for", "4"], "--for 4 is no time"],
    [["ack", "a", "--for", "4h"], "--for belongs to `incidents mute`"],
    [["list", "--nope"], "--nope"],
  ])("says how it is used when given %j, and opens nothing", async (argv, message) => {
    await expect(run(...argv)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      code: "usage",
    });
    expect(opened).toEqual([]);
  });

  it("shows commands that a shell takes as typed, wherever the data is", async () => {
    await given({});

    expect(await run("list", "--data", "it's here")).toContain(
      String.raw`ack inc-7f3a --data 'it'\''s here'`,
    );
  });

  it("looks where --data says, whatever the settings say", async () => {
    await run("list", "--data", "/elsewhere");

    expect(opened[0]).toMatchObject({ DATA_DIR: "/elsewhere", CLICKHOUSE_URL: undefined });
    expect(closed).toBe(1);
  });

  it("explains itself", async () => {
    expect(await run("--help")).toContain("Example: spikewatch incidents ack");
  });
});
