import { describe, expect, it } from "@jest/globals";
import { memberUsd } from "../../src/detect/attribution.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const NOON = MONDAY_MINUTE + 720;

describe("memberUsd", () => {
  /** Two keys in turn, one minute each up to and with noon: the even minutes' one spends three times as much. */
  const ada = aNode("user", "ada", aNode("team", "payments"));
  for (let minute = NOON - 29; minute <= NOON; minute++) {
    const isEven = minute % 2 === 0;
    const key = isEven ? "key-even" : "key-odd";
    ada.add(aUse({ user: "ada", key, minute, usd: isEven ? 3 : 1 }), parts());
  }

  it.each([2, 5, 15, 30, 60])(
    "adds up to all of the last %i minutes, also where a step begins",
    (window) => {
      const at = { minute: NOON, window };
      const [even, odd] = ["key-even", "key-odd"].map((key) => memberUsd(ada, "key", key, at));

      expect(even! + odd!).toBeCloseTo(ada.usd(NOON, window), 9);
      expect(memberUsd(ada, "tool", aUse({ minute: NOON }).tool, at)).toBeCloseTo(
        ada.usd(NOON, window),
        9,
      );
      expect(even!).toBeGreaterThan(odd!);
    },
  );
});
