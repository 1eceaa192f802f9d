// A screen with small text, shared between two real processes: the other side can read it, and the camera returns.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { PNG } from "pngjs";
import { type CallInfo, RpcError } from "../../../rpc-schema/index.ts";
import { type Display, startDisplay } from "../../support/browser/xvfb.ts";
import { SMALL_PICTURE } from "../../support/fakes/small-picture.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { assertNotGrown } from "../../support/process/held-resources.ts";
import { figuresOfTree } from "../../support/process/process-figures.ts";
import { startXClient, type XClient } from "../../support/screen/x-client.ts";

const WIDTH = 1920;
const HEIGHT = 1080;
const WHITE = 0xff_ff_ff;
const LINES = 60;
const ATTEMPTS = 120;
/** Between black and white, of 255. */
const MIDDLE = 128;
/** The share of the dark pixels of the text that are dark at the other side, and of the bright ones likewise. */
const LEGIBLE = 0.97;

const SWITCHES = 20;

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
  ({ alice, bob, stop } = await startPair({ env, settings }, { env, settings }));
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

/** @returns null while there is none, as in the moment of a switch */
async function picture(side: PluginProcess, source: "local" | "remote") {
  const snapshot = await side.host.request("call.snapshot", { callId, source }).catch((error: unknown) => {
    if (error instanceof RpcError && error.kind === "noPicture") return null;
    throw error;
  });
  if (snapshot === null) return null;
  const { dataUrl } = snapshot;
  const { width, height, data } = PNG.sync.read(Buffer.from(dataUrl.split("base64,")[1] ?? "", "base64"));
  return { width, height, isDark: (x: number, y: number) => (data[4 * (y * width + x)] ?? 0) < MIDDLE };
}

/** The size of the remote picture as soon as it is this wide. */
async function remoteOfWidth(width: number) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const seen = await picture(bob, "remote");
    if (seen?.width === width) return seen;
    await delay(100);
  }
  throw new Error(`the remote picture was never ${width} pixels wide`);
}

const isGrown = (before: Record<string, number>, now: Record<string, number>) =>
  Object.entries(now).some(([what, count]) => count > (before[what] ?? 0));

type Picture = NonNullable<Awaited<ReturnType<typeof picture>>>;

/** The share of the sender's dark and of its bright pixels that arrived as such, the lower of both. */
function agreement(sent: Picture, seen: Picture): number {
  const counts = { dark: [0, 0], bright: [0, 0] };
  for (let y = 20; y < 20 + 13 * LINES; y += 1) {
    for (let x = 20; x < 900; x += 1) {
      const count = sent.isDark(x, y) ? counts.dark : counts.bright;
      count[0] = (count[0] ?? 0) + 1;
      if (sent.isDark(x, y) === seen.isDark(x, y)) count[1] = (count[1] ?? 0) + 1;
    }
  }
  return Math.min(...Object.values(counts).map(([all = 0, same = 0]) => same / Math.max(1, all)));
}

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
  await remoteOfWidth(WIDTH);
  context.diagnostic(`${Math.round(performance.now() - began)} ms from the choice to a snapshot of it`);
  assert.equal((await shown).remote.camera, "on");
  let best = 0;
  for (let attempt = 0; attempt < ATTEMPTS && best < LEGIBLE; attempt += 1) {
    const [sent, seen] = [await picture(alice, "local"), await picture(bob, "remote")];
    if (sent?.width === WIDTH && seen?.width === WIDTH) best = agreement(sent, seen);
    if (best < LEGIBLE) await delay(250);
  }
  context.diagnostic(`${(100 * best).toFixed(1)} % of the text's pixels agree`);
  assert.ok(best >= LEGIBLE, `${best}`);
});

test("a window is shared instead, and the camera's picture returns at the end", {
  timeout: 120_000,
}, async () => {
  const window = await client.openWindow({ title: "A letter", x: 9, y: 9, width: 600, height: 400 });
  await share(window);
  await remoteOfWidth(600);
  const back = receives(false);
  await share(null);
  await back;
  await remoteOfWidth(SMALL_PICTURE.width);
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
  const held = () => {
    const { descriptors, threads, children } = figuresOfTree(alice.pid);
    return { descriptors, threads, children };
  };
  await shareAndStop();
  const before = held();
  for (let round = 0; round < SWITCHES; round += 1) await shareAndStop();
  for (let attempt = 0; attempt < ATTEMPTS && isGrown(before, held()); attempt += 1) await delay(100);
  assertNotGrown(before, held());
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
  await remoteOfWidth(500);
  await client.close(window);
  // A state of the camera may still come from before the share.
  const isClosed = ({ local }: CallInfo) => local.screen?.ended === "closed";
  const { local } = await alice.next("call.changed", isClosed);
  assert.equal(local.screen?.state, "off");
  assert.equal(local.camera.state, "live");
});
