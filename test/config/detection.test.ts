import { describe, expect, it } from "@jest/globals";
import { ConfigError } from "../../src/config/config-problem.ts";
import { loadCalendar } from "../../src/config/calendar-file.ts";
import { MUTABLE_KINDS, SCOPE_NAMES } from "../../src/config/detection.ts";
import { loadPipeline, pipelineFrom } from "../../src/config/load.ts";
import { INCIDENT_KINDS, LEVELS } from "../../src/detect/incident.ts";
import { DEFAULT_DETECTION, type DetectionSettings } from "../../src/detect/settings.ts";

const DATA = "test/config/testdata";
const DAY = 1440;
const dayOf = (iso: string): number => Date.parse(`${iso}T00:00Z`) / 60_000;

function problemsOf(file: string): string[] {
  try {
    loadPipeline(`${DATA}/${file}`, {});
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(
      ({ file, line, path, message }) => `${file}:${line ?? ""} ${path} ${message}`,
    );
  }
  return [];
}

function detectionOf(detection: Parameters<typeof pipelineFrom>[0]["detection"]) {
  const settings: DetectionSettings = pipelineFrom(
    { name: "p", format: "canonical-json", detection },
    `${DATA}/p.yaml`,
  ).detection;
  return settings;
}

describe("DETECTION_SCHEMA", () => {
  it("defaults to what detection itself takes for normal", () => {
    expect(detectionOf(undefined)).toEqual(DEFAULT_DETECTION);
    expect(detectionOf({})).toEqual(DEFAULT_DETECTION);
  });

  it("knows the levels and kinds that detection knows", () => {
    expect(["organisation", ...SCOPE_NAMES]).toEqual([...LEVELS]);
    expect([...MUTABLE_KINDS]).toEqual([...INCIDENT_KINDS]);
  });

  it("reads budgets, overrides and the calendar beside the file", () => {
    const read = detectionOf({
      pages_per_quarter: 0.5,
      timezone: "Europe/Berlin",
      calendar: "./calendar.yaml",
      overrides: [
        { team: "ml", user: "trainer", minimum_usd: 500, mute_kinds: ["off-hours"] },
        { department: "us", timezone: "America/New_York", pages_per_quarter: 2 },
      ],
    });

    expect(read).toMatchObject({ pagesPerQuarter: 0.5, minimumUsd: 20, sensitivity: 1 });
    expect(read.overrides).toEqual([
      {
        scope: { team: "ml", user: "trainer" },
        pagesPerQuarter: null,
        minimumUsd: 500,
        sensitivity: null,
        timezone: null,
        muteKinds: ["off-hours"],
      },
      {
        scope: { department: "us" },
        pagesPerQuarter: 2,
        minimumUsd: null,
        sensitivity: null,
        timezone: "America/New_York",
        muteKinds: null,
      },
    ]);
    expect(read.calendar.map(({ name }) => name)).toEqual([
      "Christmas",
      "closing",
      "night of the move",
    ]);
  });

  it("tells every mistake at once, each with its line and what to do", () => {
    const file = `${DATA}/bad-detection.yaml`;

    const problems = problemsOf("bad-detection.yaml");

    for (const [line, path, message] of [
      [4, "detection.pages_per_quarter", "expected number to be >0"],
      [5, "detection.minimum_usd", "expected number to be >=0"],
      [6, "detection.timezone", "Europe/Berlin"],
      [7, "detection.sensitivty", "did you mean sensitivity?"],
      [9, "detection.overrides[0]", "names no scope; add department, team"],
      [10, "detection.overrides[1]", "sets nothing; add a setting"],
      [11, "detection.overrides[2].timezone", "Europe/Berlin"],
      [11, "detection.overrides[2]", "has the scope of overrides[1]; put both into one"],
      [12, "detection.overrides[3].mute_kinds[0]", '"off-hours"'],
      [12, "detection.overrides[3].pages_per_quarter", "expected number"],
      [13, "detection.overrides[4]", "has the scope of overrides[3]"],
    ] as const) {
      const start = `${file}:${line} ${path} `;
      const [found] = problems.filter((one) => one.startsWith(start) && one.includes(message));
      expect(found ?? problems).toEqual(expect.stringContaining(message));
    }
    expect(problems).toHaveLength(11);
  });
});

describe("loadCalendar", () => {
  it("reads days to their end, times to the minute, and what comes back", () => {
    const calendar = loadCalendar(`${DATA}/calendar.yaml`, {});

    const night = dayOf("2026-11-30") + 18 * 60;
    expect(calendar).toEqual([
      {
        name: "Christmas",
        kind: "holiday",
        when: { every: "once", fromMinute: dayOf("2026-12-24"), toMinute: dayOf("2026-12-27") },
        departments: [],
        teams: [],
        expect: null,
      },
      {
        name: "closing",
        kind: "month_end",
        when: { every: "month_end", days: 1 },
        departments: [],
        teams: ["finance"],
        expect: 2.5,
      },
      {
        name: "night of the move",
        kind: "event",
        when: { every: "once", fromMinute: night, toMinute: night + DAY / 2 },
        departments: [],
        teams: [],
        expect: 2,
      },
    ]);
  });

  it("reads the sample that ships", () => {
    const { detection } = pipelineFrom(
      { name: "p", format: "canonical-json", detection: { calendar: "./calendar.yaml" } },
      "pipelines/p.yaml",
    );

    expect(detection.calendar.length).toBeGreaterThan(3);
  });

  it("tells every mistake of the calendar at once, with its file and line", () => {
    const file = `${DATA}/calendar-bad.yaml`;

    const problems = problemsOf("with-bad-calendar.yaml");

    const expected = [
      ["1 [0].date", "write 2026-12-24 or"],
      ["2 [1].from", "without a zone"],
      ["3 [2].to", "is not after from; swap them"],
      ["4 [3]", "says no time; write date"],
      ["5 [4]", "says its time twice"],
      ["6 [5].from", "needs a to beside it"],
      ["7 [6].expect", "has no meaning for a holiday"],
      ["8 [7].kind", '"holiday"'],
      ["9 [8].expects", "did you mean expect?"],
      ["10 [9].teams", "is empty; remove it"],
      ["11 [10].days", "goes with every: month_end"],
      ["12 [11].name", "is missing"],
    ];
    expect(problems).toHaveLength(expected.length);
    problems.forEach((problem, index) => {
      const [place = "", message = ""] = expected[index] ?? [];
      expect(problem.startsWith(`${file}:${place} `) ? message : problem).toBe(message);
      expect(problem).toContain(message);
    });
  });

  it("says where a calendar is named that does not exist", () => {
    const [problem = "", ...more] = problemsOf("without-calendar.yaml");

    expect(more).toEqual([]);
    expect(problem).toContain(`${DATA}/without-calendar.yaml:3 detection.calendar names /`);
    expect(problem).toContain("which does not exist; correct the path");
  });
});
