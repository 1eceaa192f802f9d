// A screen with small text, shared between two real processes: the other side can read it, and the camera returns.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { type Display, startDisplay } from "../../support/browser/xvfb.ts";
import { SMALL_PICTURE } from "../../support/fakes/small-picture.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { assertNotGrown } from "../../support/process/held-resources.ts";
import { figuresOfTree } from "../../support/process/process-figures.ts";
import { LEGIBLE, legibility, remoteOfWidth } from "../../support/screen/legible-picture.ts";
import { POOL_PROBE, poolCountsOf } from "../../support/screen/pool-counts.ts";
import { startXClient, type XClient } from "../../support/screen/x-client.ts";

const WIDTH = 1920;
const HEIGHT = 1080;
const WHITE = 0xff_ff_ff;
const LINES = 60;

const SWITCHES = 20;
/** A tenth of a second apart. */
const ATTEMPTS = 120;

let display: Display;
let client: XClient;
let alice: PluginProcess;
let bob: PluginProcess;
let stop: () => Promise<void> = async () => undefined;
let callId = "";

before(async () => {
  display = await startDisplay(WIDTH, HEIGHT);
  client = await startXClient(display.name);
  const env = { DISPLAY: display.name, WAYLAND_DISPLAY: "" };
  // A busy machine would lower the rate, and with it the time that the test takes.
  const settings = { adaptation: false };
  ({ alice, bob, stop } = await startPair({ env, settings, nodeArgs: POOL_PROBE }, { env, settings }));
  callId = await connectCall(alice, bob);
});
after(async () => {
  await stop();
  await client?.end();
  await display?.end();
});

async function share(source: string | null): Promise<void> {
  for (const side of [alice, bob]) side.clearNotifications();
  await alice.host.request("call.shareScreen", {
    callId,
    on: source !== null,
    ...(source ? { source } : {}),
  });
}

const receives = (isScreen: boolean) =>
  bob.next("call.changed", (call: CallInfo) => (call.remote.screen === true) === isScreen);

const isGrown = (before: Record<string, number>, now: Record<string, number>) =>
  Object.entries(now).some(([what, count]) => count > (before[what] ?? 0));

test("a monitor arrives at its full size, and its text is legible", { timeout: 120_000 }, async (context) => {
  await client.fill("root", WHITE, 0, 0, WIDTH, HEIGHT);
  for (let line = 0; line < LINES; line += 1) {
    const text = `${line} The quick brown fox jumps over the lazy dog; 0123456789 @ ${"mixed WORDS, ".repeat(6)}`;
    await client.write("root", 20, 30 + 13 * line, text);
  }
  const { sources } = await alice.host.request("screen.sources", {});
  const began = performance.now();
  const shown = receives(true);
  await share(sources[0]?.id ?? "");
  await remoteOfWidth(bob, callId, WIDTH);
  context.diagnostic(`${Math.round(performance.now() - began)} ms from the choice to a snapshot of it`);
  assert.equal((await shown).remote.camera, "on");
  const area = { left: 20, top: 20, right: 900, bottom: 20 + 13 * LINES };
  const best = await legibility(alice, bob, callId, WIDTH, area);
  context.diagnostic(`${(100 * best).toFixed(1)} % of the text's pixels agree`);
  assert.ok(best >= LEGIBLE, `${best}`);
});

test("a window is shared instead, and the camera's picture returns at the end", {
  timeout: 120_000,
}, async () => {
  const window = await client.openWindow({ title: "A letter", x: 9, y: 9, width: 600, height: 400 });
  await share(window);
  await remoteOfWidth(bob, callId, 600);
  const back = receives(false);
  await share(null);
  await back;
  await remoteOfWidth(bob, callId, SMALL_PICTURE.width);
  const { calls } = await alice.host.request("call.list", {});
  assert.equal(calls[0]?.local.screen?.ended, "stopped");
});

test("twenty switches leave nothing open, and no frame is taken after the last", {
  timeout: 120_000,
}, async () => {
  const [monitor] = (await alice.host.request("screen.sources", {})).sources;
  const becomes = (state: string) =>
    alice.next("call.changed", ({ local }: CallInfo) => local.screen?.state === state);
  const shareAndStop = async () => {
    await share(monitor?.id ?? "");
    await becomes("live");
    await share(null);
    await becomes("off");
  };
  const countPools = poolCountsOf(alice);
  const held = async () => {
    const { buffers, lent } = await countPools();
    const { descriptors, threads, children } = figuresOfTree(alice.pid);
    return { descriptors, threads, children, buffers, lent };
  };
  await shareAndStop();
  // The last frame of a share may still be on its way through the encoder.
  const before = { ...(await held()), lent: 0 };
  const { opened } = await countPools();
  for (let round = 0; round < SWITCHES; round += 1) await shareAndStop();
  let now = await held();
  for (let attempt = 0; attempt < ATTEMPTS && isGrown(before, now); attempt += 1) {
    await delay(100);
    now = await held();
  }
  assertNotGrown(before, now);
  assert.ok((await countPools()).opened >= opened + SWITCHES, "the captures were not counted");
  await alice.host.request("call.setCamera", { callId, on: false });
  const countsOf = async () => {
    alice.clearNotifications();
    return (await alice.next("call.statistics")).frames.captured;
  };
  // The camera may close in the second of the first.
  await countsOf();
  const captured = await countsOf();
  await client.fill("root", 0, 0, 0, WIDTH, HEIGHT);
  assert.equal(await countsOf(), captured);
  alice.clearNotifications();
  await alice.host.request("call.setCamera", { callId, on: true });
  await alice.next("call.changed", ({ local }: CallInfo) => local.camera.state === "live");
});

test("a window that is closed ends the sharing with that reason", { timeout: 120_000 }, async () => {
  const window = await client.openWindow({ title: "Goes", x: 9, y: 9, width: 500, height: 300 });
  await share(window);
  await remoteOfWidth(bob, callId, 500);
  await client.close(window);
  // A state of the camera may still come from before the share.
  const isClosed = ({ local }: CallInfo) => local.screen?.ended === "closed";
  const { local } = await alice.next("call.changed", isClosed);
  assert.equal(local.screen?.state, "off");
  assert.equal(local.camera.state, "live");
});
