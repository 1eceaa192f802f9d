// The remote video of a real call by each of the three deliveries, in WebKitGTK and in Chromium. Frames arrive live, and the
// stream ends with the call.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Host, startHost } from "../../plugin/host/host.ts";
import { ownAddress } from "../../plugin/host/pair.ts";
import { MAX_STREAMS_PER_CALL, RpcError } from "../../rpc-schema/index.ts";
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
import { startCuttingProxy } from "../support/network/cutting-proxy.ts";
import { findFreePort } from "../support/network/loopback.ts";

const FRAMES = 20;
/** A frame older than this would not show the running call. */
const LIVE_MS = 5_000;

async function startPerson(label: string): Promise<Host> {
  return await startHost({
    label,
    files: await deliveryPageFiles(),
    settings: {
      camera: "test-pattern",
      microphone: "tone",
      speaker: "none",
      // On a busy machine the adaptation would make frames smaller, and the test asserts their size.
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

async function framesOf(page: DeliveryPage): Promise<StampedFrame[]> {
  const frames: StampedFrame[] = [];
  while (frames.length < FRAMES) frames.push(...(await page.takeFrames()));
  return frames;
}

/** The port of the plugin's frame server. */
async function framePort({ plugin }: Host, callId: string): Promise<number> {
  const params = { callId, source: "remote", delivery: "websocket" } as const;
  const { stream, url = "" } = await plugin.request("frames.subscribe", params);
  await plugin.request("frames.unsubscribe", { stream });
  return Number(new URL(url).port);
}

/** @returns the streams that fill the call's places */
async function takePlaces({ plugin }: Host, callId: string): Promise<string[]> {
  const taken: string[] = [];
  for (;;) {
    try {
      // Served streams cost nothing until somebody fetches.
      const params = { callId, source: "local", delivery: "mjpeg" } as const;
      taken.push((await plugin.request("frames.subscribe", params)).stream);
    } catch (error) {
      assert.equal(error instanceof RpcError && error.kind, "tooManyStreams");
      return taken;
    }
  }
}

/** Resolves once the call has so many places; a stream that just ended may still be closing. */
async function assertFreePlaces(host: Host, callId: string, count: number): Promise<void> {
  for (;;) {
    const taken = await takePlaces(host, callId);
    for (const stream of taken) await host.plugin.request("frames.unsubscribe", { stream });
    if (taken.length === count) return;
  }
}

/** @returns the first frame that was drawn after this moment, Unix milliseconds */
async function frameAfter(page: DeliveryPage, moment: number): Promise<StampedFrame> {
  for (;;) {
    const frame = (await page.takeFrames()).find(({ drawnAt }) => drawnAt > moment);
    if (frame) return frame;
  }
}

describe("the three frame deliveries", { timeout: 300_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let alice: Host;
  let bob: Host;
  let callId: string;
  before(async () => {
    alice = await startPerson("Alice");
    cleanups.push(() => alice.stop());
    bob = await startPerson("Bob");
    cleanups.push(() => bob.stop());
    // Contacts can be added once Bob's own signalling is ready.
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
        test(`${delivery} shows live frames`, async () => {
          await page.show(callId, delivery);
          await page.record(delivery);
          const frames = await framesOf(page);
          await page.hide();
          assert.ok(
            frames.every(({ delayMs }) => delayMs > 0 && delayMs < LIVE_MS),
            `delays ${frames.map(({ delayMs }) => Math.round(delayMs))}`,
          );
          assert.deepEqual([...new Set(frames.map(({ width }) => width))], [640]);
        });
      }

      test("auto takes the plugin's socket, and data URLs where the socket does not open", async () => {
        for (const port of [undefined, await findFreePort()]) {
          await page.show(callId, "auto", port);
          await page.record("auto");
          const frames = await framesOf(page);
          await page.hide();
          assert.ok(frames.every(({ delayMs }) => delayMs > 0 && delayMs < LIVE_MS));
          assert.deepEqual(await page.asked(), port === undefined ? ["websocket"] : ["websocket", "stdio"]);
        }
        await assertFreePlaces(alice, callId, MAX_STREAMS_PER_CALL);
      });

      for (const delivery of ["websocket", "mjpeg"] as const) {
        test(`${delivery} shows live frames again each time its connection is cut`, async (t) => {
          const proxy = await startCuttingProxy(await framePort(alice, callId));
          try {
            await page.show(callId, delivery, proxy.port);
            await page.record(delivery);
            await framesOf(page);
            for (let cut = 1; cut <= 3; cut += 1) {
              const cutAt = Date.now();
              const replaced = proxy.nextConnection();
              proxy.cut();
              await replaced;
              const askedAt = Date.now();
              const frame = await frameAfter(page, askedAt);
              t.diagnostic(
                `cut ${cut}: asked again after ${askedAt - cutAt} ms, drawn after ${Math.round(frame.drawnAt - cutAt)} ms`,
              );
            }
            await page.hide();
          } finally {
            proxy.close();
          }
          // Streams that were cut are not left behind.
          await assertFreePlaces(alice, callId, MAX_STREAMS_PER_CALL);
        });
      }

      for (const delivery of ["stdio", "websocket", "mjpeg"] as const) {
        test(`${delivery} waits while the call has its most streams, and shows frames when one ends`, async () => {
          const taken = await takePlaces(alice, callId);
          await page.show(callId, delivery);
          await browser.waitForSource(`() => deliveryPage.waitReason() === "tooManyStreams"`);
          for (const stream of taken) await alice.plugin.request("frames.unsubscribe", { stream });
          await page.record(delivery);
          await framesOf(page);
          assert.equal(await page.waitReason(), "");
          await page.hide();
        });
      }

      test("a page that is left leaves no stream behind", async () => {
        await page.show(callId, "websocket");
        await page.record("websocket");
        await framesOf(page);
        await browser.open("about:blank");
        // The number of streams of a call is limited, so streams of closed pages would soon reach the limit.
        for (let time = 0; time < 20; time += 1) {
          const { stream } = await alice.plugin.request("frames.subscribe", { callId, source: "remote" });
          await alice.plugin.request("frames.unsubscribe", { stream });
        }
        page = await openDeliveryPage(browser, alice);
        await page.show(callId, "mjpeg");
        await page.record("mjpeg");
        await framesOf(page);
        await page.hide();
      });
    });
  }

  test("the end of the call ends the responses, the last frame stays, and the browsers are idle", async (t) => {
    const browsers: Browser[] = [];
    try {
      for (const start of [startWebKit, startChromium]) browsers.push(await start());
      for (const browser of browsers) {
        const page = await openDeliveryPage(browser, alice);
        await page.show(callId, "mjpeg");
        await browser.waitFor(hasFrame);
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
      for (const browser of browsers) assert.equal(await browser.execute(hasFrame), true, browser.name);
    } finally {
      for (const browser of browsers) await browser.close();
    }
  });
});

function hasFrame(): boolean {
  const image = document.querySelector("#shown");
  return image instanceof HTMLImageElement && image.naturalWidth > 0;
}

function isLoaded(): boolean {
  const image = document.querySelector("#shown");
  return image instanceof HTMLImageElement && image.complete;
}
