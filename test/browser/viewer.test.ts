// The chart viewer in both engines, with a real call of the plugin and with the recording of a failed call. The README shows
// the screenshots.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Host } from "../../plugin/host/host.ts";
import { type Pair, startPair } from "../../plugin/host/pair.ts";
import type { Browser } from "../support/browser/browser.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import { logText, recordCall } from "../support/charts/recorded-call.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";

const SCREENSHOTS = fileURLToPath(new URL("../out/screenshots/", import.meta.url));
const id = (testId: string): string => `[data-testid="${testId}"]`;
const DEVICES = { camera: "test-pattern", microphone: "tone", speaker: "none" } as const;

/** @returns the chart viewer's address, with the token from the call page's address */
const chartViewerUrl = ({ url }: Host): string => url.replace("/#", "/charts#");

/** Sets the file as the file dialog does, which a test cannot control. */
async function openFile(browser: Browser, name: string, text: string): Promise<void> {
  await browser.execute(
    (field, name, text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name));
      const input = document.querySelector<HTMLInputElement>(field);
      if (!input) return;
      input.files = transfer.files;
      input.dispatchEvent(new Event("change"));
    },
    id("file"),
    name,
    text,
  );
}

async function press(browser: Browser, key: string, code = key): Promise<void> {
  await browser.execute(
    (key, code) =>
      void document.body.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true })),
    key,
    code,
  );
}

/** Waits until the list shows an actor in a state. */
const isInState = (browser: Browser, chart: string, value: string) =>
  browser.waitFor(`${id("actor")}[data-actor*="${chart}"][data-value^="${value}"]`);

/** Waits until a drawing shows a state as active. */
const isLit = (browser: Browser, state: string) =>
  browser.waitFor(`.state.active[data-state="${state}"] .frame`);

