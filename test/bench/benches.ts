import { appendBench } from "./append.ts";
import { decodeBench } from "./decode.ts";
import { detectBench } from "./detect.ts";
import type { Bench } from "./harness.ts";
import { ingestBench } from "./ingest.ts";
import { monthBench } from "./month.ts";
import { scoreBench } from "./nab/bench.ts";
import { reduceBench } from "./reduce.ts";

/** In the order of the data's path; the whole of it last. */
export const BENCHES: readonly Bench[] = [
  decodeBench,
  reduceBench,
  appendBench,
  detectBench,
  scoreBench,
  ingestBench,
  monthBench,
];
