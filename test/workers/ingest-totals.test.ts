import { describe, expect, it } from "@jest/globals";
import { PaneAccumulator } from "../../src/reduce/pane-accumulator.ts";
import { IngestTotals } from "../../src/workers/ingest-totals.ts";
import { anEventBatch } from "../support/event-builders.ts";
import { aUse, paneTableOf } from "../support/spend-stream.ts";

describe("IngestTotals", () => {
  it("sums panes exactly where two of them together pass 2^53", () => {
    const panes = new PaneAccumulator();
    const tokens = [2 ** 52 - 1, 5e15 + 1, 5e15];
    const events = anEventBatch(tokens.map((unpricedTokens) => ({ unpricedTokens })));
    for (let event = 0; event < events.length; event++) panes.add(events, event);
    const { rows, keys, counters } = panes;
    const { dictionaries } = events;
    const totals = new IngestTotals();

    totals.addPanes({ rows, keys, counters, dictionaries, priceVersions: [], labelNames: [] });

    expect(totals.sum("unpriced_tokens")).toBe(2n ** 52n + 10n ** 16n);
  });

  it("goes on adding exactly past 2^53", () => {
    const totals = new IngestTotals();
    const panes = paneTableOf([aUse({ minute: 0, usd: 4_000_000 })]);

    for (let one = 0; one < 5_000; one++) totals.addPanes(panes);

    expect(totals.sum("cost_nanos")).toBe(20_000_000_000n * 1_000_000_000n);
    expect(totals.sum("output_tokens")).toBe(50_000_000n);
    expect(totals.sum("requests")).toBe(5_000n);
  });

  it("counts rejections by reason, those that never came as zero", () => {
    const totals = new IngestTotals();

    totals.addRejected("invalid_json");
    totals.addRejected("invalid_json");

    expect(totals.rejected).toBe(2);
    expect(totals.rejectedByReason.get("invalid_json")).toBe(2);
    expect(totals.rejectedByReason.get("too_deep")).toBe(0);
  });
});
