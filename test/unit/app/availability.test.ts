// Availability of calls, on whole plugins in memory: switched off by the user, made impossible by the machine, and made by the
// host's page.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { FAKE_CAMERA_ID } from "../../support/fakes/fake-cameras.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

const PATTERN = { id: "test-pattern", name: "Test pattern", isDefault: false };
const CAMERA = { id: FAKE_CAMERA_ID, name: "Fake camera", isDefault: true };

function bench(platform = "linux", network = createFakeSignallingNetwork()): PluginBench {
  const made = new PluginBench(network, null, platform);
  open.push(made);
  return made;
}

async function twoPlugins() {
  const network = createFakeSignallingNetwork();
  const [alice, bob] = [bench("linux", network), bench("linux", network)];
  const [aliceId, bobId] = [await alice.start(), await bob.start()];
  return { network, alice, bob, aliceId, bobId };
}

async function ringing() {
  const pair = await twoPlugins();
  const { callId } = await pair.alice.host.request("call.start", { peerId: pair.bobId, media: "video" });
  await pair.bob.waitFor("call.incoming");
  await pair.alice.waitFor("call.changed", ({ phase }) => phase === "ringing");
  return { ...pair, callId };
}

const setDisabled = ({ host }: PluginBench, videoDisabled: boolean) =>
  host.request("settings.update", { settings: { videoDisabled } });

/** Waits until this side's contacts show that calls to the peer are off, or on. */
const seesDisabled = (one: PluginBench, peerId: string, videoDisabled: boolean) =>
  one.waitFor("contacts.changed", ({ contacts }) =>
    contacts.some((contact) => contact.peerId === peerId && contact.videoDisabled === videoDisabled),
  );

describe("calls switched off by the user", () => {
  test("are reported to the host at once, with cause and reason, and again when they are on", async () => {
    const { alice } = await twoPlugins();
    assert.deepEqual(await alice.waitFor("availability.changed"), { videoDisabled: false });
    await setDisabled(alice, true);
    const off = alice.notificationsNamed("availability.changed").at(-1);
    assert.deepEqual([off?.videoDisabled, off?.cause], [true, "user"]);
    assert.match(off?.why ?? "", /settings/);
    await setDisabled(alice, false);
    assert.deepEqual(alice.notificationsNamed("availability.changed").at(-1), { videoDisabled: false });
    assert.equal(alice.notificationsNamed("availability.changed").length, 3);
  });

  test("are announced to the peers, whose calls are refused until calls are on again", async () => {
    const { alice, bob, aliceId } = await twoPlugins();
    await setDisabled(alice, true);
    await seesDisabled(bob, aliceId, true);
    const start = () => bob.host.request("call.start", { peerId: aliceId, media: "audio" });
    await assert.rejects(start(), { kind: "peerCallsDisabled", message: /switched off/ });
    await setDisabled(alice, false);
    await seesDisabled(bob, aliceId, false);
    const { callId } = await start();
    assert.equal((await alice.waitFor("call.incoming")).callId, callId);
  });

  test("refuse our own calls as callsDisabled, also the accept of a call that rings", async () => {
    const { bob, aliceId, callId } = await ringing();
    await setDisabled(bob, true);
    const start = bob.host.request("call.start", { peerId: aliceId, media: "audio" });
    await assert.rejects(start, { kind: "callsDisabled", message: /settings/ });
    await assert.rejects(bob.host.request("call.accept", { callId }), { kind: "callsDisabled" });
  });

  test("end a ringing call on both sides as videoDisabled, whichever side switches", async () => {
    for (const side of ["alice", "bob"] as const) {
      const pair = await ringing();
      await setDisabled(pair[side], true);
      const other = side === "alice" ? pair.bob : pair.alice;
      const [own, theirs] = await Promise.all([
        pair[side].waitFor("call.ended"),
        other.waitFor("call.ended"),
      ]);
      assert.deepEqual([own.reason, own.endedBy], ["videoDisabled", "local"]);
      assert.deepEqual([theirs.reason, theirs.endedBy], ["videoDisabled", "remote"]);
    }
  });

  test("end a call in progress on both sides, and close its devices", async () => {
    const { alice, bob, callId } = await ringing();
    await bob.host.request("call.accept", { callId });
    await bob.waitFor(
      "call.changed",
      ({ phase, local }) => phase === "connected" && local.camera.state === "live",
    );
    await setDisabled(bob, true);
    const [own, theirs] = await Promise.all([bob.waitFor("call.ended"), alice.waitFor("call.ended")]);
    assert.deepEqual([own.reason, theirs.reason], ["videoDisabled", "videoDisabled"]);
    await settle();
    assert.deepEqual([...bob.open(), ...alice.open()], []);
  });

  test("refuse the request of a peer that does not know, without ringing or opening a device", async () => {
    const { network, bob, aliceId, bobId } = await twoPlugins();
    await setDisabled(bob, true);
    const request = { type: "call-request", mode: "native", mediaType: "video" };
    network.inject(aliceId, bobId, "call:late", request);
    await settle();
    assert.deepEqual(
      [bob.notificationsNamed("call.incoming"), bob.notificationsNamed("call.changed"), bob.open()],
      [[], [], []],
    );
    assert.deepEqual(bob.plugin.callManager.getSnapshot().context.calls, {});
  });

  test("stop observing the devices until calls are on again", async () => {
    const alice = bench();
    await alice.start({ videoDisabled: true });
    assert.equal((await alice.waitFor("availability.changed")).cause, "user");
    await settle();
    assert.equal(alice.sound.subscriberCount, 0);
    await setDisabled(alice, false);
    assert.equal(alice.sound.subscriberCount, 1);
  });
});

