import { describe, expect, it } from "@jest/globals";
import { isShared, parseRoles, requireServers } from "../../src/config/roles.ts";

const BROKERS = { KAFKA_BROKERS: ["localhost:9092"], CLICKHOUSE_URL: undefined };
const SERVER = { KAFKA_BROKERS: undefined, CLICKHOUSE_URL: "http://localhost:8123" };
const BOTH = { ...BROKERS, CLICKHOUSE_URL: "http://localhost:8123" };
const NONE = { KAFKA_BROKERS: undefined, CLICKHOUSE_URL: undefined };

describe("parseRoles", () => {
  it("gives all where none is named, and those that are named", () => {
    expect([...parseRoles(undefined)]).toEqual(["ingest", "detect", "serve"]);
    expect([...parseRoles("serve, ingest")]).toEqual(["serve", "ingest"]);
  });

  it.each([
    ["ingset", /not "ingset", perhaps ingest/],
    ["ingest,", /knows ingest, detect, serve, not ""/],
    ["all", /not "all"/],
  ])("refuses %j", (text, message) => {
    expect(() => parseRoles(text)).toThrow(message);
    expect(() => parseRoles(text)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("requireServers", () => {
  it("lets one process do all anywhere", () => {
    for (const settings of [BROKERS, SERVER, BOTH, NONE]) {
      requireServers(parseRoles(undefined), settings);
      requireServers(parseRoles("ingest,detect"), settings);
    }
    requireServers(parseRoles("detect"), BOTH);
    requireServers(parseRoles("ingest"), SERVER);
    requireServers(parseRoles("serve"), SERVER);
  });

  it.each([BROKERS, SERVER, NONE])(
    "says what is missing to watch what others count: %j",
    (settings) => {
      expect(() => requireServers(parseRoles("detect,serve"), settings)).toThrow(
        "--roles detect,serve watches what other processes count, which takes a ClickHouse server for the counts and Kafka to agree who watches: set SPIKEWATCH_CLICKHOUSE_URL and SPIKEWATCH_KAFKA_BROKERS, or let one process do all",
      );
    },
  );

  it.each(["ingest", "serve", "ingest,serve"])(
    "says what is missing to leave the watching to others: %s",
    (roles) => {
      for (const settings of [BROKERS, NONE]) {
        expect(() => requireServers(parseRoles(roles), settings)).toThrow(
          /leaves the watching to another process, which cannot reach an embedded engine: set SPIKEWATCH_CLICKHOUSE_URL/,
        );
      }
    },
  );
});

describe("isShared", () => {
  it("takes both servers", () => {
    expect([BROKERS, SERVER, BOTH, NONE].map(isShared)).toEqual([false, false, true, false]);
  });
});
