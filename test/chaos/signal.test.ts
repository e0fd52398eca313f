import { spawn } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { signalProcess } from "./signal.ts";

describe("signalProcess", () => {
  it.each([undefined, 0, 1, -1, Number.NaN])("refuses %p, which is no single process", (pid) => {
    expect(() => signalProcess(pid, "SIGCONT")).toThrow("there is no process to send SIGCONT to");
  });

  it("reaches the process that is meant", async () => {
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    signalProcess(child.pid, "SIGKILL");
    expect(await ended).toBe("SIGKILL");
  });
});
