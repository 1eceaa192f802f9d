// A call that continues in a new process after a crash, for each kind of peer, with the user's choices. Calls that cannot continue
// end.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SimulatedClock } from "xstate";
import type { Signal } from "../../../rpc-schema/index.ts";
import type { PeerKind, ResumeCall } from "../../../statecharts/index.ts";
import { CALL, connectedOut, ManagerBench, requestOf, ringingOut } from "../support/start-manager.ts";

const RECONNECT: Signal = { type: "call-reconnect", channelId: CALL, mediaType: "video" };
const RECONNECT_ACK: Signal = { type: "call-reconnect-ack", mode: "native" };
const back = { type: "peer.connected" } as const;
const nothing = { choice: null, first: null };

function kept(change: Partial<ResumeCall> = {}, media = {}): ResumeCall {
  return {
    callId: CALL,
    peerId: "bob",
    direction: "outgoing",
    media: "video",
    peerKind: "plugin",
    resumed: {
      selfId: "alice",
      whyNotResumable: null,
      createdAt: 1_000,
      connectedAt: 2_000,
      remote: { microphone: true, camera: false, mediaLevel: "voiceOnly", mediaLevelReason: "no camera" },
      media: {
        isMicrophoneOn: true,
        isCameraOn: true,
        devices: { camera: nothing, microphone: nothing, speaker: nothing },
        ...media,
      },
    },
    ...change,
  };
}

async function resuming(call: ResumeCall = kept(), manager = new ManagerBench()): Promise<ManagerBench> {
  await manager.send({ type: "host.resume", ...call });
  return manager;
}

const open = (manager: ManagerBench, name: string) => manager.activity(name).input.choice;

describe("a call of a crashed process", () => {
  for (const direction of ["outgoing", "incoming"] as const) {
    test(`continues under its id as ${direction}: it requests a new connection, and offers`, async () => {
      const manager = await resuming(kept({ direction }));
      assert.deepEqual(manager.effects.inputs("notifyHostOfCall"), [{ callId: CALL, direction }]);
      assert.equal(manager.phase(), "reconnecting");
      assert.deepEqual(manager.effects.inputs("sendReconnect"), [
        { callId: CALL, peerId: "bob", media: "video" },
      ]);
      assert.equal(manager.effects.count("sendRequest") + manager.effects.count("sendAccept"), 0);
      await manager.receive(RECONNECT_ACK);
      assert.equal(manager.effects.count("createOffer"), 1);
      await manager.receive({ type: "call-answer", sdp: "answer of bob" });
      await manager.sendEngineEvent(back);
      assert.equal(manager.phase(), "connected");
      assert.deepEqual(manager.activity("peerConnection").commands, [], "its connection is new already");
    });
  }

  test("is refused if a call exists already", async () => {
    const manager = await resuming(kept({ callId: "another" }), await connectedOut());
    assert.equal(manager.phase("another"), "gone");
    assert.equal(manager.phase(), "connected");
  });

  test("keeps the peer's media state and the times of the call", async () => {
    const manager = await resuming();
    const { remote, resumed } = manager.call().context;
    assert.deepEqual(remote, {
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      mediaLevelReason: "no camera",
    });
    assert.deepEqual([resumed?.createdAt, resumed?.connectedAt], [1_000, 2_000]);
  });

  test("opens the user's devices, keeps the microphone muted, and leaves a camera off", async () => {
    const devices = {
      camera: nothing,
      microphone: { choice: "usb:1", first: null },
      speaker: { choice: "usb:2", first: "usb:3" },
    };
    const manager = await resuming(kept({}, { isMicrophoneOn: false, isCameraOn: false, devices }));
    assert.deepEqual([open(manager, "microphone"), open(manager, "speaker")], ["usb:1", "usb:2"]);
    assert.deepEqual(manager.effects.running("camera"), []);
    assert.equal(manager.media().context.speaker.first, "usb:3");
    manager
      .activity("microphone")
      .send({ type: "device.microphoneOpened", deviceId: "usb:1", deviceName: "M" });
    assert.ok(manager.media().matches({ microphone: { open: "muted" } }));
  });

  test("opens the camera if the user had switched it on in a voice call", async () => {
    const manager = await resuming(kept({ media: "audio" }));
    assert.equal(manager.effects.running("camera").length, 1);
  });

  test("retries every half second while the other side is unreachable, until the time is up", async () => {
    const manager = new ManagerBench();
    manager.effects.fail("sendReconnect");
    await resuming(kept(), manager);
    for (const times of [1, 2, 3]) {
      assert.equal(manager.effects.count("sendReconnect"), times);
      await manager.advance(500);
    }
    manager.effects.restore("sendReconnect");
    await manager.advance(500);
    await manager.receive(RECONNECT_ACK);
    assert.equal(manager.effects.count("createOffer"), 1);
    await manager.advance(18_000);
    manager.assertEnded("connectionLost", "local");
  });

  test("offers without an acknowledgement, and requests again if no path results", async () => {
    const manager = await resuming();
    await manager.advance(4_000);
    assert.equal(manager.effects.count("createOffer"), 1);
    await manager.receive({ type: "call-answer", sdp: "answer" });
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 2);
    assert.deepEqual(manager.activity("peerConnection").commands, ["connection.renew"]);
  });

  test("recovers its next lost path like any other call", async () => {
    const manager = await resuming(kept({ direction: "incoming" }));
    await manager.receive(RECONNECT_ACK);
    await manager.receive({ type: "call-answer", sdp: "answer" });
    await manager.sendEngineEvent(back);
    await manager.sendEngineEvent({ type: "peer.failed" });
    assert.equal(manager.effects.count("sendReconnect"), 1);
    assert.deepEqual(manager.linkState(), { recovering: "awaitingOffer" });
  });

  test("ends with the reason of the other side, such as unknownCall", async () => {
    const manager = await resuming();
    await manager.receive({ type: "call-hangup", reason: "unknownCall" });
    manager.assertEnded("unknownCall", "remote");
  });

  test("ends when its peer calls again meanwhile", async () => {
    const manager = await resuming();
    await manager.receive(requestOf(), { callId: "call-2" });
    manager.assertEnded("connectionLost", "local");
    assert.equal(manager.phase("call-2"), "ringing");
  });
});

