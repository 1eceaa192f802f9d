// Chromium with the call page of one host: finds parts by their test ids, and takes pictures of every state for people.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const pictures = fileURLToPath(new URL("../out/screenshots/", import.meta.url));
const WAIT_MS = 10_000;

export interface CallPage {
  readonly page: Page;
  at(testId: string): Locator;
  close(): Promise<void>;
}

/** Debian's Chromium, without network use of its own. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Opens a page of its own profile; an error on the page's console fails `close`. */
export async function openCallPage(browser: Browser, url: string): Promise<CallPage> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return {
    page,
    at: (testId) => page.getByTestId(testId),
    async close() {
      await context.close();
      if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join("; ")}`);
    },
  };
}

/** Narrow and wide, light and dark; leaves the page wide and light. */
export async function takePictures(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [width, height] of [
      [360, 720],
      [1400, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: `${pictures}${name}-${width}-${colorScheme}.png` });
    }
  }
}
