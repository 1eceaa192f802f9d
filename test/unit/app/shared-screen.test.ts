// One of two plugins shares its screen: what is captured and when, what the peer learns, and how the camera's picture returns.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type CallInfo, RpcError, type SharedScreen } from "../../../rpc-schema/index.ts";
import { FAKE_SCREEN } from "../../support/fakes/fake-screens.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

async function connected(media: "audio" | "video" = "video") {
  const network = createFakeSignallingNetwork();
  const alice = new PluginBench(network);
  const bob = new PluginBench(network);
  open.push(alice, bob);
  await alice.start();
  const bobId = await bob.start();
  const { callId } = await alice.host.request("call.start", { peerId: bobId, media });
  await bob.waitFor("call.incoming");
  await bob.host.request("call.accept", { callId });
  for (const side of [alice, bob]) {
    await side.waitFor("call.changed", ({ phase, local }) => {
      return phase === "connected" && (media === "audio" || local.camera.state === "live");
    });
  }
  const former = new Set<CallInfo>();
  /** Waits for a report that came after the last request. */
  const changed = (side: PluginBench, fits: (info: CallInfo) => boolean) =>
    side.waitFor("call.changed", (info) => !former.has(info) && fits(info));
  return {
    ...{ alice, bob, callId, changed },
    async share(on: boolean, source: string | null = FAKE_SCREEN.id) {
      for (const side of [alice, bob]) {
        for (const info of side.notificationsNamed("call.changed")) former.add(info);
      }
      const chosen = on && source !== null ? { source } : {};
      await alice.host.request("call.shareScreen", { callId, on, ...chosen });
    },
    screenThat: (fits: (screen: SharedScreen) => boolean) =>
      changed(alice, ({ local }) => local.screen !== undefined && fits(local.screen)),
  };
}

const peerOf = (bench: PluginBench) => bench.engine.peers.at(-1) ?? assert.fail("no peer");
const infoOf = async (bench: PluginBench): Promise<CallInfo> =>
  (await bench.host.request("call.list", {})).calls[0] ?? assert.fail("no call");
/** Whether a new subscriber would see a picture at once. A snapshot shows the same, but the bench has nothing that encodes it. */
const hasPicture = (bench: PluginBench, callId: string, source: "local" | "remote") =>
  bench.host.request("call.snapshot", { callId, source }).then(
    () => true,
    (error: unknown) => !(error instanceof RpcError && error.kind === "noPicture"),
  );
const sentBy = (bench: PluginBench) => peerOf(bench).sentFrames;

describe("what can be shared", () => {
  test("is listed, and says where the user chooses or what is missing", async () => {
    const { alice } = await connected();
    const list = () => alice.host.request("screen.sources", {});
    assert.deepEqual(await list(), { chooser: "host", sources: [FAKE_SCREEN] });
    alice.screens.nextOffer = { chooser: "desktop" };
    assert.deepEqual(await list(), { chooser: "desktop", sources: [] });
    alice.screens.nextOffer = { chooser: "none", why: "there is no X display" };
    assert.deepEqual(await list(), { chooser: "none", sources: [], why: "there is no X display" });
  });

  test("is required of a request, which captures nothing when it is refused", async () => {
    const { alice, share } = await connected();
    await assert.rejects(share(true, "window:0x1"), { kind: "unknownScreen" });
    alice.screens.nextOffer = { chooser: "none", why: "there is no X display" };
    await assert.rejects(share(true), { kind: "noScreen", message: /there is no X display/ });
    assert.deepEqual(alice.screens.shared, []);
  });
});

