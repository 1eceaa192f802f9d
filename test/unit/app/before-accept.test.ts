// Microphone and camera before the accept: what both users set while it rings, and the caller's own picture.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { CaptureError } from "../../../native/types.ts";
import { formerNotification, type MediaKind, withFormerNamesOnly } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

async function ringing(media: MediaKind = "video", prepare: (alice: PluginBench) => void = () => undefined) {
  const network = createFakeSignallingNetwork();
  const alice = new PluginBench(network);
  const bob = new PluginBench(network);
  open.push(alice, bob);
  await alice.start();
  const bobId = await bob.start();
  prepare(alice);
  const { callId } = await alice.host.request("call.start", { peerId: bobId, media });
  await bob.waitFor("call.incoming");
  await alice.waitFor("call.changed", ({ phase }) => phase === "ringing");
  return { alice, bob, callId };
}

const isConnected = ({ phase }: { phase: string }) => phase === "connected";
const infoOf = (bench: PluginBench) => bench.notificationsNamed("call.changed").at(-1);
const offered = (bench: PluginBench, callId: string) => bench.plugin.frames.counts(callId, "local").offered;

describe("while a video call rings at the other side", () => {
  test("the caller's page shows the own picture, and the callee opens nothing", async () => {
    const { alice, bob, callId } = await ringing();
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");
    alice.cameras.emitFrame();
    assert.equal(offered(alice, callId), 1);
    assert.deepEqual([alice.open(), bob.open()], [["camera"], []]);
    const { wanted, sending } = infoOf(alice) ?? assert.fail("no info");
    assert.deepEqual(wanted, { microphone: true, camera: true });
    assert.deepEqual([sending.width, sending.height], [0, 0]);
  });

  test("the accepted call takes the open camera over, and no frame is missing", async () => {
    const { alice, bob, callId } = await ringing();
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");
    await bob.host.request("call.accept", { callId });
    await alice.waitFor(
      "call.changed",
      ({ phase, local }) => phase === "connected" && local.camera.state === "live",
    );
    assert.equal(alice.cameras.opened.length, 1);
    alice.cameras.emitFrame();
    assert.equal(offered(alice, callId), 1);
    await alice.host.request("call.hangup", { callId });
    await alice.waitFor("call.ended");
    await settle();
    assert.deepEqual(alice.open(), []);
  });

  test("a camera that does not open is told with its reason, and is tried again with the accept", async () => {
    const busy = new CaptureError("The camera is in use by another program", {
      operation: "VIDIOC_STREAMON",
      errno: "EBUSY",
      path: "/dev/fake",
    });
    const { alice, bob, callId } = await ringing("video", ({ cameras }) => {
      cameras.failNextOpen = busy;
    });
    const { local } = await alice.waitFor("call.changed", (call) => call.local.camera.state === "lost");
    assert.match(local.camera.why ?? "", /in use by another program/);
    await bob.host.request("call.accept", { callId });
    await alice.waitFor("call.changed", (call) => call.local.camera.state === "live");
  });

  test("the camera closes when the user cancels, switches it off, or nobody answers", async () => {
    const { alice, callId } = await ringing();
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");
    await alice.host.request("call.setCamera", { callId, on: false });
    await alice.waitFor(
      "call.changed",
      ({ wanted, local }) => !wanted?.camera && local.camera.state === "off",
    );
    await settle();
    assert.deepEqual(alice.open(), []);
    await alice.host.request("call.setCamera", { callId, on: true });
    await alice.waitFor("call.changed", ({ wanted }) => wanted?.camera === true);
    while (alice.open().length === 0) await settle();
    await alice.host.request("call.hangup", { callId });
    await alice.waitFor("call.ended");
    await settle();
    assert.deepEqual(alice.open(), []);
  });

  test("another camera is chosen for the own picture and for the call", async () => {
    const { alice, bob, callId } = await ringing();
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");
    await alice.host.request("call.useDevice", { callId, kind: "camera", deviceId: "test-pattern" });
    await settle();
    alice.cameras.emitFrame();
    await alice.waitFor("call.changed", ({ local }) => local.camera.deviceId === "test-pattern");
    await bob.host.request("call.accept", { callId });
    const { local } = await alice.waitFor(
      "call.changed",
      ({ phase, local: { camera } }) => phase === "connected" && camera.state === "live",
    );
    assert.equal(local.camera.deviceId, "test-pattern");
    assert.equal(alice.cameras.opened.length, 2);
  });

  test("a voice call shows none until the caller wants it", async () => {
    const { alice, callId } = await ringing("audio");
    assert.deepEqual(infoOf(alice)?.wanted, { microphone: true, camera: false });
    assert.deepEqual(alice.open(), []);
    await alice.host.request("call.setCamera", { callId, on: true });
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");
  });
});

describe("what the user sets before the accept", () => {
  test("holds after it, for the caller", async () => {
    const { alice, bob, callId } = await ringing();
    await alice.host.request("call.setMicrophone", { callId, on: false });
    await alice.host.request("call.setCamera", { callId, on: false });
    await bob.host.request("call.accept", { callId });
    const { local, wanted } = await alice.waitFor(
      "call.changed",
      (call) => isConnected(call) && call.local.microphone.state !== "opening",
    );
    assert.deepEqual([local.microphone.state, local.camera.state, wanted], ["muted", "off", undefined]);
  });

  test("holds after it, for the callee, who opens nothing meanwhile", async () => {
    const { bob, callId } = await ringing();
    await bob.host.request("call.setMicrophone", { callId, on: false });
    await bob.host.request("call.setCamera", { callId, on: false });
    await bob.waitFor("call.changed", ({ wanted }) => wanted?.microphone === false && !wanted.camera);
    assert.deepEqual(bob.open(), []);
    await bob.host.request("call.accept", { callId, media: "video" });
    const { local, media } = await bob.waitFor(
      "call.changed",
      (call) => isConnected(call) && call.local.microphone.state !== "opening",
    );
    assert.deepEqual([media, local.microphone.state, local.camera.state], ["video", "muted", "off"]);
  });

  test("opens the camera of a voice call with the accept", async () => {
    const { alice, bob, callId } = await ringing("audio");
    await bob.host.request("call.setCamera", { callId, on: true });
    await bob.host.request("call.accept", { callId });
    await bob.waitFor("call.changed", (call) => isConnected(call) && call.local.camera.state === "live");
    await alice.waitFor("call.changed", ({ remote }) => remote.camera === "on");
  });

  test("does not open the camera of a user who answers by voice", async () => {
    const { bob, callId } = await ringing();
    await bob.host.request("call.setCamera", { callId, on: true });
    await bob.host.request("call.accept", { callId, media: "audio" });
    const { local } = await bob.waitFor(
      "call.changed",
      (call) => isConnected(call) && call.local.microphone.state === "live",
    );
    assert.equal(local.camera.state, "off");
    assert.deepEqual(bob.cameras.opened, []);
  });
});

test("hosts of version 1 get neither the new field nor a notification about a preview", async () => {
  const { alice } = await ringing();
  const info = infoOf(alice) ?? assert.fail("no info");
  assert.ok("wanted" in info);
  assert.ok(!JSON.stringify(withFormerNamesOnly(info)).includes("wanted"));
  assert.equal(formerNotification("preview.ended", { previewId: "p", reason: "call" }), null);
});
