// Two whole plugins in memory call each other. Their hosts drive them over JSON-RPC.

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
  return { network, alice, bob, aliceId: await alice.start(), bobId: await bob.start() };
}

async function ringing(media: "audio" | "video" = "video") {
  const pair = await twoPlugins();
  const { callId } = await pair.alice.host.request("call.start", { peerId: pair.bobId, media });
  await pair.bob.waitFor("call.incoming");
  await pair.alice.waitFor("call.changed", ({ phase }) => phase === "ringing");
  return { ...pair, callId };
}

async function connected(media: "audio" | "video" = "video") {
  const pair = await ringing(media);
  await pair.bob.host.request("call.accept", { callId: pair.callId });
  for (const side of [pair.alice, pair.bob]) {
    await side.waitFor("call.changed", ({ phase, local }) => {
      const kinds = media === "video" ? (["camera", "microphone"] as const) : (["microphone"] as const);
      return phase === "connected" && kinds.every((kind) => local[kind].state === "live");
    });
  }
  return pair;
}

/** The phases in the order of their first notification. */
function phases(bench: PluginBench): string[] {
  const reported = bench.notifications.flatMap(({ name, params }) => {
    if (name === "call.incoming") return ["incoming"];
    if (name === "call.ended") return ["ended"];
    return name === "call.changed" ? [(params as { phase: string }).phase] : [];
  });
  return reported.filter((phase, index) => reported.indexOf(phase) === index);
}

