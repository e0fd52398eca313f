import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { deadLetterCommand } from "../../src/commands/dead-letter.ts";
import { replayCommand } from "../../src/commands/replay.ts";
import type { Connection } from "../../src/store/connect.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import {
  startTestEngine,
  temporaryDirectory,
  truncateAll,
  type TestEngine,
} from "../support/clickhouse/engine.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";

const dir = temporaryDirectory();
let test: TestEngine;
let connection: Connection;
let url: string;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
  const address = new URL(test.engine.url);
  address.username = WRITER;
  address.password = test.engine.writerPassword;
  address.pathname = `/${DATABASE}`;
  url = address.href;
});
afterAll(async () => {
  await test.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => truncateAll(connection));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** 3 tokens cost 220 nano-dollars. */
file(
  "prices.yaml",
  "models: [{ provider: acme, model: small, prices: [{ input: 0.0733, output: 1 }] }]",
);

function pipeline(name: string, more = "", format = "canonical-json"): string {
  return file(
    `${name}.yaml`,
    `name: ${name}\nformat: ${format}\nprices: ./prices.yaml\nlimits: { reject_share: 1 }\n${more}`,
  );
}

function anEvent(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const usual = { time: "2026-03-02T10:00:30Z", team: "search", provider: "acme", model: "small" };
  return { ...usual, uncached_input_tokens: 3, ...fields };
}

/** A pipeline that takes the records for something else. */
const WRONG = pipeline("wrong", "", "otlp-json-spans");

let inputs = 0;
async function ingest(path: string, lines: readonly (string | Buffer)[]): Promise<void> {
  const text = lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]);
  const input = join(dir, `input-${inputs++}.ndjson`);
  writeFileSync(input, Buffer.concat(text));
  await runCommand(replayCommand, ["--input", input, "--pipeline", path], { CLICKHOUSE_URL: url });
}

async function command(...argv: readonly string[]): Promise<string> {
  const { stdout } = await runCommand(deadLetterCommand, argv, { CLICKHOUSE_URL: url });
  return stdout;
}

async function replay(path: string, ...flags: readonly string[]): Promise<unknown> {
  return JSON.parse(await command("replay", "--pipeline", path, "--json", ...flags)) as unknown;
}

