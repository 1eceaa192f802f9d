// A client for the part of the WebDriver protocol (W3C, https://www.w3.org/TR/webdriver2/) that the tests need, for any browser.
import { writeFile } from "node:fs/promises";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";
import type { Engine } from "./browser.ts";

/** The standard's key for the reference of an element. */
const ELEMENT_KEY = "element-6066-11e4-a52e-4f735466cecf";
const SCRIPT_LIMIT_MS = 120_000;
const CLOSE_LIMIT_MS = 3000;

type Body = Readonly<Record<string, unknown>>;

/** Sends one command. @returns its value. @throws Error with the driver's message, or when there is no answer in time */
export async function sendCommand(
  method: "GET" | "POST" | "DELETE",
  url: string,
  body?: Body,
  limitMs = HANG_LIMIT_MS,
): Promise<unknown> {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(limitMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  const value = property(answer, "value");
  if (!response.ok) {
    const name = new URL(url).pathname.split("/").slice(3).join("/");
    throw new Error(
      `WebDriver ${method} ${name}: ${property(value, "error")}: ${property(value, "message")}`,
    );
  }
  return value;
}

/** Opens a session. @returns its URL, the prefix of all its commands */
export async function openSession(driverUrl: string, capabilities: Body, limitMs: number): Promise<string> {
  const value = await sendCommand(
    "POST",
    `${driverUrl}/session`,
    { capabilities: { alwaysMatch: capabilities } },
    limitMs,
  );
  const session = `${driverUrl}/session/${property(value, "sessionId")}`;
  await sendCommand("POST", `${session}/timeouts`, { script: SCRIPT_LIMIT_MS, pageLoad: HANG_LIMIT_MS });
  return session;
}

/** @returns an engine for an open session. @param stop ends the processes of driver and browser */
export function makeWebDriverEngine(
  name: Engine["name"],
  session: string,
  stop: () => Promise<void>,
): Engine {
  const post = (path: string, body: Body) => sendCommand("POST", `${session}/${path}`, body);
  const find = async (selector: string) => {
    const element = await post("element", { using: "css selector", value: selector });
    return property(element, ELEMENT_KEY);
  };
  return {
    name,
    navigate: async (url) => void (await post("url", { url })),
    call: (source, args) => callFunction(session, source, args),
    click: async (selector) => void (await post(`element/${await find(selector)}/click`, {})),
    type: async (selector, text) => {
      const element = await find(selector);
      await post(`element/${element}/clear`, {});
      await post(`element/${element}/value`, { text });
    },
    resize: async (width, height) => void (await post("window/rect", { width, height })),
    screenshot: async (path) => {
      await callFunction(session, String(startRepainting), []);
      const png = await sendCommand("GET", `${session}/screenshot`);
      await callFunction(session, String(stopRepainting), []);
      await writeFile(path, Buffer.from(String(png), "base64"));
    },
    close: async () => {
      // The processes of a page that hangs must end too, so any error of the driver is ignored.
      await sendCommand("DELETE", session, undefined, CLOSE_LIMIT_MS).catch(() => undefined);
      await stop();
    },
  };
}

async function callFunction(session: string, source: string, args: readonly unknown[]): Promise<unknown> {
  const script = `const report = arguments[arguments.length - 1];
    Promise.resolve([...arguments].slice(0, -1)).then((given) => (${source})(...given)).then(
      (value) => report({ value: value === undefined ? null : value }),
      (error) => report({ error: String(error), stack: String(error && error.stack) }));`;
  const result = await sendCommand(
    "POST",
    `${session}/execute/async`,
    { script, args },
    SCRIPT_LIMIT_MS + HANG_LIMIT_MS,
  );
  const error = property(result, "error");
  if (error !== undefined) throw new Error(`${error}\n${property(result, "stack")}`);
  return property(result, "value");
}

// The two functions below run in the page. WebKitGTK takes a screenshot at the next repaint, so an idle page needs one. A pixel
// in the corner changes until the screenshot is taken.

function startRepainting(): void {
  const dot = document.createElement("i");
  dot.id = "goop-test-repaint";
  dot.style.cssText = "position:fixed;left:0;top:0;width:1px;height:1px;z-index:2147483647";
  document.documentElement.append(dot);
  const change = (count: number) => {
    dot.style.background = count % 2 === 0 ? "#000" : "#010101";
    if (dot.isConnected) setTimeout(change, 30, count + 1);
  };
  change(0);
}

function stopRepainting(): void {
  document.getElementById("goop-test-repaint")?.remove();
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}
