// A friend in browser mode: the page of the reference peer in a real Chromium, with a sound server of its own. What is recorded
// there was played by the page's <video>, so it is what the friend hears.

import assert from "node:assert/strict";
import type { Browser } from "../browser/browser.ts";
import { startChromium } from "../browser/chromium.ts";
import type { PluginProcess } from "../plugin/plugin-process.ts";
import { PULSE_RATE, startPulse } from "../sound/pulse.ts";
import { PEER_TONE_HZ } from "./deployed-bench.ts";
import { startGoopHttp } from "./goop/goop-http.ts";
import { startGoopNode } from "./goop-node.ts";
import { isTone } from "./observer.ts";
import type { GoopPage } from "./page/main.ts";
import type { MediaKind } from "./wire/wire.ts";

const SWITCHES = [
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--autoplay-policy=no-user-gesture-required",
];
/** Chromium opens its sound output when it first plays. */
const RECORDINGS = 30;

export interface BrowserFriend {
  readonly browser: Browser;
  /** Loads the page, or navigates to it again in the middle of a call. */
  openPage(): Promise<void>;
  /** Both resolve with the call's id when the plugin reports it as connected. */
  isCalled(media: MediaKind): Promise<string>;
  calls(media: MediaKind, answer: MediaKind): Promise<string>;
  /** Waits until the friend hears this tone. */
  hears(hz: number): Promise<void>;
  picture(): Promise<ReturnType<GoopPage["picture"]>>;
  close(): Promise<void>;
}

/** Starts the friend, who becomes a contact of the plugin. */
export async function startBrowserFriend(plugin: PluginProcess): Promise<BrowserFriend> {
  const ends: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const pulse = await startPulse();
    ends.push(() => pulse.stop());
    const node = await startGoopNode({ label: "Greta", quirks: { sealing: "sealed" } });
    ends.push(() => node.stop());
    const http = await startGoopHttp(node, { mode: "browser" });
    ends.push(() => http.stop());
    const browser = await startChromium({ args: SWITCHES, soundEnv: pulse.env });
    ends.push(() => browser.close());
    await node.dial(plugin.address);
    await plugin.next("contacts.changed", ({ contacts }) => contacts.some(({ label }) => label === "Greta"));
    const openPage = async () => {
      await browser.open(`${http.url}/?tone=${PEER_TONE_HZ}`);
      await browser.waitFor(() => window.goopPage !== undefined);
    };
    await openPage();
    const untilConnected = async (callId: string) => {
      await plugin.next("call.changed", (call) => call.callId === callId && call.phase === "connected");
      return callId;
    };
    return {
      browser,
      openPage,
      async isCalled(media) {
        plugin.clearNotifications();
        const { callId } = await plugin.host.request("call.start", { peerId: node.peerId, media });
        await browser.waitForSource(
          `() => window.goopPage.rings.some((ring) => ring.channelId === "${callId}")`,
        );
        await browser.execute((channel) => window.goopPage?.accept(channel), callId);
        return await untilConnected(callId);
      },
      async calls(media, answer) {
        plugin.clearNotifications();
        const callId = await browser.execute(
          (peerId, kind) => window.goopPage?.start(peerId, kind),
          plugin.peerId,
          media,
        );
        assert.ok(callId);
        await plugin.next("call.incoming", (call) => call.callId === callId);
        await plugin.host.request("call.accept", { callId, media: answer });
        return await untilConnected(callId);
      },
      async hears(hz) {
        for (let times = 0; times < RECORDINGS; times += 1) {
          if (isTone(await pulse.record(500), PULSE_RATE, hz)) return;
        }
        assert.fail(`the page plays no tone of ${hz} Hz`);
      },
      async picture() {
        const picture = await browser.execute(() => window.goopPage?.picture());
        return picture ?? assert.fail("the page is not there");
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
