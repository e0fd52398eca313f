import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { sharingOf } from "../../src/commands/sharing.ts";
import { runCommand } from "../../src/commands/run.ts";
import { parseRoles } from "../../src/config/roles.ts";
import { SETTINGS_SCHEMA, type Settings } from "../../src/config/settings.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { KafkaLeadership } from "../../src/source/kafka-leadership.ts";
import { SoleLeadership } from "../../src/source/sole-leadership.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { runCommand as run } from "../support/clickhouse/run-command.ts";
import { aPipeline } from "../support/pipeline-builder.ts";

const dir = temporaryDirectory();
const pipeline = join(dir, "file.yaml");
writeFileSync(pipeline, "name: file\nformat: canonical-json\n");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const SERVERS: Partial<Settings> = {
  KAFKA_BROKERS: ["localhost:9092"],
  CLICKHOUSE_URL: "http://localhost:8123",
};

/** What `run` says before it opens anything. */
async function refusal(argv: readonly string[]): Promise<unknown> {
  return run(runCommand, ["--pipeline", pipeline, ...argv]).catch((error: unknown) => error);
}

function sharing(roles: string, more: Partial<Settings>, topics: readonly string[] = ["t"]) {
  const settings = { ...SETTINGS_SCHEMA.parse({}), ...more };
  const source = topics.length === 0 ? {} : { kafka: { topics: [...topics] } };
  return sharingOf(
    { roles: parseRoles(roles), settings, pipeline: aPipeline({ source }) },
    { clock: new SystemClock(), logger: silentLogger },
  );
}

describe("run --roles", () => {
  it("refuses a role that there is not, and to end with an input where there is none", async () => {
    expect(await refusal(["--roles", "injest"])).toMatchObject({
      code: "usage",
      message: '--roles knows ingest, detect, serve, not "injest", perhaps ingest',
    });
    expect(await refusal(["--roles", "detect", "--exit"])).toMatchObject({
      code: "usage",
      message: "--exit ends with the input, and without the role ingest there is none",
    });
  });

  it("says in one sentence what a part of the roles takes", async () => {
    expect(await refusal(["--roles", "detect", "--data", dir])).toMatchObject({
      code: "config",
      message: expect.stringContaining(
        "set SPIKEWATCH_CLICKHOUSE_URL and SPIKEWATCH_KAFKA_BROKERS",
      ) as unknown as string,
    });
    expect(await refusal(["--roles", "ingest,serve", "--data", dir])).toMatchObject({
      code: "config",
      message: expect.stringContaining(
        "set SPIKEWATCH_CLICKHOUSE_URL, or let one process do all",
      ) as unknown as string,
    });
  });
});

describe("sharing the work with others", () => {
  it("takes part in the election with both servers, and leads on an engine of its own", () => {
    expect(sharing("ingest,detect,serve", SERVERS)?.leadership).toBeInstanceOf(KafkaLeadership);
    expect(sharing("detect", SERVERS)?.leadership).toBeInstanceOf(KafkaLeadership);
    const own = sharing("ingest,detect,serve", { ...SERVERS, CLICKHOUSE_URL: undefined });
    expect(own?.leadership).toBeInstanceOf(SoleLeadership);
  });

  it("hands itself over what it counts where no topic tells how much waits", () => {
    expect(sharing("ingest,detect,serve", { ...SERVERS, KAFKA_BROKERS: undefined })).toBe(
      undefined,
    );
  });

  it("only shows what others detect without the role detect, and not even that without serve", () => {
    expect(sharing("serve", SERVERS)).toMatchObject({ leadership: null });
    expect(sharing("ingest,serve", { ...SERVERS, KAFKA_BROKERS: undefined })).toMatchObject({
      leadership: null,
    });
    expect(sharing("ingest", SERVERS)).toBeUndefined();
  });

  it("says that a pipeline without topics cannot be watched through Kafka", () => {
    expect(() => sharing("detect", SERVERS, [])).toThrow(
      /names no Kafka topics but SPIKEWATCH_KAFKA_BROKERS is set/,
    );
  });
});
