// What every test of the call page needs around it: one Chromium for the file, a scripted host and a page for each test.

import { after, afterEach, before, beforeEach } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { BOB, CAROL, contact, type ScriptedHost, startScriptedHost } from "../fakes/scripted-host.ts";
import type { ScriptStep } from "../fakes/scripted-plugin.ts";
import { type CallPage, launchChromium, openCallPage } from "./call-page.ts";

export interface CallPageSuite {
  /** The page of the test that runs. */
  page(): Page;
  at(testId: string): Locator;
  text(testId: string): Promise<string>;
  /** The call's phase line, once it shows this phase. */
  showsPhase(phase: string): Promise<void>;
  /** Resolves when the canvas of that source shows pictures. */
  showsVideo(source: "remote" | "local"): Promise<void>;
  script(step: ScriptStep): void;
  requested(pattern: RegExp): Promise<string>;
  forgetRequests(): void;
  /** Faults on the page's console that the test itself brought about. */
  ignoreErrors(pattern: RegExp): void;
  scripted(): ScriptedHost;
  browser(): Browser;
}

/** Registers the hooks in the suite that calls it. Bob and Carol are contacts; Carol is not reachable. */
export function useCallPage(): CallPageSuite {
  let browser: Browser | undefined;
  let scripted: ScriptedHost | undefined;
  let open: CallPage | undefined;
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("only inside a test");
    return value;
  };
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    scripted = await startScriptedHost();
    scripted.script({
      do: "contacts",
      contacts: [contact(BOB, "Bob Cratchit"), contact(CAROL, "Carol", false)],
    });
    open = await openCallPage(there(browser), scripted.host.url);
    await open.at(`contact-${BOB}`).waitFor();
  });
  afterEach(async () => {
    await open?.close();
    await scripted?.host.stop();
  });
  const at = (testId: string): Locator => there(open).at(testId);
  return {
    page: () => there(open).page,
    at,
    text: async (testId) => (await at(testId).textContent()) ?? "",
    showsPhase: (phase) =>
      at("call-phase")
        .and(there(open).page.locator(`[data-phase="${phase}"]`))
        .waitFor({ state: "attached" }),
    showsVideo: (source) =>
      at(`${source}-canvas`).and(there(open).page.locator('[data-shown="true"]')).waitFor(),
    script: (step) => there(scripted).script(step),
    requested: (pattern) => there(scripted).asked(pattern),
    forgetRequests: () => there(scripted).forget(),
    ignoreErrors: (pattern) => there(open).ignoreErrors(pattern),
    scripted: () => there(scripted),
    browser: () => there(browser),
  };
}
