import { describe, expect, it } from "@jest/globals";
import type { RejectReason, RejectedEvent } from "../../src/decode/usage-event.ts";
import { RejectGate } from "../../src/workers/reject-gate.ts";

function rejected(count: number, reason: RejectReason = "invalid_json"): RejectedEvent[] {
  const one = { record: 0, event: 0, reason, detail: "", raw: new Uint8Array(), rawBytes: 0 };
  return Array.from({ length: count }, () => one);
}

describe("RejectGate", () => {
  it("lets a few bad lines of a small input pass", () => {
    const gate = new RejectGate({ share: 0.5, pipeline: "p" });

    expect(() => gate.observe(0, rejected(999), "t")).not.toThrow();
  });

  it("lets exactly the share pass, and refuses one more", () => {
    const gate = new RejectGate({ share: 0.5, pipeline: "p" });

    expect(() => gate.observe(500, rejected(500), "t")).not.toThrow();
    expect(() => gate.observe(499, rejected(501), "t")).toThrow(
      /^50 % of the last 1000 events of t/,
    );
  });

  it("judges each block by itself", () => {
    const gate = new RejectGate({ share: 0.5, pipeline: "p" });
    gate.observe(10_000, [], "t");

    expect(() => gate.observe(0, rejected(1_000), "t")).toThrow("100 % of the last 1000 events");
  });

  it("adds small batches up to a block", () => {
    const gate = new RejectGate({ share: 0.5, pipeline: "p" });
    for (let batch = 0; batch < 9; batch++) gate.observe(30, rejected(70), "t");

    expect(() => gate.observe(30, rejected(70), "t")).toThrow("70 %");
  });

  it("names the most frequent reason, the pipeline and what to do", () => {
    const gate = new RejectGate({ share: 0.1, pipeline: "claude-code" });
    const flood = [...rejected(300, "missing_time"), ...rejected(900, "shape_mismatch")];

    expect(() => gate.observe(0, flood, "telemetry")).toThrow(
      /mostly for shape_mismatch; .*pipeline claude-code with `spikewatch check`.*now 0\.1/,
    );
  });

  it("never closes where the share is 1", () => {
    const gate = new RejectGate({ share: 1, pipeline: "p" });

    expect(() => gate.observe(0, rejected(5_000), "t")).not.toThrow();
  });
});
