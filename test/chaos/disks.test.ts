import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";
import { canMount } from "./image-disk.ts";
import { diskFull } from "./scenarios/disks.ts";
import { expectExactness, playShort, SHORT_MS } from "./short-form.ts";

beforeAll(async () => {
  await builtProgram();
  await testKafka();
}, BUILD_MS + KAFKA_START_MS);
afterAll(() => SpikewatchProcess.killAll());

describe("a disk that is full", () => {
  it(
    canMount() ? `changes no total: ${diskFull.fault}` : "is not played in silence without root",
    async () => {
      const played = playShort(diskFull, 1);
      if (canMount()) expectExactness(await played, 1);
      else await expect(played).rejects.toThrow("mounting a disk needs the rights of root");
    },
    SHORT_MS,
  );
});
