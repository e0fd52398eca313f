import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { decode } from "./decoding.ts";

const TIME = "2026-11-21T08:00:00Z";
const json = JSON.parse(readFileSync("schemas/usage-event.schema.json", "utf8")) as {
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
};
const schema = z.fromJSONSchema(json);

describe("schemas/usage-event.schema.json", () => {
  it("describes every field", () => {
    for (const [name, { description }] of Object.entries(json.properties)) {
      expect([name, description]).toEqual([name, expect.stringMatching(/\w{3}/)]);
    }
  });

  it("names the fields that the decoder judges, and no others", () => {
    // an object is wrong in every field except labels, where a number is; a field that is not read cannot be wrong
    const judged = Object.keys(json.properties).filter((name) => {
      const wrong = name === "labels" ? 5 : {};
      return decode([{ time: TIME, [name]: wrong }]).rejected.length === 1;
    });

    expect(judged).toEqual(Object.keys(json.properties));
    expect(decode([{ time: TIME, total_tokens: {} }]).rows).toHaveLength(1);
  });

  it.each([
    {},
    { time: null },
    { time: TIME },
    { time: 1795219200000 },
    { time: "1795219200000" },
    { time: true },
    { time: TIME, team: null, user: "", model: "x".repeat(128) },
    { time: TIME, team: "x".repeat(129) },
    { time: TIME, team: "a\nb" },
    { time: TIME, team: 7 },
    { time: TIME, requests: 0 },
    { time: TIME, requests: "12" },
    { time: TIME, requests: 1_000_001 },
    { time: TIME, output_tokens: 12 },
    { time: TIME, output_tokens: "12" },
    { time: TIME, output_tokens: null },
    { time: TIME, output_tokens: 1.5 },
    { time: TIME, output_tokens: -1 },
    { time: TIME, output_tokens: "1e3" },
    { time: TIME, cost_usd: "0.054399" },
    { time: TIME, cost_usd: 0.054399 },
    { time: TIME, cost_usd: "1e-7" },
    { time: TIME, cost_usd: -1 },
    { time: TIME, cost_usd: "free" },
    { time: TIME, prompt_hash: "x".repeat(65) },
    { time: TIME, labels: { env: "prod" } },
    { time: TIME, labels: { env: 1 } },
    { time: TIME, labels: [] },
    { time: TIME, anything: { else: true } },
  ])("agrees with the decoder on %j", (event) => {
    expect(schema.safeParse(event).success).toBe(decode([event]).rows.length === 1);
  });
});
