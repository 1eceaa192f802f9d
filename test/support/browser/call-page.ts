// Opens the call page of a host in Chromium, finds its parts by test id, and takes screenshots of every state.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const screenshots = fileURLToPath(new URL("../../out/screenshots/", import.meta.url));
const WAIT_MS = 20_000;

export interface CallPage {
  readonly page: Page;
  at(testId: string): Locator;
  /** @returns every message that the page has sent to its host, as JSON text */
  sentMessages(): readonly string[];
  /** Accepts the errors on the page's console that match; for errors that the test itself causes. */
  ignoreErrors(pattern: RegExp): void;
  /** @throws Error when the console holds any other error */
  close(): Promise<void>;
}

/** Debian's Chromium, without network traffic of its own. */
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

/** Opens a page with an empty profile. */
export async function openCallPage(browser: Browser, url: string): Promise<CallPage> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  let errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  const sent: string[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
  await page.goto(url);
  return {
    page,
    at: (testId) => page.getByTestId(testId),
    sentMessages: () => sent,
    ignoreErrors(pattern) {
      errors = errors.filter((error) => !pattern.test(error));
    },
    async close() {
      await context.close();
      if (errors.length > 0) throw new Error(`the page reported errors: ${errors.join("; ")}`);
    },
  };
}

/**
 * Takes screenshots: narrow and wide, light and dark. Leaves the page wide and light.
 * @returns the parts that do not fit into the page, by test id or class
 */
export async function takeScreenshots(page: Page, name: string): Promise<string[]> {
  mkdirSync(screenshots, { recursive: true });
  const misplaced: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [width, height] of [
      [360, 720],
      [1400, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      misplaced.push(...(await page.evaluate(findMisplaced)).map((part) => `${part} at ${width}`));
      await page.screenshot({ path: `${screenshots}${name}-${width}-${colorScheme}.png` });
    }
  }
  return misplaced;
}

/** Runs in the page. @returns shown controls and texts that reach over the window's edge, and controls that others cover */
function findMisplaced(): string[] {
  const nameOf = (part: Element): string =>
    part.getAttribute("data-testid") ?? `${part.tagName}.${part.className}`;
  const root = document.querySelector("dialog[open]") ?? document.body;
  // Parts inside a scrolled dialog can be scrolled into view, so they are neither cut nor covered.
  const isScrolled = root.scrollHeight > root.clientHeight + 1 && root !== document.body;
  const view = isScrolled ? root.getBoundingClientRect() : new DOMRect(0, 0, innerWidth, innerHeight);
  const shown = [...root.querySelectorAll("button, input, select, h1, h2, p, canvas")].filter(
    (part) =>
      part.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
      !part.matches(".announcer, .toast"),
  );
  const outside = shown.filter((part) => {
    const { left, right, top, bottom } = part.getBoundingClientRect();
    const isOver = !isScrolled && (top < -1 || bottom > innerHeight + 1);
    return isOver || left < view.left - 1 || right > view.right + 1;
  });
  const covered = shown.filter((part) => {
    if (!part.matches("button:enabled, select, input")) return false;
    const { left, top, width, height } = part.getBoundingClientRect();
    if (top < view.top || top + height > view.bottom) return false;
    const front = document.elementFromPoint(left + width / 2, top + height / 2);
    return front !== null && !part.contains(front);
  });
  return [
    ...outside.map((part) => `${nameOf(part)} is cut`),
    ...covered.map((part) => `${nameOf(part)} is covered`),
  ];
}
