// The preview of a whole plugin: its requests, and what ends it. A camera cannot be opened twice, so a call waits until the
// preview has closed it.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

async function twoPlugins() {
  const network = createFakeSignallingNetwork();
  const alice = new PluginBench(network);
  const bob = new PluginBench(network);
  open.push(alice, bob);
  return { alice, bob, aliceId: await alice.start(), bobId: await bob.start() };
}

/** Refuses a second opening of the camera, as the kernel does. */
function refuseTwice({ cameras }: PluginBench): void {
  const openCamera = cameras.open.bind(cameras);
  cameras.open = (...args) => {
    assert.deepEqual(cameras.openNow, [], "the camera is open already");
    return openCamera(...args);
  };
}

async function checking(bench: PluginBench): Promise<string> {
  refuseTwice(bench);
  const { previewId } = await bench.host.request("preview.start", {});
  await bench.waitFor(
    "preview.changed",
    ({ camera, microphone }) => camera.state === "live" && microphone.state === "live",
  );
  return previewId;
}

describe("a preview", () => {
  test("gives its frames under its own id, and the levels of its microphone", async () => {
    const { alice } = await twoPlugins();
    const previewId = await checking(alice);
    const request = { callId: previewId, source: "local", format: "png" } as const;
    const { stream } = await alice.host.request("frames.subscribe", request);
    assert.match(stream, /^s\d+$/);
    alice.cameras.emitFrame();
    assert.equal(alice.plugin.frames.counts(previewId, "local").offered, 1);
    alice.sound.emitBlock(new Int16Array(480).fill(16_384));
    await alice.waitFor("preview.levels", ({ microphone }) => microphone === 0.5);
    await alice.host.request("preview.stop", {});
    await alice.waitFor("preview.ended", (end) => end.previewId === previewId && end.reason === "stopped");
    await settle();
    assert.deepEqual(alice.open(), []);
    const late = alice.host.request("frames.subscribe", { callId: previewId, source: "local" });
    await assert.rejects(late, { kind: "unknownCall" });
  });

  test("is over before the camera of a call that the user starts opens", async () => {
    const { alice, bobId } = await twoPlugins();
    await checking(alice);
    const { callId } = await alice.host.request("call.start", { peerId: bobId, media: "video" });
    await alice.waitFor("preview.ended", ({ reason }) => reason === "call");
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");
    assert.deepEqual(alice.open(), ["camera"]);
    await assert.rejects(alice.host.request("preview.start", {}), { kind: "alreadyInCall" });
    await alice.host.request("call.hangup", { callId });
    await alice.waitFor("call.ended");
    await alice.host.request("preview.start", {});
  });

  test("goes on while a call rings here, and is over when the user accepts", async () => {
    const { alice, bob, bobId } = await twoPlugins();
    await checking(bob);
    const { callId } = await alice.host.request("call.start", { peerId: bobId, media: "video" });
    await bob.waitFor("call.incoming");
    assert.deepEqual(bob.notificationsNamed("preview.ended"), []);
    await bob.host.request("call.accept", { callId });
    await bob.waitFor("preview.ended", ({ reason }) => reason === "call");
    await bob.waitFor("call.changed", ({ local }) => local.camera.state === "live");
  });

  test("is refused and ended where no call is possible", async () => {
    const { alice } = await twoPlugins();
    await checking(alice);
    await alice.host.request("settings.update", { settings: { videoDisabled: true } });
    await alice.waitFor("preview.ended", ({ reason }) => reason === "callsDisabled");
    await settle();
    assert.deepEqual(alice.open(), []);
    await assert.rejects(alice.host.request("preview.start", {}), { kind: "callsDisabled" });
  });

  test("closes its devices with the plugin and with the host", async () => {
    const { alice, bob } = await twoPlugins();
    await checking(alice);
    await alice.host.request("shutdown", {});
    assert.deepEqual(alice.open(), []);
    await checking(bob);
    const ended = new Promise<void>((resolve) => {
      bob.plugin.attach.subscribe({ complete: resolve });
    });
    bob.host.close();
    await ended;
    assert.deepEqual(bob.open(), []);
  });

  test("does not begin by itself, and sounds need one", async () => {
    const { alice } = await twoPlugins();
    assert.deepEqual(alice.open(), []);
    await assert.rejects(alice.host.request("preview.testSound", {}), { kind: "noPreview" });
    await assert.rejects(alice.host.request("preview.hearYourself", {}), { kind: "noPreview" });
    assert.equal(await alice.host.request("preview.stop", {}), null);
  });
});
