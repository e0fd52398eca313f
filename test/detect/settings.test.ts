import { describe, expect, it } from "@jest/globals";
import type { CalendarEntry } from "../../src/config/calendar-file.ts";
import { pipelineFrom } from "../../src/config/load.ts";
import { DEFAULT_DETECTION, settingsFor } from "../../src/detect/settings.ts";

type Given = NonNullable<Parameters<typeof pipelineFrom>[0]["detection"]>;

function detection(given: Given) {
  return pipelineFrom({ name: "p", format: "canonical-json", detection: given }).detection;
}

function holiday(name: string, about: Partial<CalendarEntry>): CalendarEntry {
  const when = { every: "once", fromMinute: 0, toMinute: 1440 } as const;
  return { name, kind: "holiday", when, departments: [], teams: [], expect: null, ...about };
}

describe("settingsFor", () => {
  it("gives the pipeline's settings where no override is about the scope", () => {
    const settings = detection({
      pages_per_quarter: 2,
      sensitivity: 3,
      overrides: [{ team: "a", minimum_usd: 1 }],
    });

    expect(settingsFor(settings, { department: "d", team: "b" })).toEqual({
      pagesPerQuarter: 6,
      minimumUsd: 20,
      timezone: "UTC",
      muteKinds: [],
      calendar: [],
    });
    expect(settingsFor(settings, {}).minimumUsd).toBe(20);
    expect(settingsFor(DEFAULT_DETECTION, {}).pagesPerQuarter).toBe(1);
  });

  it("takes each setting from the most specific override that has it, wherever it stands", () => {
    const settings = detection({
      overrides: [
        { team: "a", user: "u", minimum_usd: 3 },
        { model: "m", minimum_usd: 9 },
        { team: "a", minimum_usd: 2, timezone: "Asia/Tokyo", mute_kinds: ["off-hours"] },
        { department: "d", minimum_usd: 1, timezone: "Europe/Berlin", pages_per_quarter: 5 },
      ],
    });
    const path = { department: "d", team: "a" };

    expect(settingsFor(settings, { department: "d" })).toMatchObject({
      minimumUsd: 1,
      timezone: "Europe/Berlin",
    });
    expect(settingsFor(settings, path)).toMatchObject({
      minimumUsd: 2,
      timezone: "Asia/Tokyo",
      pagesPerQuarter: 5,
      muteKinds: ["off-hours"],
    });
    // Both name a leaf; the one with the team names more of the path.
    expect(settingsFor(settings, { ...path, user: "u", model: "m" }).minimumUsd).toBe(3);
    expect(settingsFor(settings, { ...path, model: "m" }).minimumUsd).toBe(9);
    expect(settingsFor(settings, { ...path, user: "v" }).minimumUsd).toBe(2);
  });

  it("takes a team's calendar and mutes back where a leaf says so", () => {
    const settings = detection({
      overrides: [
        { team: "a", mute_kinds: ["new", "price"] },
        { team: "a", agent: "ci", mute_kinds: [] },
      ],
    });

    expect(settingsFor(settings, { team: "a", agent: "x" }).muteKinds).toEqual(["new", "price"]);
    expect(settingsFor(settings, { team: "a", agent: "ci" }).muteKinds).toEqual([]);
  });

  it("keeps of the calendar what is about the scope, not what is about those below it", () => {
    const all = holiday("all", {});
    const team = holiday("team", { teams: ["a"] });
    const department = holiday("department", { departments: ["d"] });
    const settings = { ...DEFAULT_DETECTION, calendar: [all, team, department] };
    const namesFor = (scope: object) =>
      settingsFor(settings, scope).calendar.map(({ name }) => name);

    expect(namesFor({})).toEqual(["all"]);
    expect(namesFor({ department: "e", team: "b" })).toEqual(["all"]);
    expect(namesFor({ department: "d" })).toEqual(["all", "department"]);
    expect(namesFor({ department: "e", team: "a", user: "u" })).toEqual(["all", "team"]);
    expect(settingsFor(settings, { department: "d", team: "a" }).calendar).toBe(settings.calendar);
    expect(settingsFor(settings, { team: "b" }).calendar).toBe(
      settingsFor(settings, { team: "c" }).calendar,
    );
  });
});
