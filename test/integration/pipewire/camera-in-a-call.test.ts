// A camera of PipeWire in a call between two real processes: what both users learn when it fails, and that it comes back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { startVideoDaemon, type VideoDaemon, type VideoNode } from "../../support/camera/video-daemon.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { assertNotGrown, heldResources, releasedResources } from "../../support/process/held-resources.ts";

const MODES = ["YUY2:640x480@30"];
const FRONT = "pipewire:front";
const SWITCHES = 20;
const LIMIT = { timeout: 120_000 };

let daemon: VideoDaemon;
let front: VideoNode;
let alice: PluginProcess;
let bob: PluginProcess;
let stop: () => Promise<void> = async () => undefined;
let callId = "";

async function addFront(): Promise<void> {
  front = await daemon.addNode({ name: "front", description: "Front camera", modes: MODES });
}

before(async () => {
  daemon = await startVideoDaemon();
  await addFront();
  const caller = { env: daemon.env, settings: { camera: "auto" } };
  ({ alice, bob, stop } = await startPair(caller, { settings: { camera: "none" } }));
  callId = await connectCall(alice, bob);
  await isShown();
});
after(async () => {
  await stop();
  await daemon?.stop();
});

const isLive = ({ local }: CallInfo, deviceId = FRONT) =>
  local.camera.state === "live" && local.camera.deviceId === deviceId;

/** Both users see that the camera is on. */
async function isShown(): Promise<void> {
  await Promise.all([
    alice.next("call.changed", (call) => isLive(call)),
    bob.next("call.changed", ({ remote }) => remote.camera === "on"),
  ]);
}

/** The other user sees that it is off. @returns the reason that the own user gets */
async function whyLost(fault: () => unknown): Promise<string> {
  for (const side of [alice, bob]) side.clearNotifications();
  await fault();
  const [{ local }] = await Promise.all([
    alice.next("call.changed", ({ local: { camera } }) => camera.state === "lost"),
    bob.next("call.changed", ({ remote }) => remote.camera !== "on"),
  ]);
  for (const side of [alice, bob]) side.clearNotifications();
  return local.camera.why ?? "";
}

test("a picture that changes its size is opened again by itself", LIMIT, async () => {
  const why = await whyLost(() => front.offer(["YUY2:320x240@30"]));
  assert.match(why, /changed the size of its pictures/);
  await isShown();
});

test("a node that goes is told as unplugged, and is used again when it comes back", LIMIT, async () => {
  assert.match(await whyLost(() => front.remove()), /has been unplugged/);
  await addFront();
  await isShown();
});

test(
  "a daemon that dies is told as such, and its camera is used again when it runs again",
  LIMIT,
  async () => {
    assert.match(await whyLost(() => daemon.crash()), /^The connection to PipeWire ended/);
    await front.remove();
    await daemon.start();
    await addFront();
    await isShown();
  },
);

test("a node that goes silent is told after five seconds", LIMIT, async () => {
  assert.match(await whyLost(() => front.silence()), /delivered no picture for 5 s/);
  await front.remove();
  await addFront();
  await isShown();
});

test(`${SWITCHES} switches of the camera leave no descriptor, thread or buffer`, LIMIT, async () => {
  const buffers = () =>
    readFileSync(`/proc/${alice.pid}/maps`, "utf8").match(/memfd:video-node/g)?.length ?? 0;
  const use = async (deviceId: string) => {
    alice.clearNotifications();
    await alice.host.request("call.useDevice", { callId, kind: "camera", deviceId });
    await alice.next("call.changed", (call) => isLive(call, deviceId));
  };
  const both = async () => {
    await use("test-pattern");
    await use(FRONT);
  };
  await both();
  const held = heldResources(alice.pid);
  const mapped = buffers();
  assert.ok(mapped > 0);
  for (let round = 0; round < SWITCHES / 2; round++) await both();
  assertNotGrown(held, await releasedResources(held, alice.pid));
  assertNotGrown({ mapped }, { mapped: buffers() });
});
