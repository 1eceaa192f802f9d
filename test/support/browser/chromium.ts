// Drives Debian's Chromium by playwright-core. The sandbox is off, because tests may run as root, and so is its own network traffic.
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";
import { type Browser, DEFAULT_WAIT_MS, type Engine, makeBrowser } from "./browser.ts";

/** How Chromium is started. */
interface ChromiumOptions {
  /** Further command-line switches. */
  readonly args?: readonly string[];
  /** Environment of a sound server. Without it the browser is muted. */
  readonly soundEnv?: NodeJS.ProcessEnv;
  /** Keeps the browser at the priority of this process, where root's would raise it. For measurements beside other programs. */
  readonly isPlain?: boolean;
}

const PLAIN = fileURLToPath(new URL("chromium-without-priority.sh", import.meta.url));

// The browser's own tasks must not use the processor or the network while a test measures.
const quietSwitches = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts the browser with an empty profile. @throws Error when it does not start within 30 s */
export async function startChromium(options: ChromiumOptions = {}): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: options.isPlain ? PLAIN : "/usr/bin/chromium",
    args: [...quietSwitches, ...(options.args ?? [])],
    ...(options.soundEnv ? { env: options.soundEnv, ignoreDefaultArgs: ["--mute-audio"] } : {}),
    timeout: HANG_LIMIT_MS,
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.setDefaultTimeout(DEFAULT_WAIT_MS);
    return makeBrowser(makeEngine(page, () => browser.close()));
  } catch (error) {
    await browser.close();
    throw error;
  }
}

function makeEngine(page: Page, close: () => Promise<void>): Engine {
  return {
    name: "chromium",
    navigate: async (url) => {
      await page.goto(url);
    },
    // Given as text, so that the page's content security policy does not apply.
    call: (source, args) => page.evaluate(`(${source})(...${JSON.stringify(args)})`),
    click: (selector) => page.locator(selector).first().click(),
    type: (selector, text) => page.locator(selector).first().fill(text),
    resize: (width, height) => page.setViewportSize({ width, height }),
    screenshot: async (path) => {
      await page.screenshot({ path });
    },
    close,
  };
}