describe("a shared screen", () => {
  test("is sent and shown in place of the camera, and the other side knows what it sees", async () => {
    const { alice, bob, changed, share, screenThat } = await connected();
    await share(true);
    const { local } = await screenThat(({ state }) => state === "live");
    assert.deepEqual(local.screen, { state: "live", kind: "monitor", name: FAKE_SCREEN.name });
    const { remote } = await changed(bob, (call) => call.remote.screen === true);
    assert.equal(remote.camera, "on");
    const before = sentBy(alice);
    alice.cameras.emitFrame();
    assert.equal(sentBy(alice), before, "the camera's frame was sent");
    alice.screens.openNow[0]?.emitFrame();
    assert.equal(sentBy(alice), before + 1);
    assert.deepEqual(peerOf(alice).videoContents, ["screen"]);
    const { sending } = await infoOf(alice);
    assert.deepEqual([sending.width, sending.height], [1920, 1080]);
  });

  test("gives way to the camera at the end, and no frame of it is taken afterwards", async () => {
    const { alice, bob, changed, share, screenThat } = await connected();
    await share(true);
    await screenThat(({ state }) => state === "live");
    await changed(bob, ({ remote }) => remote.screen === true);
    const [screen] = alice.screens.openNow;
    screen?.emitFrame();
    await share(false);
    const { local } = await screenThat(({ state }) => state === "off");
    assert.deepEqual(local.screen, { state: "off", ended: "stopped" });
    await settle();
    assert.equal(screen?.isClosed, true);
    screen?.emitFrame();
    assert.equal(screen?.counters().captured, 1);
    const before = sentBy(alice);
    alice.cameras.emitFrame();
    assert.equal(sentBy(alice), before + 1);
    assert.deepEqual(peerOf(alice).videoContents, ["screen", "camera"]);
    await changed(bob, ({ remote }) => remote.screen === undefined && remote.camera === "on");
  });

  test("is shared in a voice call too, and the camera stays closed", async () => {
    const { alice, bob, changed, share, screenThat } = await connected("audio");
    await share(true);
    const { local } = await screenThat(({ state }) => state === "live");
    assert.deepEqual([local.camera.state, local.mediaLevel], ["off", "pictureAndVoice"]);
    await changed(bob, ({ remote }) => remote.screen === true && remote.camera === "on");
    await share(false);
    await changed(bob, ({ remote }) => remote.screen === undefined && remote.camera === "off");
    assert.deepEqual(alice.cameras.openNow, []);
  });

  for (const [reason, why] of [
    ["stoppedByDesktop", "the user ended it"],
    ["closed", "the window was closed"],
    ["failed", "the X server has gone"],
  ] as const) {
    test(`that ends by itself (${reason}) says why, and the camera goes on`, async () => {
      const { alice, share, screenThat } = await connected();
      await share(true);
      await screenThat(({ state }) => state === "live");
      alice.screens.openNow[0]?.endBySelf(reason, why);
      const { local } = await screenThat(({ state }) => state === "off");
      assert.deepEqual(local.screen, { state: "off", ended: reason, why });
      assert.equal(local.camera.state, "live");
      await settle();
      assert.deepEqual(alice.screens.openNow, []);
    });
  }

  test("of a window that is minimised says so, keeps its last picture, and goes on when it is shown", async () => {
    const { alice, bob, share, screenThat } = await connected();
    await share(true);
    await screenThat(({ state }) => state === "live");
    const [screen] = alice.screens.openNow;
    screen?.emitFrame();
    screen?.hide(true);
    const { local } = await screenThat(({ hidden }) => hidden === true);
    assert.deepEqual([local.screen?.state, local.mediaLevel], ["live", "pictureAndVoice"]);
    const before = sentBy(alice);
    alice.cameras.emitFrame();
    assert.equal(sentBy(alice), before, "the camera's frame was sent");
    assert.equal((await infoOf(bob)).remote.screen, true);
    screen?.hide(false);
    await settle();
    assert.deepEqual((await infoOf(alice)).local.screen, {
      ...{ state: "live", kind: "monitor", name: FAKE_SCREEN.name },
    });
    screen?.emitFrame();
    assert.equal(sentBy(alice), before + 1);
  });

  test("is switched twenty times without anything left open, and every frame is counted", async () => {
    const { alice, callId, share } = await connected();
    for (let round = 1; round <= 20; round += 1) {
      await share(true);
      await settle();
      alice.screens.openNow[0]?.emitFrame();
      await share(false);
      await settle();
      assert.deepEqual([alice.screens.shared.length, alice.screens.openNow], [round, []]);
    }
    assert.equal(peerOf(alice).videoContents.length, 40);
    assert.equal(sentBy(alice), 20);
    assert.equal((await infoOf(alice)).callId, callId);
  });

  test("leaves no picture for a page that comes after its end, at neither side", async () => {
    const { alice, bob, callId, changed, share } = await connected("audio");
    const seen = async () => [
      await hasPicture(alice, callId, "local"),
      await hasPicture(bob, callId, "remote"),
    ];
    await share(true);
    await changed(bob, ({ remote }) => remote.screen === true);
    assert.deepEqual(await seen(), [false, false]);
    alice.screens.openNow[0]?.emitFrame();
    await settle();
    assert.deepEqual(await seen(), [true, true]);
    await share(false);
    await changed(bob, ({ remote }) => remote.camera === "off");
    assert.deepEqual(await seen(), [false, false]);
  });

  test("and a camera do not leave their pictures to each other", async () => {
    const { alice, callId, share, screenThat } = await connected();
    alice.cameras.emitFrame();
    assert.equal(await hasPicture(alice, callId, "local"), true);
    await share(true);
    await screenThat(({ state }) => state === "live");
    assert.equal(await hasPicture(alice, callId, "local"), false, "the camera's picture is left");
    alice.screens.openNow[0]?.emitFrame();
    assert.equal(await hasPicture(alice, callId, "local"), true);
    await share(false);
    await screenThat(({ state }) => state === "off");
    assert.equal(await hasPicture(alice, callId, "local"), false, "the screen's picture is left");
    alice.cameras.emitFrame();
    assert.equal(await hasPicture(alice, callId, "local"), true);
    await alice.host.request("call.setCamera", { callId, on: false });
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "off");
    assert.equal(await hasPicture(alice, callId, "local"), false, "the camera is off");
  });

  test("ends with the call", async () => {
    const { alice, callId, share, screenThat } = await connected();
    await share(true);
    await screenThat(({ state }) => state === "live");
    await alice.host.request("call.hangup", { callId });
    await alice.waitFor("call.ended");
    await settle();
    assert.deepEqual(alice.screens.openNow, []);
  });
});

