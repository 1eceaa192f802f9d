// The set-up of every test of the call page: one Chromium for the file, and a scripted host and a page for each test.

import { after, afterEach, before, beforeEach } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import type { ScriptStep } from "../fakes/scripted-data.ts";
import { BOB, CAROL, contact, type ScriptedHost, startScriptedHost } from "../fakes/scripted-host.ts";
import { type CallPage, launchChromium, openCallPage } from "./call-page.ts";

interface CallPageSuite {
  /** The page of the running test. */
  page(): Page;
  at(testId: string): Locator;
  text(testId: string): Promise<string>;
  /** Resolves when the call has this phase. */
  showsPhase(phase: string): Promise<void>;
  /** Resolves when the canvas of this source is visible. */
  showsVideo(source: "remote" | "local"): Promise<void>;
  script(step: ScriptStep): void;
  /** Resolves with the first request to the plugin, past or future, that matches. */
  requested(pattern: RegExp): Promise<string>;
  forgetRequests(): void;
  /** Every message that the page has sent to its host, as JSON text. */
  sentMessages(): readonly string[];
  /** Accepts errors on the page's console that the test itself causes. */
  ignoreErrors(pattern: RegExp): void;
  scripted(): ScriptedHost;
  browser(): Browser;
}

/** Registers the hooks in the calling suite. Bob and Carol are contacts, and Carol is not reachable. */
export function useCallPage(): CallPageSuite {
  let browser: Browser | undefined;
  let scripted: ScriptedHost | undefined;
  let open: CallPage | undefined;
  const inTest = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("call this only inside a test");
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
    open = await openCallPage(inTest(browser), scripted.host.url);
    await open.at(`contact-${BOB}`).waitFor();
  });
  afterEach(async () => {
    await open?.close();
    await scripted?.host.stop();
  });
  const at = (testId: string): Locator => inTest(open).at(testId);
  return {
    page: () => inTest(open).page,
    at,
    text: async (testId) => (await at(testId).textContent()) ?? "",
    showsPhase: (phase) =>
      at("call-phase")
        .and(inTest(open).page.locator(`[data-phase="${phase}"]`))
        .waitFor({ state: "attached" }),
    showsVideo: (source) =>
      at(`${source}-canvas`).and(inTest(open).page.locator('[data-shown="true"]')).waitFor(),
    script: (step) => inTest(scripted).script(step),
    requested: (pattern) => inTest(scripted).asked(pattern),
    forgetRequests: () => inTest(scripted).forget(),
    sentMessages: () => inTest(open).sentMessages(),
    ignoreErrors: (pattern) => inTest(open).ignoreErrors(pattern),
    scripted: () => inTest(scripted),
    browser: () => inTest(browser),
  };
}
