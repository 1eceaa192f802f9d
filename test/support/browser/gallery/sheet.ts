// Shows the states of the call page one after the other on a sheet, and takes pictures of it.

import { readFile } from "node:fs/promises";
import type { ScriptStep } from "../../fakes/scripted-data.ts";
import { type ScriptedHost, startScriptedHost } from "../../fakes/scripted-host.ts";
import type { Browser } from "../browser.ts";
import { startChromium } from "../chromium.ts";
import { startWebKit } from "../webkit.ts";
import { callId, type GalleryState } from "./gallery-state.ts";
import { findMisplacedSource } from "./geometry.ts";
import { type SheetServer, sheetSize, startSheetServer } from "./sheet-server.ts";
import { contacts } from "./states.ts";

/** How large the kept pictures are painted. */
const KEPT_SCALE = 0.5;
const PAUSE_MS = 40;

/** Both engines, with a display that is large enough for the sheet. */
export const engines = {
  chromium: () => startChromium(),
  webkit: () => startWebKit({ displaySize: [1600, 1000] }),
};

export class Sheet {
  readonly #browser: Browser;
  readonly #scripted: ScriptedHost;
  readonly #server: SheetServer;

  private constructor(browser: Browser, scripted: ScriptedHost, server: SheetServer) {
    this.#browser = browser;
    this.#scripted = scripted;
    this.#server = server;
  }

  /** Opens the sheet in a browser, which the caller closes after the sheet. */
  static async open(browser: Browser, scale = KEPT_SCALE): Promise<Sheet> {
    const scripted = await startScriptedHost();
    const server = await startSheetServer(scripted.host.url);
    const sheet = new Sheet(browser, scripted, server);
    const { width, height } = sheetSize(scale);
    await browser.resize(width, height);
    await browser.open(server.url(scale));
    // WebKitGTK sizes the window with its bars, Chromium the page.
    const [innerWidth, innerHeight] = await browser.execute(
      () => [window.innerWidth, window.innerHeight] as const,
    );
    await browser.resize(2 * width - innerWidth, 2 * height - innerHeight);
    scripted.script({ do: "stillPictures" });
    await sheet.#untilShown(["own-name"]);
    await browser.execute(stopMotion);
    return sheet;
  }

  /** Shows a state that follows any other one but the end of the host. */
  async show(state: GalleryState): Promise<void> {
    await this.#browser.execute(clearPages);
    const hasOwnContacts = state.endsHost || state.steps.some((step) => step.do === "contacts");
    for (const step of hasOwnContacts ? state.steps : [contacts(), ...state.steps])
      this.#scripted.script(step);
    if (state.endsHost) await this.#scripted.host.stop();
    for (const testId of state.clicks ?? []) {
      await this.#browser.waitForSource(`() => (${isEverythingThere})(${JSON.stringify(testId)})`);
      await this.#browser.execute(clickEverywhere, testId);
    }
    await this.#untilShown(state.shows);
    for (const text of state.texts ?? []) {
      await this.#browser.waitForSource(`() => (${isTextEverywhere})(${JSON.stringify(text)})`);
    }
    await this.#settle();
  }

  /** Ends what the state began. */
  async leave(state: GalleryState): Promise<void> {
    if (state.endsHost) return;
    const hasCall =
      state.steps.some((step) => step.do === "call") && !state.steps.some((step) => step.do === "end");
    const steps: ScriptStep[] = hasCall
      ? [{ do: "end", callId, reason: "superseded", endedBy: "local", replacedBy: "none" }]
      : [];
    if (state.steps.some((step) => step.do === "availability")) {
      steps.push({ do: "availability", availability: { videoDisabled: false } });
    }
    for (const step of steps) this.#scripted.script(step);
  }

  /** @returns what overlaps, is cut, or is wider than its box, with the page's width and scheme */
  async misplaced(): Promise<string[]> {
    const found = await this.#browser.executeSource(findMisplacedSource);
    if (!Array.isArray(found)) throw new Error(`the geometry check returned ${String(found)}`);
    return found.map(String);
  }

  /** @returns the texts of all visible notices of a call, without repetition */
  notices(): Promise<string[]> {
    return this.#browser.execute(readNotices);
  }

  /** @returns the violations that axe-core finds in the narrow dark page and in the wide light one */
  async violations(): Promise<string[]> {
    await this.#browser.execute(loadAxe);
    return await this.#browser.execute(runAxe);
  }

  /** Breaks the pages by a style, until the returned function is called. */
  async damage(css: string): Promise<() => Promise<void>> {
    await this.#browser.execute(setDamage, css);
    return async () => await this.#browser.execute(setDamage, "");
  }

  /** @returns a PNG of the whole sheet */
  async picture(path: string): Promise<Buffer> {
    await this.#browser.screenshot(path);
    return await readFile(path);
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#scripted.host.stop();
  }

