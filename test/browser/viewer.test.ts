// The chart viewer in both engines while a real plugin calls another one: what it shows is read from the page, and a
// recording is opened and gone through. The pictures are for people; the README has them.

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

/** The viewer's address, with the token that the call page has in its own. */
const viewerUrl = ({ url }: Host): string => url.replace("/#", "/charts#");

/** As the dialog does it that only people can use. */
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
const standsIn = (browser: Browser, chart: string, value: string) =>
  browser.waitFor(`${id("actor")}[data-actor*="${chart}"][data-value^="${value}"]`);

/** Waits until a state is lit in a drawing, and nothing that is not active is. */
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

    test("says how it is switched on while debugging is off, and begins by itself once it is on", async () => {
      await browser.open(viewerUrl(pair.alice));
      await browser.waitFor(`.head[data-state="off"]`);
      assert.match(await browser.text(id("notice")), /the setting “debugging” is off/);
      await pair.alice.updateSettings({ debugging: true });
      await browser.waitFor(`.head[data-state="live"]`);
      await standsIn(browser, "callManager", "open");
      await isLit(browser, "callManager.open");
    });

    test("lights the states of a call as the real plugin goes through them", async () => {
      const peerId = pair.bob.state.signalling?.peerId ?? "";
      const incoming = new Promise<string>((resolve) => {
        pair.bob.plugin.onNotification("call.incoming", ({ callId }) => resolve(callId));
      });
      const { callId } = await pair.alice.plugin.request("call.start", { peerId, media: "video" });
      await incoming;
      await standsIn(browser, `call:${callId}`, "awaitingAccept.ringing");
      await isLit(browser, "call.awaitingAccept.ringing");
      await browser.waitFor(`.waiting[data-wait*="ringTimeout"]`);
      assert.match(await countdown(browser, "ringTimeout"), /\d+\.\d s/);
      await pair.bob.plugin.request("call.accept", { callId });
      await standsIn(browser, `call:${callId}"][data-depth="1`, "active.connected");
      await isLit(browser, "call.active.connected");
      await isLit(browser, "link.connected");
      const dark = await browser.execute(
        () => document.querySelectorAll('[data-state="call.placing"].active').length,
      );
      assert.equal(dark, 0);
      assert.deepEqual(await activeIn(browser, "/link"), ["link", "link.connected"]);
      await browser.waitFor(`.way.possible[data-source="link.connected"]`);
      // Which one it is changes with every candidate that still comes.
      await browser.waitFor(`${id("chart")}[data-actor$="/link"] .taken`);
      await press(browser, "a");
      await browser.screenshot(join(SCREENSHOTS, `viewer-call-${browser.name}.png`));
    });

    test("tells what was said, holds the moment, and goes back and forth between events by keys", async () => {
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
      await standsIn(browser, "attach", "running");
      await press(browser, "ArrowDown");
      await browser.waitFor(`${id("moment")}:not([data-place="${first}"])`);
      assert.ok((await placeOf(browser)) > first);
      await press(browser, "2", "Digit2");
      await browser.waitFor(`${id("chart")}[data-actor="callManager"]`);
      await press(browser, " ");
      await standsIn(browser, "/link", "connected");
    });

    test("shows an event's payload, what it caused, and why one was refused", async () => {
      await filter(browser, "kept back");
      await browser.click(`${id("event")}.refused`);
      await saysOfEvent(browser, /refused\s+kept back by/);
      await filter(browser, "signal.ringing");
      await browser.click(`${id("event")}:not([hidden])`);
      await saysOfEvent(browser, /left\s+call\.(placing|awaitingAccept\.requested)/);
      await saysOfEvent(browser, /entered\s+call\.awaitingAccept/);
      await browser.click(`${id("payload")} summary`);
      assert.match(await browser.text(`${id("payload")} pre`), /"type": "signal\.ringing"/);
    });

    test("opens a recording of a call that failed, and lights where it failed", async () => {
      const { entries, callId } = await recordCall({ fails: true });
      await openFile(browser, "a call.charts.jsonl", logText(entries));
      await browser.waitFor(`.head[data-state="file"]`);
      await standsIn(browser, `call:${callId}`, "ended");
      await isLit(browser, "link.failed");
      await filter(browser, "xstate.error.actor");
      await browser.click(`${id("event")}:not([hidden])`);
      await saysOfEvent(browser, /entered\s+link\.failed/);
      await isLit(browser, "link.failed");
      await filter(browser, "");
      await browser.screenshot(join(SCREENSHOTS, `viewer-recorded-${browser.name}.png`));
    });

    test("follows the link's search for a new path after the other side fell silent", async () => {
      await browser.click(id("watch"));
      await standsIn(browser, "/link", "connected");
      process.kill(pair.bob.pid ?? 0, "SIGSTOP");
      try {
        await standsIn(browser, "/link", "recovering");
        await browser.waitFor(`.state.active[data-state="call.active.reconnecting"]`);
        await browser.waitFor(".waiting .left");
        await browser.screenshot(join(SCREENSHOTS, `viewer-reconnecting-${browser.name}.png`));
      } finally {
        process.kill(pair.bob.pid ?? 0, "SIGCONT");
      }
      await standsIn(browser, "/link", "connected");
    });
  });
}

const placeOf = (browser: Browser) =>
  browser.execute(() => Number(document.querySelector<HTMLElement>('[data-testid="moment"]')?.dataset.place));

/** The page draws once a frame: what a click shows is there a little later. */
const saysOfEvent = (browser: Browser, expected: RegExp) =>
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

/** Text of a drawing, which is no HTML. */
const countdown = (browser: Browser, delay: string) =>
  browser.execute(
    (delay) => document.querySelector(`.waiting[data-wait*="${delay}"] .left`)?.textContent ?? "",
    delay,
  );
