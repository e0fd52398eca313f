import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { metricsTable } from "../support/metrics-table.ts";

const RULES = "deploy/prometheus/spikewatch-rules.yml";
const RULE_TESTS = "deploy/prometheus/spikewatch-rules.test.yml";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

function rules(): Rule[] {
  const file = parse(readFileSync(RULES, "utf8")) as { groups: { rules: Rule[] }[] };
  return file.groups.flatMap((group) => group.rules);
}

/** Throws with promtool's own words where it exits with anything but 0. */
function promtool(...words: string[]): string {
  return execFileSync("promtool", words, { encoding: "utf8", stdio: "pipe" });
}

describe("deploy/prometheus", () => {
  it("has rules that promtool accepts", () => {
    expect(promtool("check", "rules", RULES)).toContain(`SUCCESS: ${rules().length} rules found`);
  });

  it("has rules that fire, and keep still, as their tests tell", () => {
    expect(promtool("test", "rules", RULE_TESTS)).toContain("SUCCESS");
  });

  it("tests every rule", () => {
    const tests = readFileSync(RULE_TESTS, "utf8");

    expect(rules().filter(({ alert }) => !tests.includes(alert))).toEqual([]);
  });

  it("speaks only of metrics that there are", () => {
    const names = new Set(new Metrics().registry.getMetricsAsArray().map(({ name }) => name));
    const spoken = rules().flatMap(({ expr }) => expr.match(/\bspikewatch_\w+/g) ?? []);

    expect(spoken.length).toBeGreaterThan(10);
    expect(spoken.filter((name) => !names.has(name))).toEqual([]);
  });

  it("tells with each alert how soon it matters, what it means and what to do", () => {
    for (const rule of rules()) {
      expect(["page", "ticket"]).toContain(rule.labels.severity);
      expect(rule.annotations.summary.length).toBeGreaterThan(20);
      expect(rule.annotations.description.length).toBeGreaterThan(60);
    }
  });
});

describe("deploy/metrics.md", () => {
  it("is what its command writes today", async () => {
    expect(readFileSync("deploy/metrics.md", "utf8")).toBe(await metricsTable());
  });
});
