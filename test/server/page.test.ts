import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Browser } from "playwright-core";
import { startBrowser, withPage } from "../support/browser/browser.ts";
import { onPage, rowOf } from "../support/browser/live-page.ts";
import { withFace } from "../support/http-face.ts";
import {
  aContributor,
  aDayChart,
  aLiveSnapshot,
  anIncident,
  aTeamNow,
} from "../support/live-builders.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
});

function manyTeams(count: number): ReturnType<typeof aTeamNow>[] {
  return Array.from({ length: count }, (_, n) => aTeamNow({ team: `team-${n}` }));
}

describe("the page", () => {
  it("shows each team's spend against what is expected", async () => {
    await onPage(
      browser,
      ({ views }) => {
        views.live = aLiveSnapshot({
          teams: [
            aTeamNow({
              team: "search",
              actualUsdLastHour: 90,
              expectedUsdLastHour: 30,
              actualUsdToday: 12_345.6,
              expectedUsdToday: 9000,
            }),
            aTeamNow({ team: "fresh", actualUsdLastHour: 2, expectedUsdLastHour: 0 }),
          ],
        });
      },
      async ({ page }) => {
        expect(await rowOf(page, "search")).toEqual([
          "search engineering",
          "$90.00 of $30.00",
          "3.0×",
          "$12,346 of $9,000",
        ]);
        expect((await rowOf(page, "fresh"))[2]).toBe("new");
        const smallest = page.locator("#team-rows .strong").first();
        expect(await smallest.getAttribute("title")).toContain("paged from $61");
        const level = page.locator("#team-rows .bullet").nth(1);
        expect(await level.getAttribute("data-level")).toBe("usual");
        expect(await page.getByRole("columnheader").allInnerTexts()).toEqual([
          "Team",
          "Last hour",
          "Against expected",
          "Today",
        ]);
        const summary = page.getByLabel("The organisation now");
        expect(await summary.innerText()).toMatch(/\$92\.00\s+3\.1×\s+expected \$30\.00/);
        expect(await page.locator("#day-chart canvas").count()).toBe(1);
      },
    );
  });

  it("updates by itself, keeping its rows in place", async () => {
    await onPage(
      browser,
      ({ views }) => {
        views.live = aLiveSnapshot({
          teams: [aTeamNow({ team: "a" }), aTeamNow({ team: "b" }), aTeamNow({ team: "gone" })],
        });
      },
      async ({ page }, { views, pace }) => {
        const row = await page.locator("#team-rows tr").first().elementHandle();
        views.live = aLiveSnapshot({
          teams: [aTeamNow({ team: "b" }), aTeamNow({ team: "a", actualUsdLastHour: 77.7 })],
        });
        await pace.advance(1000);

        await page.getByText("$77.70").first().waitFor();

        expect(await page.locator("#team-rows .name").allInnerTexts()).toEqual(["b", "a"]);
        const same = await page.locator("#team-rows tr").nth(1).elementHandle();
        expect(await page.evaluate(([one, other]) => one === other, [row, same])).toBe(true);
      },
    );
  });

  it.each([
    `<img src=x onerror="window.hacked=1">`,
    `"><script>window.hacked=1</script>`,
    "__proto__",
    "constructor",
    "javascript:window.hacked=1",
    "x".repeat(128),
  ])("shows a team called %j as that text, wherever it appears", async (name) => {
    const incident = anIncident({
      id: "inc'; rm -rf ~ #",
      scope: { department: name, team: name, user: name, model: name },
      contributors: [aContributor({ value: name })],
      acknowledgedBy: name,
      state: "acknowledged",
    });
    await onPage(
      browser,
      ({ views }) => {
        views.live = aLiveSnapshot({
          teams: [aTeamNow({ department: name, team: name, incidentId: incident.id })],
          incidents: [incident],
        });
        views.feed = { ...views.feed, unpricedByModel: new Map([[name, 5]]) };
        views.parts = [{ name, ok: true, detail: name }];
      },
      async ({ page }) => {
        await page.getByRole("article").waitFor();

        expect(await page.locator("#team-rows .name").allTextContents()).toEqual([name]);
        expect(await page.locator(".incident-title").textContent()).toBe(
          `Spike: ${[name, name, name, name].join(" › ")}`,
        );
        expect(await page.locator(".incident .shares .who").first().textContent()).toBe(name);
        expect(await page.locator(".command code").first().textContent()).toBe(
          `npx spikewatch incidents ack 'inc'\\''; rm -rf ~ #'`,
        );
        expect(await page.evaluate("window.hacked")).toBeUndefined();
        expect(await page.locator("main img, main script").count()).toBe(0);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(1280);
      },
    );
  });

  it("shows the first of two hundred teams and the rest when asked, troubled ones always", async () => {
    await onPage(
      browser,
      ({ views }) => {
        const teams = [...manyTeams(199), aTeamNow({ team: "troubled", incidentId: "inc" })];
        views.live = aLiveSnapshot({ teams });
      },
      async ({ page }) => {
        const names = page.locator("#team-rows .name");

        expect(await names.count()).toBe(25);
        expect(await names.first().innerText()).toBe("troubled");
        expect(await page.getByText("… and 175 more").isVisible()).toBe(true);
        await page.getByRole("button", { name: "Show 200 teams" }).click();
        expect(await names.count()).toBe(200);
        await page.getByRole("button", { name: "Show the first 25" }).click();
        expect(await names.count()).toBe(25);
      },
    );
  });

  it("tells before the first event what it waits for, and fills itself with the first one", async () => {
    await onPage(
      browser,
      ({ views }) => {
        views.live = aLiveSnapshot({ eventTimeMs: null, teams: [], chart: [] });
        views.state = "starting";
        views.parts = [{ name: "source", ok: false, detail: "waiting for topic token-usage" }];
      },
      async ({ page }, { views, pace }) => {
        expect(await page.getByText("No events yet").isVisible()).toBe(true);
        expect(await page.getByText("waiting for topic token-usage").isVisible()).toBe(true);
        expect(await page.getByRole("table").isVisible()).toBe(false);

        views.live = aLiveSnapshot();
        await pace.advance(1000);

        await page.getByRole("table").waitFor();
        expect(await page.getByText("No events yet").isVisible()).toBe(false);
      },
    );
  });

  it("says which part is in trouble", async () => {
    await onPage(
      browser,
      () => undefined,
      async ({ page }, { views, pace }) => {
        views.parts = [{ name: "store", ok: false, detail: "connection refused" }];
        await pace.advance(1000);

        await page.getByText("store: connection refused").waitFor();
      },
    );
  });

  it.each([
    { width: 390, height: 844, colorScheme: "dark" as const },
    { width: 768, height: 1024 },
    { width: 1280, height: 900 },
  ])("fits a window of $width pixels without scrolling sideways", async (options) => {
    const scope = { team: "a".repeat(128), user: "b".repeat(128) };
    await onPage(
      browser,
      ({ views }) => {
        views.live = aLiveSnapshot({
          teams: [
            ...manyTeams(30),
            aTeamNow({ team: "c".repeat(128), actualUsdToday: 98_765_432.1, incidentId: "i" }),
          ],
          incidents: [anIncident({ id: "i", scope }), anIncident({ id: "j", state: "resolved" })],
          chart: aDayChart({ usdPerStep: 4000, spikeFrom: 280, spikeUsd: 90_000 }),
        });
        views.feed = {
          ...views.feed,
          analystUrl: `http://127.0.0.1:8123/?query=${"q".repeat(90)}`,
        };
      },
      async ({ page }) => {
        await page.locator("#team-rows tr").first().waitFor();

        const width = await page.evaluate("document.documentElement.scrollWidth");

        expect(width).toBe(options.width);
      },
      options,
    );
  });
});

describe("the page without its server", () => {
  it("says so, keeps what it knew, and goes on when the server is back", async () => {
    await withPage(browser, {}, async ({ page }) => {
      let port = 0;
      await withFace({}, async ({ server }) => {
        port = Number(new URL(server.url).port);
        await page.goto(server.url);
        await page.locator("#team-rows tr").first().waitFor();
      });

      await page.getByText(/Connection lost .* ago: what you see is from then/).waitFor();
      expect(await page.getByText("search", { exact: true }).isVisible()).toBe(true);

      await withFace({ port }, async ({ views }) => {
        views.live = aLiveSnapshot({ teams: [aTeamNow({ team: "back-again" })] });
        await page.getByText("back-again").waitFor();
        expect(await page.locator("#lost").isVisible()).toBe(false);
      });
    });
  });

  it("still gets the state where no stream is to be had", async () => {
    await withFace({ maxStreams: 0 }, async ({ server }) => {
      await withPage(browser, {}, async ({ page }) => {
        await page.goto(server.url);

        await page.locator("#team-rows tr").first().waitFor();
        expect(await page.getByText("live", { exact: true }).isVisible()).toBe(true);
      });
    });
  });
});
