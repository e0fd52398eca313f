// A bar with a mark: how much was spent, and how much was expected.
import { el } from "./dom.js";
import { ratioOf, ratioText } from "./format.js";

/** Where the bar ends. More than this is written, not drawn. */
const FULL_RATIO = 3;
const EXPECTED_AT = 100 / FULL_RATIO;
/** From here on the part beyond the mark is coloured as out of the ordinary. */
const NOTABLE_RATIO = 1.5;

/** Makes the bar; `update(spend, alarmed)` moves it. The number beside it says the same in words. */
export function createBullet() {
  const within = el("span", { class: "within" });
  const beyond = el("span", { class: "beyond" });
  const track = el(
    "span",
    { class: "track", "aria-hidden": "true" },
    within,
    beyond,
    el("span", { class: "mark" }),
  );
  const text = el("span", { class: "ratio" });
  const element = el("div", { class: "bullet" }, track, text);
  return {
    element,
    update(spend, alarmed) {
      // Before there is anything to compare with, a bar would claim what nobody knows.
      const ratio = ratioOf(spend.actualUsd, spend.expectedUsd) ?? (alarmed ? FULL_RATIO : 0);
      const filled = Math.min(Math.max(ratio, 0), FULL_RATIO) * EXPECTED_AT;
      within.style.width = `${Math.min(filled, EXPECTED_AT)}%`;
      beyond.style.width = `${Math.max(0, filled - EXPECTED_AT)}%`;
      element.dataset.level = alarmed ? "alarm" : ratio >= NOTABLE_RATIO ? "notable" : "usual";
      text.textContent = ratioText(spend.actualUsd, spend.expectedUsd);
    },
  };
}