async function listed(...flags: readonly string[]): Promise<Record<string, unknown>[]> {
  const lines = (await command("list", "--json", ...flags)).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function counted(): Promise<unknown> {
  const sql =
    "SELECT team, toUInt32(sum(requests)) AS n, toString(sum(cost_usd)) AS usd FROM usage_by_minute GROUP BY team ORDER BY team";
  const rows = await connection.rows<{ team: string; n: number; usd: string }>(sql);
  return rows.map(({ team, n, usd }) => [team, n, usd]);
}

describe("spikewatch dead-letter replay", () => {
  it("counts what a mended pipeline reads now, once, and tells what is still bad", async () => {
    const good = JSON.stringify(anEvent());
    await ingest(WRONG, [good, JSON.stringify(anEvent({ output_tokens: -1 })), "{broken"]);
    const mended = pipeline("mended");

    const tried = await replay(mended, "--dry-run");
    const before = await counted();
    const first = await replay(mended);
    const second = await replay(mended);

    const result = { read: 3, good: 1, still_bad: { invalid_tokens: 1, invalid_json: 1 } };
    expect(tried).toMatchObject({ ...result, dry_run: true, left: 3 });
    expect(before).toEqual([]);
    expect(first).toMatchObject({ ...result, dry_run: false, finished: true, left: 2 });
    // What is still bad was refused once more: it may be read again after the next mend.
    expect(second).toMatchObject({ ...result, read: 2, good: 0 });
    expect(await counted()).toEqual([["search", 1, "0.00000022"]]);
  });

  it("keeps where an event came from, however often it is replayed", async () => {
    const path = pipeline("often");
    await ingest(path, [JSON.stringify(anEvent()), "{broken", JSON.stringify([anEvent(), 7])]);
    const [array, broken] = await listed();

    await replay(path);
    await replay(path);

    const places = ["topic", "partition", "offset", "event", "reason"] as const;
    const placeOf = (one: Record<string, unknown> = {}): unknown[] =>
      places.map((name) => one[name]);
    expect((await listed()).map(placeOf)).toEqual([placeOf(array), placeOf(broken)]);
    expect(placeOf(array).slice(3)).toEqual([1, "not_an_object"]);
    const states = (await listed("--all")).map(({ state }) => state);
    expect(states.sort()).toEqual(["open", "open", ...Array<string>(4).fill("replayed")]);
  });

  it("reads only what was asked for", async () => {
    const path = pipeline("some");
    await ingest(path, ["{broken", "7"]);

    expect(await replay(path, "--reason", "not_an_object")).toMatchObject({ read: 1, left: 1 });
    expect(await replay(path, "--topic", "another")).toMatchObject({ read: 0, left: 0 });
  });

  it("leaves the events of other pipelines' topics alone", async () => {
    await connection.command(
      `INSERT INTO usage (kind, topic, end_offset, event, reason, raw, raw_bytes, writer, batch, arrived)
       SELECT 'rejected', topic, 0, 0, 'invalid_json', '{', 1, generateUUIDv4(), generateUUIDv4(), now64(3) FROM values('topic String', 'mine', 'theirs')`,
    );
    const path = pipeline("mine", "source: { kafka: { topics: [mine] } }\n");

    expect(await replay(path)).toMatchObject({ read: 1, left: 1 });
    expect((await listed()).map(({ topic }) => topic).sort()).toEqual(["mine", "theirs"]);
  });

  it("says what is kept only in part, and does not read that", async () => {
    const path = pipeline("cut");
    await ingest(path, [
      JSON.stringify(anEvent({ output_tokens: -1, padding: "p".repeat(70_000) })),
    ]);

    expect(await replay(path)).toMatchObject({ read: 0, cut: 1 });
    expect(await command("replay", "--pipeline", path)).toMatch(
      /nothing to replay\n.*in part.* 1$/m,
    );
  });

  it("reads an event with its record's headers, by what the pipeline makes of them now", async () => {
    const headers = JSON.stringify({ "x-team": "billing" });
    const raw = JSON.stringify(anEvent({ team: undefined }));
    await connection.command(
      `INSERT INTO usage (kind, topic, reason, raw, raw_bytes, headers, writer, batch, arrived)
       SELECT 'rejected', 'mine', 'invalid_json', {raw:String}, 9, {headers:String}, generateUUIDv4(), generateUUIDv4(), now64(3)`,
      { params: { raw, headers } },
    );
    const topics = "source: { kafka: { topics: [mine] } }\n";

    await replay(pipeline("headers", `${topics}mapping: { team: [header.x-team] }\n`));

    expect(await counted()).toEqual([["billing", 1, "0.00000022"]]);
  });

  it("counts a mended price's event of an OTLP record, and not the spans beside it again", async () => {
    const span = (spanId: string, tokens: number): object => ({
      traceId: "t",
      spanId,
      endTimeUnixNano: "1772445630000000000",
      attributes: [
        { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
        { key: "gen_ai.provider.name", value: { stringValue: "acme" } },
        { key: "gen_ai.request.model", value: { stringValue: "small" } },
        { key: "gen_ai.usage.input_tokens", value: { intValue: String(tokens) } },
      ],
    });
    const resource = { attributes: [{ key: "team.id", value: { stringValue: "research" } }] };
    const spans = [span("a", 3), span("b", -3), span("c", 1_000_000_000)];
    const record = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    const more = "mapping: { team: [resource.team.id] }\n";
    const dear = "models: [{ provider: acme, model: small, prices: [{ input: 9999, output: 1 }] }]";
    file("dear.yaml", dear);
    const yaml = `name: spans\nformat: otlp-json-spans\n${more}limits: { reject_share: 1 }\nprices: `;

    await ingest(file("spans-dear.yaml", `${yaml}./dear.yaml\n`), [record]);
    const refused = (await listed()).map(({ reason }) => reason).sort();
    const result = await replay(file("spans.yaml", `${yaml}./prices.yaml\n`));

    expect(refused).toEqual(["cost_out_of_range", "invalid_tokens"]);
    expect(result).toMatchObject({ read: 2, good: 1, still_bad: { invalid_tokens: 1 } });
    const [[team, requests] = []] = (await counted()) as [string, number][];
    expect([team, requests]).toEqual(["research", 2]);
  });

  it("gives each event to one of two that select at the same time", async () => {
    const lines = Array.from({ length: 40 }, (_, n) => JSON.stringify(anEvent({ user: `u${n}` })));
    await ingest(WRONG, lines);
    const mended = pipeline("both");

    await Promise.all([replay(mended), replay(mended), replay(mended)]);

    expect(await counted()).toEqual([["search", 40, "0.0000088"]]);
    const [row] = await connection.rows(
      "SELECT count() AS n, uniqExact(topic, offset) AS places FROM dead_letter_replays",
    );
    expect(row).toEqual({ n: "40", places: "40" });
  });
});

describe("spikewatch dead-letter list", () => {
  it("shows how many of each reason, and the newest as one line each that steers no terminal", async () => {
    await ingest(pipeline("shown"), ["{\u001b[31mred\u202e", "7", "8"]);

    const text = await command("list", "--limit", "1");

    expect(text).toMatch(/^EVENTS {2}REASON +STATE +CUT {2}NEWEST\n2 +not_an_object +open/);
    expect(text).toMatch(/\n1 +invalid_json +open/);
    expect(text.match(/offset \d+ event 0/g)).toHaveLength(1);
    const red = await command("list", "--reason", "invalid_json");
    expect(red).toContain("\n  {[31mred\n");
    // eslint-disable-next-line no-control-regex -- what must not come through
    expect(red).not.toMatch(/[\u001b\u202e]/);
  });

  it("gives machines the whole event, base64 where it is no UTF-8", async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe]);
    const bad = JSON.stringify(anEvent({ output_tokens: -1, padding: "p".repeat(2_000) }));
    await ingest(pipeline("whole"), [bad, bytes]);

    const [binary, text] = (await listed()).sort(
      (a, b) => Number(b["offset"]) - Number(a["offset"]),
    );

    expect(binary).toMatchObject({ raw_base64: bytes.toString("base64"), raw_bytes: 3 });
    expect(text).toMatchObject({ raw: bad, state: "open" });
  });

  it("looks back only as far as it is told", async () => {
    await ingest(pipeline("since"), ["{broken"]);

    expect(await listed("--since", "1h")).toHaveLength(1);
    expect(await listed("--since", "1ms")).toHaveLength(0);
    expect(await command("list", "--topic", "no-such")).toBe("No rejected events.\n");
  });

  it.each([
    [["list", "--dry-run"], /--dry-run belongs to `dead-letter replay`/],
    [["replay", "--since", "1h"], /--since belongs to `dead-letter list`/],
    [["list", "--reason", "bad"], /--reason bad is none: there are record_too_large/],
    [["list", "--since", "yesterday"], /--since yesterday is no duration/],
    [["list", "--from-topic"], /--pipeline is missing/],
    [["mend"], /type `dead-letter list`/],
  ])("refuses %j in one sentence", async (argv, message) => {
    await expect(command(...argv)).rejects.toThrow(message);
  });
});
