// The operations of browser tests on a page, the same for both engines, so that one test runs in both. The two drivers
// implement `Engine`.
import { setTimeout as delay } from "node:timers/promises";

/** The operations of a driver. `makeBrowser` builds all others from them. */
export interface Engine {
  readonly name: "webkit" | "chromium";
  navigate(url: string): Promise<void>;
  /** Runs a function, given as source text, in the page and awaits its result. @throws Error when the function throws */
  call(functionSource: string, args: readonly unknown[]): Promise<unknown>;
  /** Clicks with a real pointer in the middle of the first match. */
  click(selector: string): Promise<void>;
  type(selector: string, text: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** Writes a PNG. */
  screenshot(path: string): Promise<void>;
  close(): Promise<void>;
}

/** One browser with one page. */
export interface Browser {
  readonly name: Engine["name"];
  open(url: string): Promise<void>;
  /** Waits for the element, then clicks it with a real pointer. */
  click(selector: string): Promise<void>;
  /** Waits for the element, then types into it. */
  type(selector: string, text: string): Promise<void>;
  /** Waits for the element. @returns the visible text of the first match */
  text(selector: string): Promise<string>;
  /** Waits until a selector matches a visible element, or until a function in the page returns a truthy value. */
  waitFor(condition: string | (() => unknown), limitMs?: number): Promise<void>;
  /** The same for a function given as source text. */
  waitForSource(functionSource: string, limitMs?: number): Promise<void>;
  /** Runs a self-contained function in the page and awaits its result. */
  execute<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** The same for a function given as source text. */
  executeSource(functionSource: string, ...args: unknown[]): Promise<unknown>;
  resize(width: number, height: number): Promise<void>;
  screenshot(path: string): Promise<void>;
  close(): Promise<void>;
}

/** A busy machine with two cores shows an element within this time. A longer wait would hide a fault. */
export const DEFAULT_WAIT_MS = 20_000;
const POLL_MS = 30;

/** @returns the interface for tests on top of a driver */
export function makeBrowser(engine: Engine): Browser {
  const waitFor = async (condition: string | (() => unknown), limitMs = DEFAULT_WAIT_MS) => {
    const isSelector = typeof condition === "string";
    const source = String(isSelector ? isShown : condition);
    await poll(engine, source, isSelector ? [condition] : [], limitMs);
  };
  return {
    name: engine.name,
    open: (url) => engine.navigate(url),
    waitFor,
    waitForSource: (source, limitMs = DEFAULT_WAIT_MS) => poll(engine, source, [], limitMs),
    click: async (selector) => {
      await waitFor(selector);
      await engine.click(selector);
    },
    type: async (selector, text) => {
      await waitFor(selector);
      await engine.type(selector, text);
    },
    text: async (selector) => {
      await waitFor(selector);
      return String(await engine.call(String(readText), [selector]));
    },
    execute: <Args extends unknown[], Result>(work: (...args: Args) => Result, ...args: Args) =>
      // The page's answer is JSON, and the caller states its type.
      engine.call(String(work), args) as Promise<Awaited<Result>>,
    executeSource: (source, ...args) => engine.call(source, args),
    resize: (width, height) => engine.resize(width, height),
    screenshot: (path) => engine.screenshot(path),
    close: () => engine.close(),
  };
}

async function poll(
  engine: Engine,
  source: string,
  args: readonly unknown[],
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  let lastError: unknown;
  while (performance.now() < deadline) {
    try {
      if (await engine.call(source, args)) return;
    } catch (error) {
      // The page may be loading, so only the last error matters.
      lastError = error;
    }
    await delay(POLL_MS);
  }
  const page = await engine.call(String(describePage), []).catch(() => "(the page does not answer)");
  const condition = args.length > 0 ? `the element ${args[0]}` : source;
  throw new Error(`${engine.name}: waited ${limitMs} ms for ${condition}; the page: ${page}`, {
    cause: lastError,
  });
}

// The functions below run in the page, so they use nothing from this module.

function isShown(selector: string): boolean {
  const element = document.querySelector(selector);
  return element !== null && element.getClientRects().length > 0;
}

function readText(selector: string): string {
  const element = document.querySelector(selector);
  // biome-ignore lint/performance/useDomNodeTextContent: the visible text, without hidden parts
  return element instanceof HTMLElement ? element.innerText : "";
}

function describePage(): string {
  // biome-ignore lint/performance/useDomNodeTextContent: the visible text, without hidden parts
  return `${location.href} “${document.body?.innerText.slice(0, 1500)}”`;
}
