// Goop²'s own page through the bridge, in WebKitGTK and in Chromium: two users whose Goop² cannot call, and who use nothing but
// Goop²'s own buttons, dialog and overlay.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { CallInfo } from "../../rpc-schema/index.ts";
import type { Browser } from "../support/browser/browser.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import { readStampOf } from "../support/pictures/stamp-reader.ts";
import { type BridgedPeer, startBridgedPeer } from "../support/plugin/bridged-peer.ts";

/** Each read takes some milliseconds, so frozen video gives the same stamp in all of them. */
const MAX_READS = 500;
const REMOTE = ".goop-call-overlay canvas.goop-call-remote";

interface User extends BridgedPeer {
  readonly browser: Browser;
}

async function openUser(label: string, startBrowser: () => Promise<Browser>): Promise<User> {
  const peer = await startBridgedPeer(label);
  try {
    const browser = await startBrowser();
    const stop = async () => {
      await browser.close();
      await peer.stop();
    };
    return { ...peer, browser, stop };
  } catch (error) {
    await peer.stop();
    throw error;
  }
}

/** The address with the token gives the cookie. */
async function openPeers({ browser, bridge: { pages } }: User): Promise<void> {
  await browser.open(pages.url);
  await browser.open(`${pages.origin}/peers`);
}

describe("Goop²'s own page through the bridge", { timeout: 200_000 }, () => {
  let alice: User;
  let bob: User;
  before(async () => {
    [alice, bob] = await Promise.all([openUser("Alice", startChromium), openUser("Bob", startWebKit)]);
    await alice.node.dial(bob.node.address);
    await Promise.all([
      alice.next("contacts.changed", ({ contacts }) => contacts.some(({ reachable }) => reachable)),
      bob.next("contacts.changed", ({ contacts }) => contacts.some(({ reachable }) => reachable)),
    ]);
    await Promise.all([alice, bob].map(openPeers));
  });
  after(() => Promise.all([alice?.stop(), bob?.stop()]));

  const countOf = ({ browser }: User, selector: string) =>
    browser.execute((css: string) => document.querySelectorAll(css).length, selector);
  const isGone = ({ browser }: User, selector: string) =>
    browser.waitForSource(`() => !document.querySelector("${selector}")`);
  const isConnected = ({ browser }: User) =>
    browser.waitForSource(`() => document.querySelector(".goop-call-status")?.textContent === "Connected"`);

  async function callOf({ bridge }: User): Promise<CallInfo> {
    const { calls } = await bridge.host.plugin.request("call.list", {});
    return calls[0] ?? assert.fail("the plugin has no call");
  }

  async function connect(kind: "audio" | "video"): Promise<void> {
    await alice.browser.click(`[data-call-${kind}="${bob.node.peerId}"]`);
    await bob.browser.click(".goop-call-accept");
    await Promise.all([alice, bob].map(isConnected));
  }

  async function assertShowsOther({ browser }: User): Promise<void> {
    await browser.waitForSource(`() => document.querySelector("${REMOTE}")?.width > 0`);
    const numbers = new Set<number>();
    for (let count = 0; count < MAX_READS && numbers.size < 3; count += 1) {
      const stamp = await readStampOf(browser, REMOTE);
      if (stamp) numbers.add(stamp.sequence);
    }
    assert.ok(numbers.size >= 3, `${MAX_READS} reads found only the frames ${[...numbers].join(", ")}`);
  }

  test("a click calls, the other page rings once, and both show the other on a canvas in Goop²'s overlay", async () => {
    await alice.browser.click(`[data-call-video="${bob.node.peerId}"]`);
    await bob.browser.waitFor(".goop-call-incoming");
    // The same message also reaches Goop²'s own script, by the event stream.
    await bob.browser.waitForSource(`() => document.getElementById("received").value.includes("call:")`);
    assert.equal(await countOf(bob, ".goop-call-incoming"), 1);
    assert.match(await bob.browser.text(".goop-call-incoming"), new RegExp(alice.node.peerId));
    await bob.browser.click(".goop-call-accept");
    await Promise.all([alice, bob].map(isConnected));
    for (const user of [alice, bob]) {
      await assertShowsOther(user);
      assert.equal(await countOf(user, ".goop-call-overlay"), 1);
      assert.equal((await callOf(user)).phase, "connected");
    }
  });

  test("the overlay's buttons mute, switch the camera off and on, and keep their state on another page", async () => {
    const { browser } = alice;
    await browser.click(".goop-call-btn-mute");
    await browser.click(".goop-call-btn-video");
    await alice.next("call.changed", ({ local }) => local.microphone.state === "muted");
    await bob.next("call.changed", ({ remote }) => remote.camera === "off");
    await browser.click("#to-peers");
    await browser.waitFor(REMOTE);
    assert.equal(await browser.execute(() => location.origin), alice.bridge.pages.origin);
    await browser.waitFor(".goop-call-btn-mute.active");
    await browser.click(".goop-call-btn-mute");
    await browser.click(".goop-call-btn-video");
    await bob.next("call.changed", ({ remote }) => remote.camera === "on");
    await alice.next("call.changed", ({ local }) => local.microphone.state === "live");
    await assertShowsOther(bob);
  });

  test("a click on hang up ends the call on both pages", async () => {
    await bob.browser.click(".goop-call-btn-hangup");
    await Promise.all([alice, bob].map((user) => isGone(user, ".goop-call-overlay")));
  });

  test("the dialog of a call that is cancelled closes by itself", async () => {
    await alice.browser.click(`[data-call-audio="${bob.node.peerId}"]`);
    await bob.browser.waitFor(".goop-call-incoming");
    await alice.browser.click(".goop-call-btn-hangup");
    await isGone(bob, ".goop-call-incoming");
    await isGone(bob, ".goop-call-backdrop");
  });

  test("a voice call from the page connects, and the page shows why a call was refused", async () => {
    await connect("audio");
    assert.equal((await callOf(bob)).media, "audio");
    await alice.browser.click(".goop-call-btn-hangup");
    await isGone(bob, ".goop-call-overlay");
    await alice.browser.click(`[data-call-audio="${bob.node.peerId}"]`);
    await bob.browser.click(".goop-call-reject");
    assert.match(await alice.browser.text(".goop-call-notice"), /^Bob declined the call/);
    await isGone(alice, ".goop-call-overlay");
  });
});
