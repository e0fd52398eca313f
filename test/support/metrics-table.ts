import { argv, stdout } from "node:process";
import { pathToFileURL } from "node:url";
import { format } from "prettier";
import { Metrics } from "../../src/telemetry/metrics.ts";

interface NamedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** `deploy/metrics.md` as it should be: every metric with its type, labels and meaning. */
export async function metricsTable(): Promise<string> {
  const metrics = new Metrics().registry.getMetricsAsArray() as unknown as NamedMetric[];
  const rows = metrics
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames, help }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(", ");
      return `| \`${name}\` | ${type} | ${labels} | ${help.replaceAll("|", "\\|")} |`;
    });
  const text = [
    "# Metrics",
    "",
    "What `/metrics` tells of spikewatch, besides the process's own metrics of Node (`process_…`, `nodejs_…`). Labels come from closed sets or are capped: beyond the cap everything is `__other__`.",
    "User, key and incident are never labels. `prometheus/spikewatch-rules.yml` has the alerts.",
    "",
    "This file is made by `npx tsx test/support/metrics-table.ts > deploy/metrics.md`.",
    "",
    "| metric | type | labels | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  return format(text, { parser: "markdown", printWidth: 100 });
}

if (pathToFileURL(argv[1] ?? "").href === import.meta.url) stdout.write(await metricsTable());
