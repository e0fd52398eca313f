import { afterAll, beforeAll, describe, it } from "@jest/globals";
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

/** The long form fails where no disk can be mounted; here, where many machines are not root's, it is left out. */
const onDisk = canMount() ? it : it.skip;

describe("a disk that is full", () => {
  onDisk(
    `changes no total: ${diskFull.fault}`,
    async () => {
      expectExactness(await playShort(diskFull, 1), 1);
    },
    SHORT_MS,
  );
});
