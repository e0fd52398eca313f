import { chromium, type Browser, type Page } from "playwright-core";

/** Chromium without its talk to its maker's servers, as a process of ours may be root in a container. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A page under test, with all that went wrong in it. */
export interface TestPage {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors, failed requests. */
  readonly troubles: readonly string[];
  /** Every address that the page asked for. */
  readonly requests: readonly string[];
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
}

/** Starts Debian's Chromium. Close it in `afterAll`. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
}

/** Runs `use` on a page of its own, with an empty profile, and closes it whatever happens. */
export async function withPage<T>(
  browser: Browser,
  options: PageOptions,
  use: (test: TestPage) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
    colorScheme: options.colorScheme ?? "light",
  });
  try {
    const page = await context.newPage();
    const troubles: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) troubles.push(message.text());
    });
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    return await use({ page, troubles, requests });
  } finally {
    await context.close();
  }
}

/** A picture of the whole page, for a person to look at. Not a test. */
export async function screenshot(page: Page, path: string): Promise<void> {
  await page.screenshot({ path, fullPage: true });
}
