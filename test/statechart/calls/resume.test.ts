// A call that goes on in a new process of ours after the last one crashed: as each kind of peer can, with what the user had
// chosen, or not at all.

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

describe("a call of a process that crashed", () => {
  for (const direction of ["outgoing", "incoming"] as const) {
    test(`goes on under its id as ${direction}: it asks the other side for a new connection, and offers`, async () => {
      const manager = await resuming(kept({ direction }));
      assert.deepEqual(manager.effects.inputs("notifyHostOfCall"), [{ callId: CALL, direction }]);
      assert.equal(manager.phase(), "reconnecting");
      assert.deepEqual(manager.effects.inputs("sendReconnect"), [
        { callId: CALL, peerId: "bob", media: "video" },
      ]);
      assert.equal(manager.effects.count("sendRequest") + manager.effects.count("sendAccept"), 0);
      await manager.hears(RECONNECT_ACK);
      assert.equal(manager.effects.count("createOffer"), 1);
      await manager.hears({ type: "call-answer", sdp: "answer of bob" });
      await manager.engine(back);
      assert.equal(manager.phase(), "connected");
      assert.deepEqual(manager.activity("peerConnection").heard, [], "its connection is new already");
    });
  }

  test("is refused where a call is there already", async () => {
    const manager = await resuming(kept({ callId: "another" }), await connectedOut());
    assert.equal(manager.phase("another"), "gone");
    assert.equal(manager.phase(), "connected");
  });

  test("keeps what the other side said of itself, and the times for whoever tells of the call", async () => {
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

  test("opens the devices that the user had chosen, a muted microphone muted, and no camera that was off", async () => {
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

  test("opens the camera of a voice call in which it was switched on", async () => {
    const manager = await resuming(kept({ media: "audio" }));
    assert.equal(manager.effects.running("camera").length, 1);
  });

  test("asks again every half second while the other side cannot be reached, and gives up with the time", async () => {
    const manager = new ManagerBench();
    manager.effects.fail("sendReconnect");
    await resuming(kept(), manager);
    for (const times of [1, 2, 3]) {
      assert.equal(manager.effects.count("sendReconnect"), times);
      await manager.passes(500);
    }
    manager.effects.mend("sendReconnect");
    await manager.passes(500);
    await manager.hears(RECONNECT_ACK);
    assert.equal(manager.effects.count("createOffer"), 1);
    await manager.passes(18_000);
    manager.assertEnded("connectionLost", "local");
  });

  test("offers to a side that does not acknowledge, and asks anew when no path comes of it", async () => {
    const manager = await resuming();
    await manager.passes(4_000);
    assert.equal(manager.effects.count("createOffer"), 1);
    await manager.hears({ type: "call-answer", sdp: "answer" });
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 2);
    assert.deepEqual(manager.activity("peerConnection").heard, ["connection.renew"]);
  });

  test("seeks its next lost path as any other, once it has come back", async () => {
    const manager = await resuming(kept({ direction: "incoming" }));
    await manager.hears(RECONNECT_ACK);
    await manager.hears({ type: "call-answer", sdp: "answer" });
    await manager.engine(back);
    await manager.engine({ type: "peer.failed" });
    assert.equal(manager.effects.count("sendReconnect"), 1);
    assert.deepEqual(manager.linkState(), { recovering: "awaitingOffer" });
  });

  test("ends for the reason that the other side gives, such as that it knows the call no more", async () => {
    const manager = await resuming();
    await manager.hears({ type: "call-hangup", reason: "unknownCall" });
    manager.assertEnded("unknownCall", "remote");
  });

  test("makes way when its peer calls anew meanwhile", async () => {
    const manager = await resuming();
    await manager.hears(requestOf(), { callId: "call-2" });
    manager.assertEnded("connectionLost", "local");
    assert.equal(manager.phase("call-2"), "ringing");
  });
});

describe("of a call of a process that crashed", () => {
  const whyNotResumable = "it was not connected yet";

  test("only the end is told, to both sides, where it had not begun", async () => {
    const call = kept();
    const manager = await resuming({ ...call, resumed: { ...call.resumed, whyNotResumable } });
    manager.assertEnded("hostGone", "local");
    assert.deepEqual(manager.hangups(), ["hostGone"]);
    assert.equal(manager.ends()[0]?.end.detail, whyNotResumable);
    assert.deepEqual(manager.effects.activities, []);
  });

  test("ends with a reason when the new process has another peer id", async () => {
    const manager = new ManagerBench({ selfId: "alice" });
    await resuming(kept(), manager);
    await manager.send({ type: "signalling.ready", selfId: "alice" });
    assert.equal(manager.phase(), "reconnecting", "our addresses changed, and nothing else");
    await manager.send({ type: "signalling.ready", selfId: "somebody" });
    manager.assertEnded("connectionLost", "local");
    assert.match(manager.ends()[0]?.end.detail ?? "", /another peer id now/);
  });

  test("a call that began here is none, whatever our id becomes", async () => {
    const manager = await connectedOut();
    await manager.send({ type: "signalling.ready", selfId: "somebody" });
    assert.equal(manager.phase(), "connected");
  });
});

describe("the way back to", () => {
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
    test(`a ${peerKind} begins with ${first} where the call was ${direction}`, async () => {
      const manager = await resuming(kept({ peerKind, direction }));
      const counts = ["sendReconnect", "createOffer", "sendAccept"].filter((name) =>
        manager.effects.count(name),
      );
      assert.deepEqual(counts, [first]);
    });
  }
});

describe("where both processes crashed", () => {
  test("the caller's question stands, and the callee's gives way to it", async () => {
    const clock = new SimulatedClock();
    const caller = await resuming(kept(), new ManagerBench({ clock }));
    const callee = await resuming(kept({ direction: "incoming" }), new ManagerBench({ clock }));
    for (const manager of [caller, callee]) await manager.hears(RECONNECT);
    assert.deepEqual(
      [caller.effects.count("sendReconnectAck"), callee.effects.count("sendReconnectAck")],
      [0, 1],
    );
    await caller.hears(RECONNECT_ACK);
    assert.equal(caller.effects.count("createOffer"), 1);
    await callee.hears({ type: "call-offer", sdp: "offer 1" });
    assert.equal(callee.effects.count("sendAnswer"), 1);
  });
});

describe("to a side that comes back", () => {
  test("we say again what we capture, since it has forgotten", async () => {
    const manager = await connectedOut();
    manager.activity("microphone").send({ type: "device.microphoneOpened", deviceId: "m", deviceName: "M" });
    const before = manager.effects.inputs("sendMediaState");
    await manager.hears(RECONNECT);
    assert.deepEqual(manager.effects.inputs("sendMediaState"), [...before, before.at(-1)]);
  });

  test("nothing is said before both had agreed", async () => {
    const manager = await ringingOut();
    await manager.hears(RECONNECT);
    assert.equal(manager.effects.count("sendMediaState"), 0);
  });
});
