import { AppError } from "../runtime/errors.ts";
import { nearestName } from "./config-problem.ts";
import type { Settings } from "./settings.ts";

/** What a process of `run` does. ingest: counts. detect: watches and tells. serve: the page and its data. */
export const ROLES = ["ingest", "detect", "serve"] as const;
export type Role = (typeof ROLES)[number];

/** `ingest,detect`; absent: all. Throws AppError `usage` on anything else. */
export function parseRoles(text: string | undefined): ReadonlySet<Role> {
  if (text === undefined) return new Set(ROLES);
  const names = text.split(",").map((one) => one.trim());
  return new Set(names.map(roleOf));
}

function roleOf(name: string): Role {
  const role = ROLES.find((one) => one === name);
  if (role !== undefined) return role;
  const near = nearestName(name, ROLES);
  const hint = near === null ? "" : `, perhaps ${near}`;
  throw new AppError(`--roles knows ${ROLES.join(", ")}, not "${name}"${hint}`, { code: "usage" });
}

type Servers = Pick<Settings, "KAFKA_BROKERS" | "CLICKHOUSE_URL">;

/** True where detection follows ClickHouse and is elected, because other processes may count and watch as well. */
export function isShared({ KAFKA_BROKERS, CLICKHOUSE_URL }: Servers): boolean {
  return KAFKA_BROKERS !== undefined && CLICKHOUSE_URL !== undefined;
}

/** Roles without the others need what connects them to those. Throws AppError `config` where that is missing. */
export function requireServers(roles: ReadonlySet<Role>, settings: Servers): void {
  const shown = `--roles ${[...roles].join(",")}`;
  if (roles.has("detect")) {
    if (roles.has("ingest") || isShared(settings)) return;
    throw new AppError(
      `${shown} watches what other processes count, which takes a ClickHouse server for the counts and Kafka to agree who watches: set SPIKEWATCH_CLICKHOUSE_URL and SPIKEWATCH_KAFKA_BROKERS, or let one process do all`,
      { code: "config" },
    );
  }
  if (settings.CLICKHOUSE_URL !== undefined) return;
  throw new AppError(
    `${shown} leaves the watching to another process, which cannot reach an embedded engine: set SPIKEWATCH_CLICKHOUSE_URL, or let one process do all`,
    { code: "config" },
  );
}