for (const start of [startWebKit, startChromium]) {
  describe(`the chart viewer under ${start.name}`, () => {
    let pair: Pair;
    let browser: Browser;
    before(async () => {
      mkdirSync(SCREENSHOTS, { recursive: true });
      pair = await startPair({ devices: DEVICES, settings: { picture: SMALL_PICTURE } });
      browser = await start();
      await browser.resize(1500, 950);
    });
    after(async () => {
      await browser?.close();
      await pair?.stop();
    });

    test("explains the debugging setting while it is off, and connects when it is switched on", async () => {
      await browser.open(chartViewerUrl(pair.alice));
      await browser.waitFor(`.head[data-state="off"]`);
      assert.match(await browser.text(id("notice")), /the setting “debugging” is off/);
      await pair.alice.updateSettings({ debugging: true });
      await browser.waitFor(`.head[data-state="live"]`);
      await isInState(browser, "callManager", "open");
      await isLit(browser, "callManager.open");
    });

    test("highlights the states of a call as the real plugin enters them", async () => {
      const peerId = pair.bob.state.signalling?.peerId ?? "";
      const incoming = new Promise<string>((resolve) => {
        pair.bob.plugin.onNotification("call.incoming", ({ callId }) => resolve(callId));
      });
      const { callId } = await pair.alice.plugin.request("call.start", { peerId, media: "video" });
      await incoming;
      await isInState(browser, `call:${callId}`, "awaitingAccept.ringing");
      await isLit(browser, "call.awaitingAccept.ringing");
      await browser.waitFor(`.waiting[data-wait*="ringTimeout"]`);
      assert.match(await countdown(browser, "ringTimeout"), /\d+\.\d s/);
      await pair.bob.plugin.request("call.accept", { callId });
      await isInState(browser, `call:${callId}"][data-depth="1`, "active.connected");
      await isLit(browser, "call.active.connected");
      await isLit(browser, "link.connected");
      const dark = await browser.execute(
        () => document.querySelectorAll('[data-state="call.placing"].active').length,
      );
      assert.equal(dark, 0);
      assert.deepEqual(await activeIn(browser, "/link"), ["link", "link.connected"]);
      await browser.waitFor(`.way.possible[data-source="link.connected"]`);
      // Every new candidate can change which transition it is.
      await browser.waitFor(`${id("chart")}[data-actor$="/link"] .taken`);
      await press(browser, "a");
      await browser.screenshot(join(SCREENSHOTS, `viewer-call-${browser.name}.png`));
    });

    test("lists the messages, pauses, and steps through events by keys", async () => {
      await press(browser, "m");
      for (const name of ["call-request", "call-offer"]) {
        await browser.waitFor(`${id("message")}[data-name="${name}"][data-direction="out"]`);
      }
      await browser.waitFor(`${id("message")}[data-name="call-ack"][data-direction="in"]`);
      await press(browser, "m");
      await press(browser, " ");
      await browser.waitForSource(`() => document.querySelector('${id("live")}').textContent === "Follow"`);
      const last = await placeOf(browser);
      await press(browser, "Home");
      await browser.waitFor(`${id("moment")}:not([data-place="${last}"])`);
      const first = await placeOf(browser);
      assert.ok(first < last);
      await isInState(browser, "attach", "running");
      await press(browser, "ArrowDown");
      await browser.waitFor(`${id("moment")}:not([data-place="${first}"])`);
      assert.ok((await placeOf(browser)) > first);
      await press(browser, "2", "Digit2");
      await browser.waitFor(`${id("chart")}[data-actor="callManager"]`);
      await press(browser, " ");
      await isInState(browser, "/link", "connected");
    });

    test("shows an event's payload and effects, and why an event was refused", async () => {
      await filter(browser, "kept back");
      await browser.click(`${id("event")}.refused`);
      await detailsMatch(browser, /refused\s+kept back by/);
      await filter(browser, "signal.ringing");
      await browser.click(`${id("event")}:not([hidden])`);
      await detailsMatch(browser, /left\s+call\.(placing|awaitingAccept\.requested)/);
      await detailsMatch(browser, /entered\s+call\.awaitingAccept/);
      await browser.click(`${id("payload")} summary`);
      assert.match(await browser.text(`${id("payload")} pre`), /"type": "signal\.ringing"/);
    });

    test("opens a recording of a failed call, and highlights the state in which it failed", async () => {
      const { entries, callId } = await recordCall({ fails: true });
      await openFile(browser, "a call.charts.jsonl", logText(entries));
      await browser.waitFor(`.head[data-state="file"]`);
      await isInState(browser, `call:${callId}`, "ended");
      await isLit(browser, "link.failed");
      await filter(browser, "xstate.error.actor");
      await browser.click(`${id("event")}:not([hidden])`);
      await detailsMatch(browser, /entered\s+link\.failed/);
      await isLit(browser, "link.failed");
      await filter(browser, "");
      await browser.screenshot(join(SCREENSHOTS, `viewer-recorded-${browser.name}.png`));
    });

    test("follows the ICE restart after the other side stops responding", async () => {
      await browser.click(id("watch"));
      await isInState(browser, "/link", "connected");
      process.kill(pair.bob.pid ?? 0, "SIGSTOP");
      try {
        await isInState(browser, "/link", "recovering");
        await browser.waitFor(`.state.active[data-state="call.active.reconnecting"]`);
        await browser.waitFor(".waiting .left");
        await browser.screenshot(join(SCREENSHOTS, `viewer-reconnecting-${browser.name}.png`));
      } finally {
        process.kill(pair.bob.pid ?? 0, "SIGCONT");
      }
      await isInState(browser, "/link", "connected");
    });
  });
}

const placeOf = (browser: Browser) =>
  browser.execute(() => Number(document.querySelector<HTMLElement>('[data-testid="moment"]')?.dataset.place));

/** Waits, because the page draws once per animation frame. */
const detailsMatch = (browser: Browser, expected: RegExp) =>
  browser.waitForSource(
    `() => ${expected}.test(document.querySelector(${JSON.stringify(id("detail-facts"))})?.innerText ?? "")`,
  );

async function activeIn(browser: Browser, actor: string): Promise<string[]> {
  const active = await browser.execute(
    (actor) =>
      document.querySelector<HTMLElement>(`[data-testid="chart"][data-actor$="${actor}"]`)?.dataset.active,
    actor,
  );
  return (active ?? "").split(" ");
}

async function filter(browser: Browser, text: string): Promise<void> {
  await browser.execute(
    (field, text) => {
      const element = document.querySelector<HTMLInputElement>(field);
      if (!element) return;
      element.value = text;
      element.dispatchEvent(new Event("input"));
    },
    id("filter-text"),
    text,
  );
}

/** Reads the text of an SVG drawing. */
const countdown = (browser: Browser, delay: string) =>
  browser.execute(
    (delay) => document.querySelector(`.waiting[data-wait*="${delay}"] .left`)?.textContent ?? "",
    delay,
  );
