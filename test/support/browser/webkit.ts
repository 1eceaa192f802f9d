// Drives WebKitGTK, the engine of webviews on Linux, by its WebDriver: the MiniBrowser on a virtual display. Display, session
// bus, driver and browser end together on every path.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { busAddressIn, startBus } from "../desktop/private-bus.ts";
import { findFreePort } from "../network/loopback.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";
import { type Helper, raceExit, startHelper } from "../process/process-group.ts";
import { type Browser, makeBrowser } from "./browser.ts";
import { makeWebDriverEngine, openSession, sendCommand } from "./webdriver.ts";
import { startDisplay } from "./xvfb.ts";

/** How WebKitGTK is started. */
interface WebKitOptions {
  /** Accelerated compositing. Without a GPU it uses a whole core even without frames, so tests leave it off. */
  readonly isComposited?: boolean;
  /** Of the display in pixels, which limits the window. */
  readonly displaySize?: readonly [width: number, height: number];
}

type Cleanup = () => Promise<void>;

const MULTIARCH: Readonly<Record<string, string>> = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };
// A driver that cannot start its browser never answers. This limit gives a clearer error than the test's own.
const POLL_MS = 30;

/** Starts the browser with an empty profile. @throws Error when it does not start in time; all processes have ended then */
export async function startWebKit(options: WebKitOptions = {}): Promise<Browser> {
  const cleanups: Cleanup[] = [];
  const stop = async () => {
    for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) await cleanup();
  };
  try {
    const home = await mkdtemp(join(tmpdir(), "goop-webkit-"));
    cleanups.push(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));
    const display = await startDisplay(...(options.displaySize ?? []));
    cleanups.push(() => display.end());
    // If the port is in use by then, the driver exits at once and raceExit reports it.
    const port = await findFreePort();
    // The desktop's own services would outlive the browser, the portal among them.
    const bus = await startBus(home, "session");
    cleanups.push(() => bus.end());
    const driver = await startDriver(port, home, display.name, options.isComposited ?? false);
    cleanups.push(() => driver.end());
    const session = await raceExit(driver, openBrowser(`http://127.0.0.1:${port}`));
    return makeBrowser(makeWebDriverEngine("webkit", session, stop));
  } catch (error) {
    await stop();
    throw new Error("WebKitGTK did not start", { cause: error });
  }
}

async function startDriver(
  port: number,
  home: string,
  display: string,
  isComposited: boolean,
): Promise<Helper> {
  return await startHelper("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
    env: {
      DBUS_SESSION_BUS_ADDRESS: busAddressIn(home),
      DISPLAY: display,
      HOME: home,
      XDG_RUNTIME_DIR: home,
      XDG_CACHE_HOME: join(home, "cache"),
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_DATA_HOME: join(home, "data"),
      GDK_BACKEND: "x11",
      // No settings daemon and no accessibility bus, because they outlive their session and the tests do not need them.
      GSETTINGS_BACKEND: "memory",
      NO_AT_BRIDGE: "1",
      ...(isComposited ? {} : { WEBKIT_DISABLE_COMPOSITING_MODE: "1" }),
    },
  });
}

async function openBrowser(driverUrl: string): Promise<string> {
  const deadline = performance.now() + HANG_LIMIT_MS;
  while (!(await isReady(driverUrl))) {
    if (performance.now() > deadline)
      throw new Error(`no WebDriver at ${driverUrl} after ${HANG_LIMIT_MS} ms`);
    await delay(POLL_MS);
  }
  const capabilities = {
    browserName: "MiniBrowser",
    "webkitgtk:browserOptions": { binary: miniBrowserPath(), args: ["--automation"] },
  };
  return await openSession(driverUrl, capabilities, HANG_LIMIT_MS);
}

async function isReady(driverUrl: string): Promise<boolean> {
  return await sendCommand("GET", `${driverUrl}/status`).then(
    () => true,
    () => false,
  );
}

function miniBrowserPath(): string {
  const folder = MULTIARCH[process.arch];
  if (folder === undefined) throw new Error(`no MiniBrowser is known for ${process.arch}`);
  return `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`;
}
