import { backtestCommand } from "./backtest.ts";
import { checkCommand } from "./check.ts";
import { checkpointsCommand } from "./checkpoints.ts";
import type { Command } from "./command.ts";
import { deadLetterCommand } from "./dead-letter.ts";
import { demoCommand } from "./demo.ts";
import { explainCommand } from "./explain.ts";
import { createIncidentsCommand } from "./incidents.ts";
import { migrateCommand } from "./migrate.ts";
import { queryCommand } from "./query.ts";
import { replayCommand } from "./replay.ts";
import { runCommand } from "./run.ts";
import { scoreCommand } from "./score.ts";
import { verifyCommand } from "./verify.ts";
import { openStore } from "../store/open-store.ts";

const incidentsCommand = createIncidentsCommand({
  openIncidentStore: async (settings, { logger }) => {
    const store = await openStore({ settings, logger, mode: "attach" });
    return { store: store.incidentStore, close: () => store.close() };
  },
});

/** Every command, in the order in which a newcomer meets them. */
export const commands: readonly Command[] = [
  demoCommand,
  runCommand,
  replayCommand,
  queryCommand,
  incidentsCommand,
  explainCommand,
  checkpointsCommand,
  deadLetterCommand,
  backtestCommand,
  scoreCommand,
  verifyCommand,
  checkCommand,
  migrateCommand,
];