  #untilShown(testIds: readonly string[]): Promise<void> {
    return this.#browser.waitForSource(`() => (${isEverythingShown})(${JSON.stringify(testIds)})`);
  }

  /** Waits until two looks at the pages find everything at the same place. */
  async #settle(): Promise<void> {
    let last = "";
    for (;;) {
      const now = await this.#browser.execute(describeLayout, PAUSE_MS);
      if (now === last) return;
      last = now;
    }
  }
}

// The functions below run on the sheet, so they use nothing from this module.

/** Only one of the six pages can have the focus, so none shows it. The style sheets' answer to the user's preferences is fixed, since only one engine lets tests choose it. */
function stopMotion(): void {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    if (!page) continue;
    for (const sheet of page.styleSheets) {
      for (const rule of [...sheet.cssRules]) {
        const media = "media" in rule ? (rule as CSSMediaRule).media : undefined;
        if (!media?.mediaText.includes("prefers-color-scheme")) continue;
        media.mediaText = frame.dataset.scheme === "dark" ? "all" : "not all";
      }
    }
    const style = page.createElement("style");
    style.textContent = `* { animation: none !important; transition: none !important; caret-color: transparent !important; outline: none !important }`;
    page.head.append(style);
    page.documentElement.style.colorScheme = frame.dataset.scheme ?? "";
  }
}

function setDamage(css: string): void {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    const style = page?.getElementById("damage") ?? page?.createElement("style");
    if (!page || !style) continue;
    style.id = "damage";
    style.textContent = css;
    page.head.append(style);
  }
}

function clearPages(): void {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    for (const dialog of page?.querySelectorAll("dialog") ?? []) dialog.close();
    page?.querySelector<HTMLElement>("[popover]")?.hidePopover();
    page?.querySelector<HTMLElement>('[data-testid="end-dismiss"]')?.click();
  }
}

function isEverythingShown(testIds: string[]): boolean {
  return [...document.querySelectorAll("iframe")].every((frame) =>
    testIds.every((testId) => {
      const all = frame.contentDocument?.querySelectorAll<HTMLElement>(`[data-testid="${testId}"]`) ?? [];
      return [...all].some((part) =>
        part.checkVisibility({ visibilityProperty: true, opacityProperty: true }),
      );
    }),
  );
}

function isTextEverywhere(text: string): boolean {
  return [...document.querySelectorAll("iframe")].every((frame) =>
    frame.contentDocument?.body.textContent.includes(text),
  );
}

/** Some buttons are for wide pages only. A click works on all. */
function isEverythingThere(testId: string): boolean {
  return [...document.querySelectorAll("iframe")].every((frame) => {
    const part = frame.contentDocument?.querySelector(`[data-testid="${testId}"]`);
    return part !== null && part !== undefined && part.closest("[hidden], dialog:not([open])") === null;
  });
}

function clickEverywhere(testId: string): void {
  for (const frame of document.querySelectorAll("iframe")) {
    frame.contentDocument?.querySelector<HTMLElement>(`[data-testid="${testId}"]`)?.click();
  }
}

async function describeLayout(pauseMs: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  const pages = [...document.querySelectorAll("iframe")].map((frame) => {
    const parts = [...(frame.contentDocument?.body.querySelectorAll("*") ?? [])];
    return parts.map((part) => {
      const { x, y, width, height } = part.getBoundingClientRect();
      return `${part.getAttribute("data-shown")} ${x} ${y} ${width} ${height}`;
    });
  });
  return JSON.stringify(pages);
}

function readNotices(): string[] {
  const pages = [...document.querySelectorAll("iframe")].map((frame) => frame.contentDocument);
  const notes = pages.flatMap((page) => [...(page?.querySelectorAll<HTMLElement>(".notes > *") ?? [])]);
  const textOf = (part: HTMLElement) => [...part.childNodes].map(({ textContent }) => textContent).join(" ");
  return [...new Set(notes.filter((part) => part.checkVisibility()).map(textOf))];
}

async function loadAxe(): Promise<void> {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    if (!page || page.getElementById("axe")) continue;
    const script = page.createElement("script");
    script.id = "axe";
    script.src = "/axe.js";
    const loaded = new Promise((resolve) => script.addEventListener("load", resolve));
    page.head.append(script);
    await loaded;
  }
}

async function runAxe(): Promise<string[]> {
  interface Axe {
    run(
      page: Document,
      options: object,
    ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
  }
  const found: string[] = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const { width, scheme } = frame.dataset;
    if (`${width} ${scheme}` !== "360 dark" && `${width} ${scheme}` !== "1400 light") continue;
    const view = frame.contentWindow as (Window & { axe?: Axe }) | null;
    if (!view?.axe) continue;
    // The two halves of the sheet are one page each, not parts of a page.
    const { violations } = await view.axe.run(view.document, { resultTypes: ["violations"], iframes: false });
    for (const { id, nodes } of violations) {
      for (const { html, failureSummary } of nodes) {
        found.push(`${width} ${scheme}: ${id}: ${html.slice(0, 200)}: ${failureSummary}`);
      }
    }
  }
  return found;
}