describe("a call between two plugins", () => {
  test("is reported to both hosts from its start to its end, in order", async () => {
    const { alice, bob, aliceId, bobId, callId } = await connected();
    await alice.host.request("call.hangup", { callId });
    const [ours, theirs] = await Promise.all([alice.waitFor("call.ended"), bob.waitFor("call.ended")]);
    assert.deepEqual(phases(alice), ["requesting", "ringing", "connecting", "connected", "ended"]);
    assert.deepEqual(phases(bob), ["incoming", "connecting", "connected", "ended"]);
    assert.deepEqual(
      [ours.callId, ours.peerId, ours.reason, ours.endedBy],
      [callId, bobId, "hungUp", "local"],
    );
    assert.deepEqual(
      [theirs.callId, theirs.peerId, theirs.reason, theirs.endedBy],
      [callId, aliceId, "hungUp", "remote"],
    );
    assert.ok(ours.durationMs >= 0);
  });

  test("is reported as incoming once, with the caller's label", async () => {
    const { bob, aliceId } = await ringing("audio");
    const [incoming] = bob.notificationsNamed("call.incoming");
    assert.equal(bob.notificationsNamed("call.incoming").length, 1);
    assert.deepEqual(
      [incoming?.peerId, incoming?.peerLabel, incoming?.media, incoming?.direction, incoming?.phase],
      [aliceId, "somebody", "audio", "incoming", "ringing"],
    );
  });

  test("opens no device before the accept but the caller's camera, and leaves none open after the end", async () => {
    const { alice, bob, callId } = await ringing();
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");
    assert.deepEqual([alice.open(), bob.open()], [["camera"], []]);
    await bob.host.request("call.accept", { callId });
    await alice.waitFor("call.changed", ({ local }) => local.microphone.state === "live");
    await bob.host.request("call.hangup", { callId });
    await Promise.all([alice.waitFor("call.ended"), bob.waitFor("call.ended")]);
    for (const { plugin } of [alice, bob])
      assert.deepEqual(plugin.callManager.getSnapshot().context.calls, {});
    assert.deepEqual([...alice.open(), ...bob.open()], []);
  });

  test("informs each side what the other captures", async () => {
    const { alice, bob, callId } = await connected();
    await bob.waitFor("call.changed", ({ remote }) => remote.microphone === "on" && remote.camera === "on");
    await alice.host.request("call.setMicrophone", { callId, on: false });
    await alice.host.request("call.setCamera", { callId, on: false });
    await bob.waitFor("call.changed", ({ remote }) => remote.microphone === "off" && remote.camera === "off");
    const own = await alice.waitFor(
      "call.changed",
      ({ local }) => local.camera.state === "off" && local.microphone.state === "muted",
    );
    assert.equal(own.phase, "connected");
    assert.deepEqual(alice.cameras.openNow, []);
  });

  test("passes frames and audio blocks to the other side's page and speaker", async () => {
    const { alice, bob, callId } = await connected();
    alice.cameras.emitFrame();
    alice.sound.emitBlock(new Int16Array(480).fill(1000));
    const arrived = () =>
      bob.sound.played.length > 0 && bob.plugin.frames.counts(callId, "remote").offered > 0;
    while (!arrived()) await new Promise(setImmediate);
    assert.equal(bob.plugin.frames.counts(callId, "remote").unwatched, 1);
    assert.equal(alice.plugin.frames.counts(callId, "local").unwatched, 1);
  });

  test("that is rejected, busy or unavailable ends with that reason on both sides", async () => {
    for (const reason of ["rejected", "busy", "unavailable"] as const) {
      const { alice, bob, callId } = await ringing();
      await bob.host.request("call.reject", { callId, reason });
      assert.equal((await alice.waitFor("call.ended")).reason, reason);
      const own = await bob.waitFor("call.ended");
      assert.deepEqual([own.reason, own.endedBy, own.durationMs], [reason, "local", 0]);
    }
  });

  test("to an offline peer ends as unreachable", async () => {
    const { alice, bobId, network } = await twoPlugins();
    network.setOnline(bobId, false);
    await alice.host.request("call.start", { peerId: bobId, media: "audio" });
    const ended = await alice.waitFor("call.ended");
    assert.deepEqual([ended.reason, ended.endedBy], ["unreachable", "local"]);
    assert.ok(ended.detail);
  });

  test("ends on the other side with hostGone when a host closes its end", async () => {
    const { alice, bob } = await connected();
    alice.host.close();
    const ended = await bob.waitFor("call.ended");
    assert.deepEqual([ended.reason, ended.endedBy], ["hostGone", "remote"]);
  });

  test("ends with shutdown, which is answered once every device is closed", async () => {
    const { alice, bob } = await connected();
    await alice.host.request("shutdown", {});
    assert.deepEqual(alice.open(), []);
    assert.equal(alice.notificationsNamed("call.ended")[0]?.reason, "shutdown");
    assert.equal((await bob.waitFor("call.ended")).reason, "shutdown");
  });

  test("can follow another at once", async () => {
    const { alice, bob, callId, bobId } = await connected();
    await alice.host.request("call.hangup", { callId });
    await Promise.all([alice.waitFor("call.ended"), bob.waitFor("call.ended")]);
    const second = await alice.host.request("call.start", { peerId: bobId, media: "video" });
    await bob.waitFor("call.incoming", (incoming) => incoming.callId === second.callId);
    await bob.host.request("call.accept", { callId: second.callId });
    await alice.waitFor(
      "call.changed",
      (info) => info.callId === second.callId && info.local.camera.state === "live",
    );
    assert.equal(alice.cameras.openNow.length, 1);
  });
});