describe("the desktop's dialog", () => {
  test("comes before anything is captured, while the camera goes on", async () => {
    const { alice, share, screenThat } = await connected();
    alice.screens.nextOffer = { chooser: "desktop" };
    await share(true, null);
    await screenThat(({ state }) => state === "choosing");
    assert.deepEqual([alice.screens.isAsking, alice.screens.shared], [true, []]);
    const before = sentBy(alice);
    alice.cameras.emitFrame();
    assert.equal(sentBy(alice), before + 1);
    alice.screens.choose();
    await screenThat(({ state }) => state === "live");
    assert.equal(alice.screens.openNow.length, 1);
  });

  test("that the user closes leaves the camera as it is, and the reason is told once", async () => {
    const { alice, share, screenThat } = await connected();
    alice.screens.nextOffer = { chooser: "desktop" };
    await share(true, null);
    await screenThat(({ state }) => state === "choosing");
    alice.screens.refuse("cancelled", "the dialog was closed");
    const { local } = await screenThat(({ ended }) => ended !== undefined);
    assert.deepEqual(local.screen, { state: "off", ended: "cancelled", why: "the dialog was closed" });
    assert.deepEqual(peerOf(alice).videoContents, []);
    assert.deepEqual(alice.screens.shared, []);
  });

  test("is withdrawn with the request", async () => {
    const { alice, share, screenThat } = await connected();
    alice.screens.nextOffer = { chooser: "desktop" };
    await share(true, null);
    await screenThat(({ state }) => state === "choosing");
    await share(false);
    await screenThat(({ ended }) => ended === "stopped");
    alice.screens.choose();
    await settle();
    assert.deepEqual(alice.screens.shared, []);
  });
});

test("before the accept nothing can be shared", async () => {
  const network = createFakeSignallingNetwork();
  const [alice, bob] = [new PluginBench(network), new PluginBench(network)];
  open.push(alice, bob);
  await alice.start();
  const { callId } = await alice.host.request("call.start", { peerId: await bob.start(), media: "video" });
  await bob.waitFor("call.incoming");
  await assert.rejects(alice.host.request("call.shareScreen", { callId, on: true, source: FAKE_SCREEN.id }), {
    kind: "wrongCallState",
  });
});
