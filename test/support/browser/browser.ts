// What a browser test may do with a page, whichever engine draws it, so that one test runs against both.
// It must not know how an engine is driven: that is in the two drivers.
import { setTimeout as delay } from "node:timers/promises";

/** What a driver offers; everything else is built on it. */
export interface Engine {
  readonly name: "webkit" | "chromium";
  navigate(url: string): Promise<void>;
  /** Calls a function, given as source text, in the page and awaits what it returns. @throws Error what it throws */
  call(functionSource: string, args: readonly unknown[]): Promise<unknown>;
  /** A real pointer click at the middle of the first match. */
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
  /** Waits for the element, then clicks it as a user would. */
  click(selector: string): Promise<void>;
  /** Waits for the element, then types into it. */
  type(selector: string, text: string): Promise<void>;
  /** The text that the first match shows; waits for the element. */
  text(selector: string): Promise<string>;
  /** Waits until a selector matches a shown element, or a function run in the page returns something true. */
  waitFor(condition: string | (() => unknown), limitMs?: number): Promise<void>;
  /** The same for a function that is given as source text. */
  waitForSource(functionSource: string, limitMs?: number): Promise<void>;
  /** Runs a self-contained function in the page; a promise that it returns is awaited. */
  execute<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
    ...args: Args
  ): Promise<Awaited<Result>>;
  /** Runs a function that is given as source text. */
  executeSource(functionSource: string, ...args: unknown[]): Promise<unknown>;
  resize(width: number, height: number): Promise<void>;
  screenshot(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Also a busy two-core machine shows an element within this time; waiting longer hides a fault. */
export const DEFAULT_WAIT_MS = 20_000;
const POLL_MS = 30;

/** @returns the interface for tests over a driver */
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
      // The page's answer is JSON: what type it has is the caller's claim.
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
      // The page may be loading: only the last error tells.
      lastError = error;
    }
    await delay(POLL_MS);
  }
  const page = await engine.call(String(describePage), []).catch(() => "(the page does not answer)");
  const what = args.length > 0 ? `the element ${args[0]}` : source;
  throw new Error(`${engine.name}: waited ${limitMs} ms in vain for ${what}; the page: ${page}`, {
    cause: lastError,
  });
}

// The functions below run in the page and must not use anything around them.

function isShown(selector: string): boolean {
  const element = document.querySelector(selector);
  return element !== null && element.getClientRects().length > 0;
}

function readText(selector: string): string {
  const element = document.querySelector(selector);
  // biome-ignore lint/performance/useDomNodeTextContent: what a user sees, without hidden parts
  return element instanceof HTMLElement ? element.innerText : "";
}

function describePage(): string {
  // biome-ignore lint/performance/useDomNodeTextContent: what a user sees, without hidden parts
  return `${location.href} “${document.body?.innerText.slice(0, 1500)}”`;
}
