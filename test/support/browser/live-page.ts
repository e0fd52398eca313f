import { expect } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { withFace, type Face } from "../http-face.ts";
import { withPage, type PageOptions, type TestPage } from "./browser.ts";

/** The page, opened on a server of its own; fails on anything that the console complains of. */
export async function onPage(
  browser: Browser,
  prepare: (face: Face) => void,
  use: (test: TestPage, face: Face) => Promise<void>,
  options: PageOptions = {},
): Promise<void> {
  await withFace({}, async (face) => {
    prepare(face);
    await withPage(browser, options, async (test) => {
      await test.page.goto(face.server.url);
      await test.page.getByText(/^(live|starting)$/).waitFor();
      await use(test, face);
      expect(test.troubles).toEqual([]);
      expect(test.requests.filter((url) => !url.startsWith(`${face.server.url}/`))).toEqual([]);
    });
  });
}

/** What a row of the table says, cell by cell. */
export async function rowOf(page: Page, team: string): Promise<string[]> {
  const row = page.getByRole("row").filter({ has: page.getByText(team, { exact: true }) });
  const cells = await row.locator("th, td").allInnerTexts();
  return cells.map((cell) => cell.replaceAll(/\s+/g, " ").trim());
}
