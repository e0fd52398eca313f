import { describe, expect, it } from "@jest/globals";
import { ServiceGroup, type Service } from "../../src/runtime/service.ts";
import { ManualClock } from "../support/manual-clock.ts";

type Trouble = "start fails" | "stop fails" | "stop hangs";

function aGroup(...parts: readonly (readonly [string, Trouble?])[]) {
  const steps: string[] = [];
  const clock = new ManualClock();
  const services = parts.map(([name, trouble]): Service => {
    const say = (what: string): Promise<void> => {
      steps.push(`${name} ${what}`);
      if (trouble === `${what} fails`) return Promise.reject(new Error(`${name} is broken`));
      return trouble === `${what} hangs` ? new Promise(() => undefined) : Promise.resolve();
    };
    return { name, start: () => say("start"), stop: () => say("stop") };
  });
  return { group: new ServiceGroup({ services, clock, stopTimeoutMs: 1_000 }), steps, clock };
}

describe("ServiceGroup", () => {
  it("starts in order and stops in reverse", async () => {
    const { group, steps } = aGroup(["store"], ["worker"], ["server"]);
    expect(group.state).toBe("starting");

    await group.start();
    expect(group.state).toBe("running");
    await group.stop();

    expect(group.state).toBe("stopped");
    expect(steps).toEqual([
      "store start",
      "worker start",
      "server start",
      "server stop",
      "worker stop",
      "store stop",
    ]);
  });

  it("stops what had started when one fails to start, and tells why", async () => {
    const { group, steps } = aGroup(["store"], ["worker", "start fails"], ["server"]);

    await expect(group.start()).rejects.toThrow("worker is broken");

    expect(steps).toEqual(["store start", "worker start", "store stop"]);
    expect(group.state).toBe("failed");
  });

  it("stops the others when one does not stop, and names each that did not", async () => {
    const { group, steps, clock } = aGroup(
      ["store"],
      ["worker", "stop hangs"],
      ["server", "stop fails"],
    );
    await group.start();

    const stopped = group.stop();
    stopped.catch(() => undefined);
    await clock.advance(0);
    expect(group.state).toBe("draining");
    await clock.advance(1_000);

    await expect(stopped).rejects.toThrow(
      "did not stop cleanly: server: server is broken; worker: still busy after 1000 ms",
    );
    expect(steps.at(-1)).toBe("store stop");
    expect(group.state).toBe("failed");
  });

  it("gives all services together the time it has, and the late ones a moment each", async () => {
    const { group, steps, clock } = aGroup(
      ["store"],
      ["worker", "stop hangs"],
      ["server", "stop hangs"],
    );
    await group.start();

    const stopped = group.stop();
    stopped.catch(() => undefined);
    await clock.advance(1_200);

    await expect(stopped).rejects.toThrow(
      "did not stop cleanly: server: still busy after 1000 ms; worker: still busy after 100 ms",
    );
    expect(steps.at(-1)).toBe("store stop");
  });

  it("stops once, however often it is asked, and leaves no timer", async () => {
    const { group, steps, clock } = aGroup(["store"]);
    await group.start();

    await Promise.all([group.stop(), group.stop()]);
    await group.stop();

    expect(steps).toEqual(["store start", "store stop"]);
    expect(clock.sleeping).toBe(0);
  });
});