describe("requests about a call", () => {
  const refusals = [
    ["call.accept", {}],
    ["call.reject", {}],
    ["call.hangup", {}],
    ["call.setMicrophone", { on: true }],
    ["call.setCamera", { on: true }],
    ["call.useDevice", { kind: "camera", deviceId: "auto" }],
    ["call.stats", {}],
    ["call.snapshot", { source: "local" }],
    ["frames.subscribe", { source: "local" }],
  ] as const;

  test("that does not exist are refused as unknownCall, whatever its id", async () => {
    const { alice } = await twoPlugins();
    for (const callId of ["nothing", "constructor", "__proto__"]) {
      for (const [method, params] of refusals) {
        await assert.rejects(
          alice.host.request(method, { ...params, callId } as never),
          { kind: "unknownCall" },
          `${method} ${callId}`,
        );
      }
    }
  });

  test("name the phase of the contract, and no state or event of the charts, when two windows answer at once", async () => {
    const { bob, callId } = await ringing();
    const answers = await Promise.allSettled(
      ["a", "b"].map(() => bob.host.request("call.accept", { callId })),
    );
    const [, second] = answers;
    assert.equal(answers[0]?.status, "fulfilled");
    assert.equal(second?.status, "rejected");
    const message = second.status === "rejected" ? String(second.reason.message) : "";
    assert.match(message, /^call\.accept does not fit an incoming call in the phase connecting, only /);
    assert.doesNotMatch(message, /[{}"]|user\./);
  });

  test("are refused as wrongCallState when it is in another phase", async () => {
    const { alice, bob, callId } = await ringing();
    const wrong = { kind: "wrongCallState" };
    await assert.rejects(alice.host.request("call.accept", { callId }), wrong);
    await assert.rejects(alice.host.request("call.reject", { callId }), wrong);
    await assert.rejects(bob.host.request("call.stats", { callId }), wrong);
    await bob.host.request("call.accept", { callId });
    await assert.rejects(bob.host.request("call.accept", { callId }), wrong);
  });

  test("that do not fit name the phase, and the phases that would fit", async () => {
    const { alice, callId } = await ringing();
    await assert.rejects(alice.host.request("call.accept", { callId }), {
      message:
        "call.accept does not fit an outgoing call in the phase ringing, only an incoming call in the phase ringing",
      issues: [
        { field: "callId", value: JSON.stringify(callId), expected: "an incoming call in the phase ringing" },
        { field: "phase", value: '"ringing"', expected: "ringing" },
      ],
    });
    await assert.rejects(alice.host.request("call.stats", { callId }), {
      message: /in the phase ringing, only a call in the phase connected or reconnecting$/,
    });
  });

  test("for an unknown device name it and the existing ones", async () => {
    const { alice, callId } = await connected();
    const request = alice.host.request("call.useDevice", { callId, kind: "microphone", deviceId: "nothing" });
    await assert.rejects(request, {
      kind: "unknownDevice",
      issues: [{ field: "deviceId", value: '"nothing"', expected: "one of auto, fake:mic, tone, none" }],
    });
  });

  test("switch a camera during the call, without a list of sound devices, which may take seconds", async (context) => {
    const { alice, callId } = await connected();
    context.mock.method(alice.sound, "list", () => new Promise(() => undefined));
    await alice.host.request("call.useDevice", { callId, kind: "camera", deviceId: "test-pattern" });
    // The old camera stays open until the new one has given a frame.
    await settle();
    assert.equal(alice.cameras.openNow.length, 2);
    alice.cameras.emitFrame();
    await alice.waitFor("call.changed", ({ local }) => local.camera.deviceId === "test-pattern");
    assert.deepEqual(
      alice.cameras.openNow.map(({ deviceId }) => deviceId),
      ["test-pattern"],
    );
  });

  test("for a snapshot without a frame are refused as noPicture", async () => {
    const { alice, callId } = await connected();
    for (const source of ["local", "remote"] as const) {
      await assert.rejects(alice.host.request("call.snapshot", { callId, source }), { kind: "noPicture" });
    }
  });

  test("are answered with the same state as the notifications", async () => {
    const { alice, callId } = await connected();
    const { calls } = await alice.host.request("call.list", {});
    assert.deepEqual(calls, [alice.notificationsNamed("call.changed").at(-1)]);
    await alice.host.request("call.hangup", { callId });
    assert.deepEqual(await alice.host.request("call.list", {}), { calls: [] });
  });

  test("for a second call, for oneself and for an invalid peer are refused by name", async () => {
    const { alice, aliceId, bobId } = await ringing();
    const start = (peerId: string) => alice.host.request("call.start", { peerId, media: "audio" });
    await assert.rejects(start(bobId), { kind: "alreadyInCall" });
    await assert.rejects(start(aliceId), { kind: "invalidPeer" });
    await assert.rejects(start("not a peer"), { kind: "invalidParams" });
  });

  test("get statistics after the first second, the same as in the notification", async () => {
    const { alice, callId } = await connected();
    const reported = await alice.waitFor("call.statistics");
    assert.deepEqual(await alice.host.request("call.stats", { callId }), reported);
    assert.equal(reported.callId, callId);
  });
});
