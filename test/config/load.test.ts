import { describe, expect, it } from "@jest/globals";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError } from "../../src/config/config-problem.ts";
import { loadPipeline, loadSettings, pipelineFrom } from "../../src/config/load.ts";
import { AppError } from "../../src/runtime/errors.ts";

const DATA = "test/config/testdata";

function problemsOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error).toBeInstanceOf(AppError);
    expect(error.code).toBe("config");
    return error.problems.map(
      ({ file, line, path, message }) => `${file}:${line ?? ""} ${path}: ${message}`,
    );
  }
  return [];
}

describe("loadPipeline", () => {
  it.each([
    ["unknown-key", 4, "source.kafka.topcis", "did you mean topics?"],
    ["missing-name", 1, "name", "is missing"],
    ["unknown-format", 2, "format", '"canonical-json"'],
    ["bad-name", 1, "name", "letters"],
    ["duration-without-unit", 3, "lateness", "for example 30s"],
    ["duration-too-long", 3, "idle_after", "must lie between"],
    ["bad-size", 3, "limits.max_record", "for example 4MiB"],
    ["share-over-one", 3, "limits.reject_share", "<=1"],
    ["no-topics", 3, "source.kafka.topics", "at least one"],
    ["bad-topic", 3, "source.kafka.topics[0]", "no name of a Kafka topic"],
    ["dead-letters-to-itself", 3, "source.kafka.dead_letter_topic", "name another one"],
    ["bad-timezone", 3, "detection.timezone", "Europe/Berlin"],
    ["five-labels", 3, "labels", "at most 4"],
    ["label-twice", 3, "labels[1]", "named twice"],
    ["label-is-dimension", 3, "labels[0]", "is a dimension already"],
    ["unknown-dimension", 3, "defaults.squad", "use one of"],
    ["default-too-long", 4, "defaults.team", "128 characters"],
    ["bad-reference", 3, "mapping.team[0]", "resource.NAME"],
    ["too-many-rows", 3, "flush.max_rows", "<=50000"],
    ["cache-of-canonical", 3, "input_includes_cache", "has no meaning in canonical JSON"],
    ["reference-of-other-format", 3, "mapping.team[0]", "only header.NAME"],
    ["test-without-record", 4, "tests[0].record", "is missing"],
    ["test-expects-unknown-field", 6, "tests[0].expect.uncached_tokens", "did you mean"],
    ["missing-variable", 3, "defaults.team", "variable TEAM_NAME; set it"],
    ["missing-file", 3, "defaults.team", "./secrets/none"],
    ["proto-key", 3, "defaults", "__proto__"],
    ["not-a-map", 1, "", "expected object"],
    ["duplicate-key", 2, "", "unique"],
  ])("says of %s: line %i, %s, what to do", (name, line, path, message) => {
    const file = `${DATA}/${name}.yaml`;

    const problems = problemsOf(() => loadPipeline(file, {}));

    const [first = ""] = problems.filter((one) => one.includes(message));
    expect(problems.length).toBeLessThanOrEqual(2);
    expect(first).toContain(`${file}:${line} ${path}:`);
  });

  it.each(["empty.yaml", "broken.txt", "does-not-exist.yaml", "secrets"])("refuses %s", (name) => {
    const problems = problemsOf(() => loadPipeline(`${DATA}/${name}`, {}));

    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]).toContain(name);
  });

  it("tells all problems at once, in order of lines", () => {
    const problems = problemsOf(() => loadPipeline(`${DATA}/many.yaml`, {}));

    expect(problems.map((one) => one.split(" ", 2).join(" "))).toEqual([
      `${DATA}/many.yaml:1 name:`,
      `${DATA}/many.yaml:2 format:`,
      `${DATA}/many.yaml:3 labels[1]:`,
      `${DATA}/many.yaml:4 flush.every:`,
      `${DATA}/many.yaml:4 flush.max_rows:`,
    ]);
  });

  it("resolves references and paths, reads units, fills in defaults", () => {
    const pipeline = loadPipeline(`${DATA}/good.yaml`, { TOPIC: "usage", STAGE: "prod" });

    expect(pipeline).toMatchObject({
      source: {
        kafka: { topics: ["usage"], group: "group-prod", sessionTimeoutMs: 10_000 },
        file: { path: resolve(DATA, "usage.ndjson") },
      },
      defaults: { team: "payments", user: "${env:STAGE}" },
      prices: resolve("pipelines/price-book.yaml"),
      path: resolve(DATA, "good.yaml"),
      dedupe: { windowMs: 0, maxIds: 2_000_000 },
      limits: { maxRecordBytes: 1536, rejectShare: 0.5 },
      latenessMs: 5_400_000,
      idleAfterMs: 30_000,
      flush: { everyMs: 2000, maxRows: 50_000 },
      costSource: "computed",
      inputIncludesCache: "auto",
      detection: { minimumUsd: 20, timezone: "UTC", sensitivity: 1, calendar: [] },
    });
    expect(pipeline.tests[0]).toMatchObject({ record: { team: "${env:NOT_SET}" } });
  });

  it("gives what nobody can change by accident", () => {
    const pipeline = loadPipeline(`${DATA}/good.yaml`, { TOPIC: "usage", STAGE: "prod" });

    expect(() => Object.assign(pipeline.dedupe, { windowMs: 1 })).toThrow(TypeError);
    expect(() => Object.assign(pipeline.source, { kafka: undefined })).toThrow(TypeError);
    expect(() => Object.assign(pipeline, { name: "x" })).toThrow(TypeError);
  });

  it("finds a price book beside the file, else the one that ships", () => {
    const folder = mkdtempSync(join(tmpdir(), "pipeline-"));
    const file = join(folder, "p.yaml");
    writeFileSync(file, "name: p\nformat: canonical-json\n");

    const ours = loadPipeline(file, {}).prices;
    writeFileSync(join(folder, "price-book.yaml"), "");
    const beside = loadPipeline(file, {}).prices;

    expect(ours).toBe(resolve("pipelines/price-book.yaml"));
    expect(existsSync(ours)).toBe(true);
    expect(beside).toBe(join(folder, "price-book.yaml"));
  });
});

