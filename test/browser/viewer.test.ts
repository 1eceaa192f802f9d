// The chart viewer in both engines while a real plugin calls another one: what it shows is read from the page, and a
// recording is opened and gone through. The pictures are for people; the README has them.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Host } from "../../plugin/host/host.ts";
import { type Pair, startPair } from "../../plugin/host/pair.ts";
import type { Browser } from "../support/browser.ts";
import { startChromium } from "../support/chromium.ts";
import { logText, recordCall } from "../support/recorded-call.ts";
import { startWebKit } from "../support/webkit.ts";

const SCREENSHOTS = fileURLToPath(new URL("../out/screenshots/", import.meta.url));
const id = (testId: string): string => `[data-testid="${testId}"]`;
const DEVICES = { camera: "test-pattern", microphone: "tone", speaker: "none" } as const;

/** The viewer's address, with the token that the call page has in its own. */
const viewerUrl = ({ url }: Host): string => url.replace("/#", "/charts#");

/** A file that a page is given, without the dialog that only people can use. */
async function drop(browser: Browser, name: string, text: string): Promise<void> {
  await browser.execute(
    (name, text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], name));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
    },
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
      pair = await startPair({ devices: DEVICES });
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
      await standsIn(browser, "desk", "open");
      await isLit(browser, "desk.open");
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
      await browser.waitFor(`.taken[data-key^="link.establishing"]`);
      await browser.screenshot(join(SCREENSHOTS, `viewer-call-${browser.name}.png`));
    });

    test("tells what was said, holds the moment, and goes back and forth between events by keys", async () => {
      await press(browser, "m");
      for (const name of ["call-request", "call-offer"]) {
        await browser.waitFor(`${id("message")}[data-name="${name}"][data-direction="out"]`);
      }
      await browser.waitFor(`${id("message")}[data-name="call-ack"][data-direction="in"]`);
      await press(browser, "m");
      await press(browser, "ArrowUp");
      await press(browser, "Home");
      await standsIn(browser, "attach", "running");
      const first = Number(await placeOf(browser));
      await press(browser, "ArrowDown");
      assert.ok(Number(await placeOf(browser)) > first);
      await press(browser, "2", "Digit2");
      await browser.waitFor(`${id("chart")}[data-actor="desk"]`);
      await press(browser, " ");
      await standsIn(browser, "/link", "connected");
    });

    test("shows an event's payload, what it caused, and why one was refused", async () => {
      await filter(browser, "kept back");
      await browser.click(`${id("event")}.refused`);
      assert.match(await browser.text(id("detail-facts")), /refused\s+kept back by/);
      await filter(browser, "signal.ringing");
      await browser.click(`${id("event")}:not([hidden])`);
      const facts = await browser.text(id("detail-facts"));
      assert.match(facts, /left\s+call\.placing/);
      assert.match(facts, /entered\s+call\.awaitingAccept/);
      await browser.click(`${id("payload")} summary`);
      assert.match(await browser.text(`${id("payload")} pre`), /"type": "signal\.ringing"/);
    });

    test("opens a recording of a call that failed, and lights where it failed", async () => {
      const { entries, callId } = await recordCall({ fails: true });
      await drop(browser, "a call.charts.jsonl", logText(entries));
      await browser.waitFor(`.head[data-state="file"]`);
      await standsIn(browser, `call:${callId}`, "ended");
      await isLit(browser, "link.failed");
      await filter(browser, "negotiationFailed");
      await browser.click(`${id("event")}:not([hidden])`);
      assert.match(await browser.text(id("detail-facts")), /desk/);
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
  browser.execute(() => document.querySelector<HTMLElement>('[data-testid="moment"]')?.dataset.place);

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
