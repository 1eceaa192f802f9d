// A real call's picture by each of the three ways, in WebKitGTK and in Chromium: it arrives, it is the running one, and it
// ends with the call.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Host, startHost } from "../../plugin/host/host.ts";
import { ownAddress } from "../../plugin/host/pair.ts";
import type { Browser } from "../support/browser/browser.ts";
import { assertBrowsersIdle } from "../support/browser/browsers-idle.ts";
import { startChromium } from "../support/browser/chromium.ts";
import {
  type DeliveryPage,
  deliveryPageFiles,
  openDeliveryPage,
  type StampedFrame,
} from "../support/browser/delivery-page.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";

const PICTURES = 20;
/** Later than this, what is shown would not be the running call. */
const LIVE_MS = 5_000;

async function startPerson(label: string): Promise<Host> {
  return await startHost({
    label,
    files: await deliveryPageFiles(),
    settings: {
      camera: "test-pattern",
      microphone: "tone",
      speaker: "none",
      // A busy machine would make the pictures smaller, and then they say nothing of the way.
      adaptation: false,
      iceServers: [],
      picture: SMALL_PICTURE,
      signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
    },
  });
}

/** Bob calls, Alice accepts. @returns the call's id once both are connected */
async function connect(alice: Host, bob: Host): Promise<string> {
  const connected = [alice, bob].map(
    ({ plugin }) =>
      new Promise<void>((resolve) => {
        const off = plugin.onNotification("call.changed", ({ phase }) => {
          if (phase !== "connected") return;
          off();
          resolve();
        });
      }),
  );
  const ringing = new Promise<void>((resolve) => {
    const off = alice.plugin.onNotification("call.incoming", () => {
      off();
      resolve();
    });
  });
  const peerId = alice.state.signalling?.peerId ?? "";
  const { callId } = await bob.plugin.request("call.start", { peerId, media: "video" });
  await ringing;
  await alice.plugin.request("call.accept", { callId });
  await Promise.all(connected);
  return callId;
}

async function seen(page: DeliveryPage): Promise<StampedFrame[]> {
  const pictures: StampedFrame[] = [];
  while (pictures.length < PICTURES) pictures.push(...(await page.takeFrames()));
  return pictures;
}

describe("the three ways of showing pictures", { timeout: 300_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let alice: Host;
  let bob: Host;
  let callId: string;
  before(async () => {
    alice = await startPerson("Alice");
    cleanups.push(() => alice.stop());
    bob = await startPerson("Bob");
    cleanups.push(() => bob.stop());
    // Nothing can be added before one's own signalling is ready.
    await ownAddress(bob);
    await bob.plugin.request("contacts.add", { address: await ownAddress(alice) });
    callId = await connect(alice, bob);
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  for (const start of [startWebKit, startChromium]) {
    describe(`in ${start === startWebKit ? "WebKitGTK" : "Chromium"}`, () => {
      let browser: Browser;
      let page: DeliveryPage;
      before(async () => {
        browser = await start();
        page = await openDeliveryPage(browser, alice);
      });
      after(() => browser?.close());

      for (const delivery of ["stdio", "websocket", "mjpeg"] as const) {
        test(`${delivery} shows the running picture, one after the other`, async () => {
          await page.show(callId, delivery);
          await page.record(delivery);
          const pictures = await seen(page);
          await page.hide();
          assert.ok(
            pictures.every(({ delayMs }) => delayMs > 0 && delayMs < LIVE_MS),
            `delays ${pictures.map(({ delayMs }) => Math.round(delayMs))}`,
          );
          assert.deepEqual([...new Set(pictures.map(({ width }) => width))], [640]);
        });
      }

      test("a page that goes leaves no stream behind", async () => {
        await page.show(callId, "websocket");
        await page.record("websocket");
        await seen(page);
        await browser.open("about:blank");
        // Streams of a call are bounded: were those of gone pages kept, the bound would soon be met.
        for (let time = 0; time < 20; time += 1) {
          const { stream } = await alice.plugin.request("frames.subscribe", { callId, source: "remote" });
          await alice.plugin.request("frames.unsubscribe", { stream });
        }
        page = await openDeliveryPage(browser, alice);
        await page.show(callId, "mjpeg");
        await page.record("mjpeg");
        await seen(page);
        await page.hide();
      });
    });
  }

  test("the end of the call ends what the page fetches, the last picture stays, and the browsers rest", async (t) => {
    const browsers: Browser[] = [];
    try {
      for (const start of [startWebKit, startChromium]) browsers.push(await start());
      for (const browser of browsers) {
        const page = await openDeliveryPage(browser, alice);
        await page.show(callId, "mjpeg");
        await browser.waitFor(hasPicture);
      }
      const { url = "" } = await alice.plugin.request("frames.subscribe", {
        callId,
        source: "remote",
        delivery: "mjpeg",
      });
      const origin = `http://127.0.0.1:${alice.port}`;
      const response = await fetch(url, { headers: { origin } });
      assert.equal(response.status, 200);
      const ended = response.arrayBuffer();
      await bob.plugin.request("call.hangup", { callId });
      const end = Buffer.from(await ended).subarray(-64);
      assert.match(end.toString("latin1"), /--goop-call-picture-[A-Za-z0-9]+--\r\n$/);
      assert.equal((await fetch(url, { headers: { origin } })).status, 403);
      for (const browser of browsers) await browser.waitFor(isLoaded);
      await assertBrowsersIdle(t);
      for (const browser of browsers) assert.equal(await browser.execute(hasPicture), true, browser.name);
    } finally {
      for (const browser of browsers) await browser.close();
    }
  });
});

function hasPicture(): boolean {
  const image = document.querySelector("#shown");
  return image instanceof HTMLImageElement && image.naturalWidth > 0;
}

function isLoaded(): boolean {
  const image = document.querySelector("#shown");
  return image instanceof HTMLImageElement && image.complete;
}
