import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "../support/browser/browser.ts";
import { onPage, rowOf } from "../support/browser/live-page.ts";
import { AFTERNOON_MS, aLiveSnapshot, anIncident, aTeamNow } from "../support/live-builders.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
});

describe("an incident on the page", () => {
  it("shows an incident when it opens: what, how much, who, why, when, and what to do", async () => {
    await onPage(
      browser,
      ({ views }) => (views.live = aLiveSnapshot()),
      async ({ page }, { views, pace }) => {
        expect(await page.getByText("Nothing out of the ordinary").isVisible()).toBe(true);
        const incident = anIncident();
        views.live = aLiveSnapshot({
          teams: [aTeamNow({ incidentId: incident.id })],
          incidents: [incident],
        });
        await pace.advance(1000);
        const card = page.getByRole("article");
        await card.waitFor();

        const text = (await card.innerText()).replaceAll(/\s+/g, " ");

        expect(text).toContain("open, for 42 min");
        expect(text).toContain("Spike: engineering › search › ines.moreau");
        expect(text).toContain("$410.90 above normal");
        expect(text).toContain("$449.30 spent where $38.40 was expected: 12×.");
        expect(text).toContain("$12,878 more in the next 24 hours");
        expect(text).toContain("By user ines.moreau 93% $391.20, expected $9.40");
        expect(text).toContain("everything else 3%");
        expect(text).toContain("By model claude-opus-4-8 97%");
        expect(text).toContain("requests of each active user 9.1× 88% of the change");
        expect(text).toContain("Opened 14:00");
        expect(text).toContain(`npx spikewatch incidents ack ${incident.id}`);
        expect(text).toContain(`npx spikewatch incidents mute ${incident.id} --for 4h`);
        expect(await page.title()).toBe("(1) spikewatch");
        expect(await page.locator("#announce").innerText()).toContain("New incident: Spike");
        expect(await rowOf(page, "search")).toContain("search incident engineering");
        await page.getByRole("link", { name: "incident" }).click();
        expect(page.url()).toContain(`#incident-${incident.id}`);
      },
    );
  });

  it("shades the incident's span in the chart of the day", async () => {
    const redAt = async (page: Page): Promise<number> => {
      const red = await page.evaluate(`(() => {
        const { width, height } = document.querySelector("#day-chart canvas");
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(document.querySelector("#day-chart canvas"), 0, 0);
        const { data } = copy.getImageData(0, 0, width, height);
        let red = 0;
        for (let i = 0; i < data.length; i += 4) red += data[i] > 180 && data[i + 1] < 70 ? 1 : 0;
        return red;
      })()`);
      return red as number;
    };
    await onPage(
      browser,
      ({ views }) => (views.live = aLiveSnapshot()),
      async ({ page }, { views, pace }) => {
        const before = await redAt(page);
        views.live = aLiveSnapshot({ incidents: [anIncident()] });
        await pace.advance(1000);
        await page.getByRole("article").waitFor();

        const after = await redAt(page);

        expect(before).toBe(0);
        expect(after).toBeGreaterThan(20);
        const label = await page.locator("#day-chart").getAttribute("aria-label");
        expect(label).toContain("incident 13:55 to 14:42");
      },
    );
  });

  it("folds a past incident into a line that opens", async () => {
    const resolvedAtMs = AFTERNOON_MS - 60_000;
    await onPage(
      browser,
      ({ views }) => {
        views.live = aLiveSnapshot({
          incidents: [anIncident({ state: "resolved", resolvedAtMs })],
        });
      },
      async ({ page }) => {
        const who = page.getByText("By user");

        expect(await page.getByText("resolved, after 41 min").isVisible()).toBe(true);
        expect(await who.isVisible()).toBe(false);
        await page.getByText("Show who and why").or(page.locator("summary")).first().click();
        expect(await who.isVisible()).toBe(true);
        expect(await page.getByText("incidents ack").isVisible()).toBe(false);
      },
    );
  });
});
