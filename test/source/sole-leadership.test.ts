import { describe, expect, it } from "@jest/globals";
import { SoleLeadership } from "../../src/source/sole-leadership.ts";

describe("SoleLeadership", () => {
  it("leads at once, and for good", async () => {
    const leadership = new SoleLeadership("here:1");
    await leadership.start();

    const term = await leadership.acquire(new AbortController().signal);

    expect(leadership.leader).toBe("here:1");
    expect(term?.isHeld()).toBe(true);
    await leadership.stop();
    await leadership.done;
    expect(term?.lost.aborted).toBe(false);
  });

  it("gives no term to who was asked to stop", async () => {
    expect(await new SoleLeadership("here:1").acquire(AbortSignal.abort())).toBeNull();
  });
});