describe("calls that are impossible", () => {
  test("for lack of a device become possible when one is plugged in, and impossible when it is unplugged", async () => {
    const alice = bench();
    alice.cameras.devices = [PATTERN];
    await alice.sound.unplug("microphone", "fake:mic");
    await alice.start();
    const none = await alice.waitFor("availability.changed");
    assert.deepEqual([none.videoDisabled, none.cause], [true, "device"]);
    const start = alice.host.request("call.start", { peerId: "FakePeerZZ", media: "audio" });
    await assert.rejects(start, { kind: "callsUnavailable", message: /neither a camera nor a microphone/ });
    await alice.sound.plug("microphone", "fake:headset");
    await alice.waitFor("availability.changed", ({ videoDisabled }) => !videoDisabled);
    await alice.sound.unplug("microphone", "fake:headset");
    const later = () => alice.notificationsNamed("availability.changed").slice(2);
    await alice.waitFor("availability.changed", () => later().length > 0);
    assert.deepEqual(
      later().map(({ cause }) => cause),
      ["device"],
    );
  });

  test("do not end a call in progress: without its last device it still receives, and it sends again once there is one", async () => {
    const { bob, callId } = await ringing();
    await bob.host.request("call.accept", { callId });
    await bob.waitFor(
      "call.changed",
      ({ phase, local }) => phase === "connected" && local.mediaLevel === "pictureAndVoice",
    );
    await bob.sound.unplug("microphone", "fake:mic");
    bob.sound.lose("microphone", "unplugged");
    bob.cameras.openNow[0]?.unplug();
    bob.cameras.change([PATTERN]);
    assert.equal(
      (await bob.waitFor("availability.changed", ({ videoDisabled }) => videoDisabled)).cause,
      "device",
    );
    await bob.waitFor("call.changed", ({ local }) => local.mediaLevel === "receiveOnly");
    await settle();
    bob.cameras.change([CAMERA, PATTERN]);
    const isBack = () => bob.notificationsNamed("call.changed").at(-1)?.local.mediaLevel === "pictureOnly";
    await bob.waitFor("call.changed", isBack);
    assert.deepEqual(
      [bob.notificationsNamed("call.changed").at(-1)?.phase, bob.notificationsNamed("call.ended")],
      ["connected", []],
    );
  });

  test("for lack of a permission name the remedy, and become possible once it is granted", async () => {
    const alice = bench();
    await alice.sound.unplug("microphone", "fake:mic");
    alice.closedCameras = [FAKE_CAMERA_ID];
    alice.closedNodes = { paths: ["/dev/video0"], remedy: "sudo usermod -aG video ann" };
    await alice.start();
    const { cause, why } = await alice.waitFor("availability.changed");
    assert.equal(cause, "permission");
    assert.match(why ?? "", /\/dev\/video0.*usermod/);
    alice.closedCameras = [];
    // The list stays the same; the kernel only reports that a node has changed.
    alice.cameras.change([CAMERA, PATTERN]);
    await alice.waitFor("availability.changed", ({ videoDisabled }) => !videoDisabled);
  });

  test("are possible when the settings name replacements for the missing devices", async () => {
    const alice = bench();
    alice.cameras.devices = [PATTERN];
    await alice.sound.unplug("microphone", "fake:mic");
    await alice.start({ microphone: "tone" });
    assert.deepEqual(await alice.waitFor("availability.changed"), { videoDisabled: false });
  });
});

