// Chromium with the call page of one host: finds parts by their test ids, and takes pictures of every state for people.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const pictures = fileURLToPath(new URL("../../out/screenshots/", import.meta.url));
const WAIT_MS = 20_000;

export interface CallPage {
  readonly page: Page;
  at(testId: string): Locator;
  /** What may stand on the page's console: faults that the test itself brought about. */
  ignoreErrors(pattern: RegExp): void;
  /** @throws when anything else did */
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

/** Opens a page with a profile of its own. */
export async function openCallPage(browser: Browser, url: string): Promise<CallPage> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  let complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return {
    page,
    at: (testId) => page.getByTestId(testId),
    ignoreErrors(pattern) {
      complaints = complaints.filter((complaint) => !pattern.test(complaint));
    },
    async close() {
      await context.close();
      if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join("; ")}`);
    },
  };
}

/**
 * Narrow and wide, light and dark; leaves the page wide and light.
 * @returns what reaches over the page's edge, by its test id or class
 */
export async function takeScreenshots(page: Page, name: string): Promise<string[]> {
  mkdirSync(pictures, { recursive: true });
  const cut: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [width, height] of [
      [360, 720],
      [1400, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      cut.push(...(await page.evaluate(findCut)).map((what) => `${what} at ${width}`));
      await page.screenshot({ path: `${pictures}${name}-${width}-${colorScheme}.png` });
    }
  }
  return cut;
}

/** Runs in the page: shown controls and texts that are not wholly inside the window, and buttons over buttons. */
function findCut(): string[] {
  const nameOf = (one: Element): string =>
    one.getAttribute("data-testid") ?? `${one.tagName}.${one.className}`;
  const inFront = document.querySelector("dialog[open]") ?? document.body;
  // What can be scrolled to is not cut; what is scrolled away is not covered.
  const isScrolled = inFront.scrollHeight > inFront.clientHeight + 1 && inFront !== document.body;
  const view = isScrolled ? inFront.getBoundingClientRect() : new DOMRect(0, 0, innerWidth, innerHeight);
  const shown = [...inFront.querySelectorAll("button, input, select, h1, h2, p, canvas")].filter(
    (one) => one.checkVisibility() && !one.matches(".announcer, .toast"),
  );
  const outside = shown.filter((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const isOver = !isScrolled && (top < -1 || bottom > innerHeight + 1);
    return isOver || left < view.left - 1 || right > view.right + 1;
  });
  const covered = shown.filter((one) => {
    if (!one.matches("button:enabled, select, input")) return false;
    const { left, top, width, height } = one.getBoundingClientRect();
    if (top < view.top || top + height > view.bottom) return false;
    const front = document.elementFromPoint(left + width / 2, top + height / 2);
    return front !== null && !one.contains(front);
  });
  return [
    ...outside.map((one) => `${nameOf(one)} is cut`),
    ...covered.map((one) => `${nameOf(one)} is covered`),
  ];
}