describe("pipelineFrom", () => {
  it("checks plain data as it checks a file", () => {
    expect(pipelineFrom({ name: "p", format: "canonical-json" }).latenessMs).toBe(120_000);
    expect(problemsOf(() => pipelineFrom({ name: "p", format: "x" as never }))).toEqual([
      expect.stringContaining("pipeline.yaml: format:"),
    ]);
  });
});

describe("loadSettings", () => {
  it("has a default for everything", () => {
    expect(loadSettings({ PATH: "/bin" })).toEqual({
      KAFKA_SSL: false,
      DATA_DIR: ".spikewatch",
      CLICKHOUSE_PORT: 8123,
      HTTP_HOST: "127.0.0.1",
      HTTP_PORT: 8080,
      SMTP_ALLOW_PLAINTEXT: false,
    });
  });

  it("reads values, lists and files that hold a secret; empty counts as unset", () => {
    const file = join(mkdtempSync(join(tmpdir(), "secret-")), "token");
    writeFileSync(file, "xoxb-1\n");

    const settings = loadSettings({
      SPIKEWATCH_KAFKA_BROKERS: "a:9092, b:9092",
      SPIKEWATCH_HTTP_PORT: "0",
      SPIKEWATCH_KAFKA_SSL: "true",
      SPIKEWATCH_SLACK_TOKEN_FILE: file,
      SPIKEWATCH_SLACK_CHANNEL: "#oncall",
      SPIKEWATCH_SMTP_URL: "",
    });

    expect(settings).toMatchObject({
      KAFKA_BROKERS: ["a:9092", "b:9092"],
      HTTP_PORT: 0,
      KAFKA_SSL: true,
      SLACK_TOKEN: "xoxb-1",
    });
    expect(settings.SMTP_URL).toBeUndefined();
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it.each([
    [{ SPIKEWATCH_KAFKA_BROKER: "x" }, "did you mean SPIKEWATCH_KAFKA_BROKERS?"],
    [{ SPIKEWATCH_SLACK_TOKN_FILE: "x" }, "is no setting"],
    [{ SPIKEWATCH_HTTP_PORT: "http" }, "SPIKEWATCH_HTTP_PORT"],
    [{ SPIKEWATCH_HTTP_PORT: "65536" }, "SPIKEWATCH_HTTP_PORT"],
    [{ SPIKEWATCH_CLICKHOUSE_URL: "tcp://x" }, "SPIKEWATCH_CLICKHOUSE_URL"],
    [{ SPIKEWATCH_KAFKA_SASL_MECHANISM: "plain" }, "SPIKEWATCH_KAFKA_SASL_USERNAME: is needed"],
    [{ SPIKEWATCH_SLACK_TOKEN: "t" }, "SPIKEWATCH_SLACK_CHANNEL: is needed"],
    [{ SPIKEWATCH_SMTP_URL: "smtp://h" }, "SPIKEWATCH_EMAIL_FROM: is needed"],
    [{ SPIKEWATCH_SLACK_CHANNEL: "#c" }, "SPIKEWATCH_SLACK_TOKEN: is needed"],
    [{ SPIKEWATCH_SLACK_API_URL: "http://p/" }, "SPIKEWATCH_SLACK_TOKEN: is needed"],
    [{ SPIKEWATCH_EMAIL_TO: "a@b.example" }, "SPIKEWATCH_SMTP_URL: is needed"],
    [{ SPIKEWATCH_EMAIL_FROM: "a@b.example" }, "SPIKEWATCH_SMTP_URL: is needed"],
    [{ SPIKEWATCH_SMTP_ALLOW_PLAINTEXT: "yes" }, "SPIKEWATCH_SMTP_URL: is needed"],
    [{ SPIKEWATCH_KAFKA_SSL: "true" }, "SPIKEWATCH_KAFKA_BROKERS: is needed"],
    [{ SPIKEWATCH_KAFKA_SASL_MECHANISM: "plain" }, "SPIKEWATCH_KAFKA_BROKERS: is needed"],
    [{ SPIKEWATCH_SLACK_TOKEN_FILE: "/none" }, "cannot be read"],
    [{ SPIKEWATCH_LOG_LEVEL: "loud" }, "SPIKEWATCH_LOG_LEVEL"],
    [
      {
        SPIKEWATCH_SLACK_TOKEN: "t",
        SPIKEWATCH_SLACK_TOKEN_FILE: "f",
        SPIKEWATCH_SLACK_CHANNEL: "c",
      },
      "both set",
    ],
  ])("refuses %j", (env, message) => {
    expect(problemsOf(() => loadSettings(env)).join("\n")).toContain(message);
  });

  it("takes a switch that is off without what it would need on", () => {
    const off = { SPIKEWATCH_KAFKA_SSL: "false", SPIKEWATCH_SMTP_ALLOW_PLAINTEXT: "no" };

    expect(loadSettings(off)).toEqual(loadSettings({}));
  });

  it("tells all problems at once and never shows a value", () => {
    const problems = problemsOf(() =>
      loadSettings({
        SPIKEWATCH_CLICKHOUSE_URL: "hunter2",
        SPIKEWATCH_KAFKA_SASL_PASSWORD: "hunter2",
        SPIKEWATCH_PASSWORD: "hunter2",
        SPIKEWATCH_EMAIL_TO: "hunter2",
      }),
    );

    expect(problems.length).toBeGreaterThanOrEqual(4);
    expect(problems.join()).not.toContain("hunter2");
  });
});
