import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Browser } from "playwright-core";
import { reportHtml } from "../../src/commands/backtest-html.ts";
import { backtestCommand } from "../../src/commands/backtest.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { startBrowser, withPage } from "../support/browser/browser.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";
import { HOSTILE_NAMES } from "../support/hostile-names.ts";
import { anIncident } from "../support/incident-builders.ts";
import { eventLines, officeUses, RUNAWAY, writePipeline } from "../support/office-events.ts";

let dir = "";
let browser: Browser;
const at = (name: string): string => join(dir, name);
const urlOf = (name: string): string => pathToFileURL(at(name)).href;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-html-"));
  browser = await startBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("backtest --html", () => {
  it("shows each incident with its chart, who carries it and why, and asks the network for nothing", async () => {
    writeFileSync(at("events"), eventLines(officeUses()));
    writePipeline(at("p.yaml"));
    const argv = ["--input", at("events"), "--pipeline", at("p.yaml"), "--html", at("r.html")];
    expect((await runCommand(backtestCommand, argv)).code).toBe(0);

    await withPage(browser, {}, async ({ page, troubles, requests }) => {
      await page.goto(urlOf("r.html"));
      const rows = await page.locator("table.incidents tbody tr").allInnerTexts();
      const card = page.locator("section.card").filter({ hasText: RUNAWAY.user }).first();
      const box = await card.locator("svg").boundingBox();
      const heights = await card
        .locator("svg path.actual")
        .evaluate(
          (path) => (path as unknown as { getBBox(): { height: number } }).getBBox().height,
        );

      expect(rows.some((row) => row.includes(RUNAWAY.team) && row.includes("page"))).toBe(true);
      expect(await page.locator("section.card svg").count()).toBe(rows.length);
      expect(box?.width).toBeGreaterThan(600);
      // The runaway fills the chart: a line along the bottom would show nothing.
      expect(heights).toBeGreaterThan(80);
      expect(await card.locator("svg rect.incident").count()).toBe(1);
      expect(await card.locator("table.small").first().innerText()).toMatch(
        /user\s+user-1-2\s+\d+%/,
      );
      expect(await page.locator("table.settings").innerText()).toContain("pages_per_quarter");
      await page.locator("table.incidents a").first().click();
      expect(page.url()).toContain("#inc-");
      expect(troubles).toEqual([]);
      expect(requests).toEqual([urlOf("r.html")]);
    });
  }, 120_000);

  it("shows names as they are, whatever they try", async () => {
    const incidents = HOSTILE_NAMES.map(([, name], index) =>
      anIncident({
        id: `inc-${index}`,
        scope: { department: name, team: name, user: name, tool: name },
        contributors: [
          { dimension: "user", value: name, share: 1, actualUsd: 248, expectedUsd: 40 },
        ],
      }),
    );
    const settings = {
      ...DEFAULT_DETECTION,
      overrides: HOSTILE_NAMES.map(([, team]) => ({
        scope: { team },
        pagesPerQuarter: null,
        minimumUsd: 5,
        sensitivity: null,
        timezone: null,
        muteKinds: null,
      })),
    };
    const run = { file: '"><script>alert(2)</script>.yaml', settings, incidents };
    const scale = { span: { fromMs: 0, toMs: 60_000 }, teams: 1, usd: 1 };
    writeFileSync(at("hostile.html"), reportHtml({ runs: [run, run], scale, file: null, rows: 1 }));

    expect(readFileSync(at("hostile.html"), "utf8")).not.toMatch(/<script|<img|onerror="/);
    await withPage(browser, { colorScheme: "dark", width: 400 }, async (test) => {
      await test.page.goto(urlOf("hostile.html"));
      const cards = test.page.locator("section.card");

      expect(await cards.count()).toBe(HOSTILE_NAMES.length);
      expect(await test.page.locator("script, img, iframe, object").count()).toBe(0);
      expect(await test.page.locator("table.settings th").nth(1).innerText()).toContain("<script>");
      expect(test.troubles).toEqual([]);
      expect(test.requests).toEqual([urlOf("hostile.html")]);
    });
  }, 60_000);

  it("says so where nobody would have been paged", () => {
    const run = { file: "p.yaml", settings: DEFAULT_DETECTION, incidents: [] };

    const html = reportHtml({
      runs: [run],
      scale: { span: null, teams: 0, usd: 0 },
      file: null,
      rows: 0,
    });

    expect(html).toContain("None: nobody would have been paged.");
    expect(html).toContain("nothing was there to judge");
  });

  it("draws the largest incidents where there are very many, and lists all", () => {
    const incidents = Array.from({ length: 320 }, (_, index) =>
      anIncident({ id: `inc-${index}`, excessUsd: index, chart: [] }),
    );
    const run = { file: "p.yaml", settings: DEFAULT_DETECTION, incidents };

    const html = reportHtml({
      runs: [run],
      scale: { span: null, teams: 1, usd: 0 },
      file: null,
      rows: 0,
    });

    expect(html.match(/<section/g)).toHaveLength(300);
    expect(html.match(/href="#inc-/g)).toHaveLength(300);
    expect(html.match(/<td class="scope">/g)).toHaveLength(320);
    expect(html).toContain("20 more are in the table");
    expect(html).not.toContain('id="inc-19"');
  });
});
