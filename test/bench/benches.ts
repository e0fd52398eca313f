import { appendBench } from "./append.ts";
import { coldStartBench } from "./cold-start.ts";
import { decodeBench } from "./decode.ts";
import { detectBench } from "./detect.ts";
import type { Bench } from "./harness.ts";
import { ingestBench } from "./ingest.ts";
import { monthBench } from "./month.ts";
import { scoreBench } from "./nab/bench.ts";
import { reduceBench } from "./reduce.ts";
import { tickBench, tickWithPeopleBench } from "./tick.ts";

/** In the order of the data's path; the whole of it last. */
export const BENCHES: readonly Bench[] = [
  decodeBench,
  reduceBench,
  appendBench,
  detectBench,
  tickBench,
  tickWithPeopleBench,
  coldStartBench,
  scoreBench,
  ingestBench,
  monthBench,
];
