import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { FORMATS, MAPPABLE_DIMENSIONS } from "../../src/config/pipeline.ts";
import { DIMENSIONS, LIMITS, MAX_LABELS } from "../../src/decode/usage-event.ts";
import { pipelineFrom } from "../../src/config/load.ts";
import { pipelineSchemaText } from "./pipeline-schema-text.ts";

describe("PIPELINE_SCHEMA", () => {
  it("names the dimensions that events have, and the session", () => {
    const named = DIMENSIONS.filter((name) => !name.startsWith("label"));

    expect([...MAPPABLE_DIMENSIONS]).toEqual([...named, "session"]);
    expect(DIMENSIONS.length - named.length).toBe(MAX_LABELS);
  });

  it("keeps defaults to the limits of the event", () => {
    const team = "x".repeat(LIMITS.dimensionCodePoints);

    expect(
      pipelineFrom({ name: "p", format: "canonical-json", defaults: { team } }).defaults["team"],
    ).toBe(team);
    for (const bad of [`${team}x`, "", "a\nb"]) {
      const defaults = { team: bad };
      expect(() => pipelineFrom({ name: "p", format: "canonical-json", defaults })).toThrow();
    }
  });

  it.each(FORMATS)("has a ready pipeline for %s", (format) => {
    expect(readFileSync(`pipelines/${format}.yaml`, "utf8")).toContain(`format: ${format}`);
  });

  it("is what schemas/pipeline.schema.json says (npx tsx test/config/write-pipeline-schema.ts)", async () => {
    expect(readFileSync("schemas/pipeline.schema.json", "utf8")).toBe(await pipelineSchemaText());
  });
});
