import type { Scenario } from "./scenario.ts";
import { lateCommits, lostAnswers, swallowedInserts } from "./scenarios/broken-answers.ts";
import { brokerCut, brokerGone, killBroker, killBrokers } from "./scenarios/brokers.ts";
import { diskFull, powerCut } from "./scenarios/disks.ts";
import { partitionsAdded, rebalances, twoDeployments } from "./scenarios/groups.ts";
import { killWorker } from "./scenarios/kill-worker.ts";
import { codecs, compactedTopic, transactions } from "./scenarios/logs.ts";
import { cablesPulled } from "./scenarios/namespaces.ts";
import { clickhouseCut, clickhouseDown, killEngine } from "./scenarios/outages.ts";
import { retention } from "./scenarios/retention.ts";
import { stopping } from "./scenarios/stopping.ts";
import { zombie } from "./scenarios/zombie.ts";

/** Everything that must change no total, in the order of the table. */
export const SCENARIOS: readonly Scenario[] = [
  killWorker,
  stopping,
  killEngine,
  zombie,
  twoDeployments,
  rebalances,
  partitionsAdded,
  killBroker,
  killBrokers,
  brokerCut,
  brokerGone,
  cablesPulled,
  clickhouseCut,
  clickhouseDown,
  lostAnswers,
  swallowedInserts,
  lateCommits,
  diskFull,
  powerCut,
  retention,
  transactions,
  compactedTopic,
  codecs,
];
