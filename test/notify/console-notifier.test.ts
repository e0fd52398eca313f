import { describe, expect, it } from "@jest/globals";

import { renderForTerminal } from "../../src/notify/console-notifier.ts";
import { anIncident } from "../support/incident-builders.ts";

const OPTIONS = { publicUrl: "http://127.0.0.1:8080", commandOptions: "" };
const NOTIFICATION = { reason: "opened", incident: anIncident(), reference: "" } as const;

describe("renderForTerminal", () => {
  it("reads like the Slack message", () => {
    const shown = renderForTerminal(NOTIFICATION, { ...OPTIONS, width: 76, colour: false });

    expect(shown).toBe(SHOWN);
  });

  it("folds to the width, except for what is there to be copied", () => {
    const shown = renderForTerminal(NOTIFICATION, { ...OPTIONS, width: 44, colour: false });

    const long = shown.split("\n").filter((line) => Array.from(line).length > 44);
    expect(long.map((line) => line.trim())).toEqual([
      expect.stringContaining("last 24 h"),
      "│   spikewatch incidents mute inc-7f3a --for 4h",
    ]);
  });

  it("uses colour only when asked", () => {
    const plain = renderForTerminal(NOTIFICATION, { ...OPTIONS, width: 76, colour: false });
    const coloured = renderForTerminal(NOTIFICATION, { ...OPTIONS, width: 76, colour: true });

    expect(plain).not.toContain("\u001b");
    expect(coloured).toContain("\u001b[1;31m");
    expect(
      coloured
        .split("\u001b")
        .map((part) => part.replace(/^\[[\d;]*m/, ""))
        .join(""),
    ).toBe(plain);
  });
});

const SHOWN = `╭─ spikewatch ──────────────────────────────────────────────────────────────
│ 🔴 Spend spike: team checkout at $1,240/h, 6.3× normal
│
│ Team checkout (department shop) now spends $1,240/h where $198/h is normal
│ (6.3×), since 02:41 UTC; user u0412 carries 96% of the excess.
│
│ Now       $1,240/h, expected $198/h (6.3×)
│ So far    $208 above normal: $248 spent, $40.00 expected
│ At stake  $25.0k over the next 24 h at this rate
│ Since     2026-03-04 02:41 UTC, 12 min so far
│
│ Who carries the excess
│   user
│   • u0412 96% of the excess: $201, expected $1.30
│   • the rest 4%
│   model
│   • claude-opus-4-5 90% of the excess: $210, expected $23.00
│   • gpt-5-mini 10% of the excess: $38.00, expected $17.00
│
│ Why
│   • more requests a user: 4.9× normal, 86% of the rise
│   • bigger requests: 1.3× normal, 14% of the rise
│
│ last 24 h  ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▁▁▁▁▁▁▁▂▂▂▂▂▂▂▂▂▂▂▂█
│
│ Do now  Find out what u0412 is running and stop it; revoke the key if
│         nobody answers.
│   spikewatch incidents ack inc-7f3a
│       I am on it
│   spikewatch incidents mute inc-7f3a --for 4h
│       it is known: be quiet for 4 hours
│   http://127.0.0.1:8080/#incident-inc-7f3a
│
│ inc-7f3a · page · score 41.2 (bar 6.0) over 5 min · event time
╰───────────────────────────────────────────────────────────────────────────
`;
