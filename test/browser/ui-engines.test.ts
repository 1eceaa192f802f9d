// The call page in WebKitGTK, the engine of the host application's window, and in Chromium.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { DrawnDetail } from "../../plugin/ui/video/canvas-view.ts";
import type { Browser } from "../support/browser/browser.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import {
  BOB,
  callWithBob,
  contact,
  type ScriptedHost,
  startScriptedHost,
} from "../support/fakes/scripted-host.ts";

const id = (testId: string): string => `[data-testid="${testId}"]`;

for (const start of [startWebKit, startChromium]) {
  describe(`the call page under ${start.name}`, () => {
    let browser: Browser;
    let scripted: ScriptedHost;
    before(async () => {
      browser = await start();
    });
    after(() => browser?.close());
    beforeEach(async () => {
      scripted = await startScriptedHost();
      scripted.script({ do: "contacts", contacts: [contact(BOB, "Bob Cratchit")] });
      await browser.open(scripted.host.url);
      await browser.waitFor(id(`contact-${BOB}`));
    });
    afterEach(() => scripted?.host.stop());

    test("an incoming call is accepted by a click, shows both videos, and continues after a reload", async () => {
      const call = callWithBob({ direction: "incoming", phase: "ringing", connectedAt: undefined });
      scripted.script({ do: "call", isIncoming: true, call });
      await browser.click(id("accept-video"));
      await browser.waitFor(`${id("remote-canvas")}[data-shown="true"]`);
      await browser.waitFor(`${id("local-canvas")}[data-shown="true"]`);
      // The old page can still answer for a moment after location.reload().
      await browser.executeSource('() => { document.body.id = "old"; location.reload(); }');
      await browser.waitFor(`body:not(#old) ${id("remote-canvas")}[data-shown="true"]`);
      assert.deepEqual(await browser.execute(sizeOfRemote), [640, 480]);
    });

    test("goop:drawn fires once for each frame, in order", async () => {
      scripted.script({ do: "call", call: callWithBob() });
      await browser.waitFor(`${id("remote-canvas")}[data-shown="true"]`);
      const drawn = await browser.execute(nextDrawn, 5);
      assert.deepEqual(
        drawn.map(({ seq }) => seq - (drawn[0]?.seq ?? 0)),
        [0, 1, 2, 3, 4],
      );
      assert.deepEqual(new Set(drawn.map(({ source }) => source)), new Set(["remote"]));
    });

    test("a call starts and ends by clicks", async () => {
      await browser.click(`${id(`contact-${BOB}`)} ${id("call-audio")}`);
      await scripted.asked(/^call\.start .*"media":"audio"/);
      await browser.click(id("hangup"));
      assert.equal(await browser.text(id("end-reason")), "You cancelled the call before it was answered.");
    });
  });
}

// The functions below run in the page.

function sizeOfRemote(): number[] {
  const canvas = document.querySelector<HTMLCanvasElement>('[data-testid="remote-canvas"]');
  return [canvas?.width ?? 0, canvas?.height ?? 0];
}

function nextDrawn(count: number): Promise<DrawnDetail[]> {
  const drawn: DrawnDetail[] = [];
  return new Promise((resolve) => {
    document.querySelector('[data-testid="remote-canvas"]')?.addEventListener("goop:drawn", (event) => {
      drawn.push((event as CustomEvent<DrawnDetail>).detail);
      if (drawn.length === count) resolve(drawn);
    });
  });
}