describe("a call without a microphone or camera", () => {
  test("sends the devices that exist and never a tone or a test pattern", async () => {
    const { alice, bob, callId } = await ringing();
    await bob.sound.unplug("microphone", "fake:mic");
    await bob.host.request("call.accept", { callId });
    const { local } = await bob.waitFor("call.changed", ({ local }) => local.mediaLevel === "pictureOnly");
    assert.equal(local.microphone.state, "lost");
    assert.match(local.mediaLevelReason ?? "", /there is no microphone/);
    assert.deepEqual(bob.sound.openIds("microphone"), []);
    await alice.waitFor("call.changed", ({ remote }) => remote.mediaLevel === "pictureOnly");
    await bob.sound.plug("microphone", "fake:headset");
    await bob.waitFor("call.changed", ({ local }) => local.mediaLevel === "pictureAndVoice");
  });
});

describe("the mode of calls", () => {
  const initialize = (made: PluginBench, settings: object, webviewCanCall?: boolean) =>
    made.host.request("initialize", {
      protocolVersion: 1,
      host: { name: "a test", ...(webviewCanCall === undefined ? {} : { webviewCanCall }) },
      identity: { label: "somebody" },
      settings,
    });

  test("is the plugin on Linux, and the page where the page can make calls", async () => {
    assert.equal((await initialize(bench(), {})).mode, "native");
    assert.equal((await initialize(bench("darwin"), {})).mode, "browser");
    assert.equal((await initialize(bench(), {}, true)).mode, "browser");
    assert.equal((await initialize(bench("darwin"), { mode: "native" })).mode, "native");
  });

  test("browser starts no signalling, observes no devices and refuses calls", async () => {
    const made = bench("darwin");
    await initialize(made, {});
    made.host.notify("initialized", {});
    const start = made.host.request("call.start", { peerId: "FakePeerZZ", media: "audio" });
    await assert.rejects(start, { kind: "callsInPage" });
    await assert.rejects(made.host.request("call.accept", { callId: "c" }), { kind: "callsInPage" });
    const empty = { cameras: [], microphones: [], speakers: [] };
    assert.deepEqual(await made.host.request("devices.list", {}), empty);
    await settle();
    assert.deepEqual([made.notificationsNamed("signalling.changed"), made.sound.subscriberCount], [[], 0]);
  });

  test("browser is refused by name for a page that cannot make calls, and the settings stay", async () => {
    const made = bench();
    const wrong = { kind: "invalidParams", issues: [{ field: "settings.mode" }] };
    const isWrong = (error: { kind: string; issues: { field: string }[] }) => {
      assert.deepEqual(
        [error.kind, error.issues.map(({ field }) => ({ field }))],
        [wrong.kind, wrong.issues],
      );
      return true;
    };
    await assert.rejects(initialize(made, { mode: "browser" }, false), isWrong);
    const { settings } = await initialize(made, {}, false);
    assert.equal(settings.mode, "auto");
    const update = made.host.request("settings.update", { settings: { mode: "browser", toneHz: 500 } });
    await assert.rejects(update, isWrong);
    const after = await made.host.request("settings.update", { settings: { mode: "native" } });
    assert.deepEqual([after.settings.toneHz, after.restartNeeded], [440, ["mode"]]);
  });
});
