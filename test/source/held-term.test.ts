import { describe, expect, it } from "@jest/globals";
import { HeldTerm } from "../../src/source/held-term.ts";
import { ManualClock } from "../support/manual-clock.ts";

function aTerm(): { term: HeldTerm; clock: ManualClock } {
  const clock = new ManualClock();
  const askedMs = clock.now();
  return { clock, term: new HeldTerm({ memberId: "m", clock, holdMs: 8_000, askedMs }) };
}

describe("HeldTerm", () => {
  it("is in doubt once nothing has confirmed it for its time, and held again when something does", async () => {
    const { term, clock } = aTerm();
    await clock.advance(7_999);
    expect(term.isHeld()).toBe(true);

    await clock.advance(1);
    expect(term.isHeld()).toBe(false);
    expect(term.lost.aborted).toBe(false);
    term.confirm(clock.now());

    expect(term.isHeld()).toBe(true);
  });

  it("counts a confirmation from when it was asked for", async () => {
    const { term, clock } = aTerm();
    const askedMs = clock.now() + 1_000;
    // Stopped with the answer on its way.
    await clock.advance(60_000);

    term.confirm(askedMs);

    expect(term.isHeld()).toBe(false);
  });

  it("is in doubt when the clock was set back", () => {
    const { term, clock } = aTerm();

    term.confirm(clock.now() + 60_000);

    expect(term.isHeld()).toBe(false);
  });

  it("never comes back once it is over", () => {
    const { term, clock } = aTerm();
    term.end();
    term.confirm(clock.now());

    expect(term.isHeld()).toBe(false);
    expect(term.lost.aborted).toBe(true);
  });
});