describe("the end of a call of a crashed process", () => {
  const whyNotResumable = "it was not connected yet";

  test("is all that both sides receive if it was not connected", async () => {
    const call = kept();
    const manager = await resuming({ ...call, resumed: { ...call.resumed, whyNotResumable } });
    manager.assertEnded("hostGone", "local");
    assert.deepEqual(manager.hangups(), ["hostGone"]);
    assert.equal(manager.ends()[0]?.end.detail, whyNotResumable);
    assert.deepEqual(manager.effects.activities, []);
  });

  test("has a reason when the new process has another peer id", async () => {
    const manager = new ManagerBench({ selfId: "alice" });
    await resuming(kept(), manager);
    await manager.send({ type: "signalling.ready", selfId: "alice" });
    assert.equal(manager.phase(), "reconnecting", "our addresses changed, and nothing else");
    await manager.send({ type: "signalling.ready", selfId: "another-id" });
    manager.assertEnded("connectionLost", "local");
    assert.match(manager.ends()[0]?.end.detail ?? "", /another peer id now/);
  });

  test("does not come with a new peer id if the call began here", async () => {
    const manager = await connectedOut();
    await manager.send({ type: "signalling.ready", selfId: "another-id" });
    assert.equal(manager.phase(), "connected");
  });
});

describe("the reconnection with", () => {
  const ways: readonly [PeerKind, "outgoing" | "incoming", string][] = [
    ["plugin", "outgoing", "sendReconnect"],
    ["plugin", "incoming", "sendReconnect"],
    ["browser", "outgoing", "sendReconnect"],
    ["browser", "incoming", "sendReconnect"],
    ["native", "outgoing", "createOffer"],
    ["native", "incoming", "sendAccept"],
    ["script", "outgoing", "createOffer"],
    ["script", "incoming", "createOffer"],
  ];
  for (const [peerKind, direction, first] of ways) {
    test(`a ${peerKind} begins with ${first} if the call was ${direction}`, async () => {
      const manager = await resuming(kept({ peerKind, direction }));
      const counts = ["sendReconnect", "createOffer", "sendAccept"].filter((name) =>
        manager.effects.count(name),
      );
      assert.deepEqual(counts, [first]);
    });
  }
});

describe("when both processes crashed", () => {
  test("the caller's request wins over the callee's", async () => {
    const clock = new SimulatedClock();
    const caller = await resuming(kept(), new ManagerBench({ clock }));
    const callee = await resuming(kept({ direction: "incoming" }), new ManagerBench({ clock }));
    for (const manager of [caller, callee]) await manager.receive(RECONNECT);
    assert.deepEqual(
      [caller.effects.count("sendReconnectAck"), callee.effects.count("sendReconnectAck")],
      [0, 1],
    );
    await caller.receive(RECONNECT_ACK);
    assert.equal(caller.effects.count("createOffer"), 1);
    await callee.receive({ type: "call-offer", sdp: "offer 1" });
    assert.equal(callee.effects.count("sendAnswer"), 1);
  });
});

describe("a peer that reconnects", () => {
  test("receives our media state again", async () => {
    const manager = await connectedOut();
    manager.activity("microphone").send({ type: "device.microphoneOpened", deviceId: "m", deviceName: "M" });
    const before = manager.effects.inputs("sendMediaState");
    await manager.receive(RECONNECT);
    assert.deepEqual(manager.effects.inputs("sendMediaState"), [...before, before.at(-1)]);
  });

  test("receives nothing before the call is accepted", async () => {
    const manager = await ringingOut();
    await manager.receive(RECONNECT);
    assert.equal(manager.effects.count("sendMediaState"), 0);
  });
});
