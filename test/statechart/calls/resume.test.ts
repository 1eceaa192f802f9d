// A call that goes on in a new process of ours after the last one crashed: as each kind of peer can, with what the user had
// chosen, or not at all.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SimulatedClock } from "xstate";
import type { Signal } from "../../../rpc-schema/index.ts";
import type { PeerKind, ResumeCall } from "../../../statecharts/index.ts";
import { CALL, connectedOut, DeskBench, requestOf, ringingOut } from "../support/start-manager.ts";

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
      whyOver: null,
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

async function resuming(call: ResumeCall = kept(), desk = new DeskBench()): Promise<DeskBench> {
  await desk.send({ type: "host.resume", ...call });
  return desk;
}

const open = (desk: DeskBench, name: string) => desk.activity(name).input.choice;

describe("a call of a process that crashed", () => {
  for (const direction of ["outgoing", "incoming"] as const) {
    test(`goes on under its id as ${direction}: it asks the other side for a new connection, and offers`, async () => {
      const desk = await resuming(kept({ direction }));
      assert.deepEqual(desk.effects.inputs("announceCall"), [{ callId: CALL, direction }]);
      assert.equal(desk.phase(), "reconnecting");
      assert.deepEqual(desk.effects.inputs("sendReconnect"), [
        { callId: CALL, peerId: "bob", media: "video" },
      ]);
      assert.equal(desk.effects.count("sendRequest") + desk.effects.count("sendAccept"), 0);
      await desk.hears(RECONNECT_ACK);
      assert.equal(desk.effects.count("createOffer"), 1);
      await desk.hears({ type: "call-answer", sdp: "answer of bob" });
      await desk.engine(back);
      assert.equal(desk.phase(), "connected");
      assert.deepEqual(desk.activity("peerConnection").heard, [], "its connection is new already");
    });
  }

  test("is refused where a call is there already", async () => {
    const desk = await resuming(kept({ callId: "another" }), await connectedOut());
    assert.equal(desk.phase("another"), "gone");
    assert.equal(desk.phase(), "connected");
  });

  test("keeps what the other side said of itself, and the times for whoever tells of the call", async () => {
    const desk = await resuming();
    const { remote, resumed } = desk.call().context;
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
    const desk = await resuming(kept({}, { isMicrophoneOn: false, isCameraOn: false, devices }));
    assert.deepEqual([open(desk, "microphone"), open(desk, "speaker")], ["usb:1", "usb:2"]);
    assert.deepEqual(desk.effects.running("camera"), []);
    assert.equal(desk.media().context.speaker.first, "usb:3");
    desk.activity("microphone").send({ type: "device.microphoneOpened", deviceId: "usb:1", deviceName: "M" });
    assert.ok(desk.media().matches({ microphone: { open: "muted" } }));
  });

  test("opens the camera of a voice call in which it was switched on", async () => {
    const desk = await resuming(kept({ media: "audio" }));
    assert.equal(desk.effects.running("camera").length, 1);
  });

  test("asks again every half second while the other side cannot be reached, and gives up with the time", async () => {
    const desk = new DeskBench();
    desk.effects.fail("sendReconnect");
    await resuming(kept(), desk);
    for (const times of [1, 2, 3]) {
      assert.equal(desk.effects.count("sendReconnect"), times);
      await desk.passes(500);
    }
    desk.effects.mend("sendReconnect");
    await desk.passes(500);
    await desk.hears(RECONNECT_ACK);
    assert.equal(desk.effects.count("createOffer"), 1);
    await desk.passes(18_000);
    desk.assertEnded("connectionLost", "local");
  });

  test("offers to a side that does not acknowledge, and asks anew when no path comes of it", async () => {
    const desk = await resuming();
    await desk.passes(4_000);
    assert.equal(desk.effects.count("createOffer"), 1);
    await desk.hears({ type: "call-answer", sdp: "answer" });
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendReconnect"), 2);
    assert.deepEqual(desk.activity("peerConnection").heard, ["connection.renew"]);
  });

  test("seeks its next lost path as any other, once it has come back", async () => {
    const desk = await resuming(kept({ direction: "incoming" }));
    await desk.hears(RECONNECT_ACK);
    await desk.hears({ type: "call-answer", sdp: "answer" });
    await desk.engine(back);
    await desk.engine({ type: "peer.failed" });
    assert.equal(desk.effects.count("sendReconnect"), 1);
    assert.deepEqual(desk.linkState(), { recovering: "awaitingOffer" });
  });

  test("ends for the reason that the other side gives, such as that it knows the call no more", async () => {
    const desk = await resuming();
    await desk.hears({ type: "call-hangup", reason: "unknownCall" });
    desk.assertEnded("unknownCall", "remote");
  });

  test("makes way when its peer calls anew meanwhile", async () => {
    const desk = await resuming();
    await desk.hears(requestOf(), { callId: "call-2" });
    desk.assertEnded("connectionLost", "local");
    assert.equal(desk.phase("call-2"), "ringing");
  });
});

describe("of a call of a process that crashed", () => {
  const whyOver = "it was not connected yet";

  test("only the end is told, to both sides, where it had not begun", async () => {
    const call = kept();
    const desk = await resuming({ ...call, resumed: { ...call.resumed, whyOver } });
    desk.assertEnded("hostGone", "local");
    assert.deepEqual(desk.hangups(), ["hostGone"]);
    assert.equal(desk.ends()[0]?.end.detail, whyOver);
    assert.deepEqual(desk.effects.activities, []);
  });

  test("the end is told where this process is another peer than that one was", async () => {
    const desk = new DeskBench({ selfId: "alice" });
    await resuming(kept(), desk);
    await desk.send({ type: "signalling.ready", selfId: "alice" });
    assert.equal(desk.phase(), "reconnecting", "our addresses changed, and nothing else");
    await desk.send({ type: "signalling.ready", selfId: "somebody" });
    desk.assertEnded("connectionLost", "local");
    assert.match(desk.ends()[0]?.end.detail ?? "", /another peer now/);
  });

  test("a call that began here is none, whatever our id becomes", async () => {
    const desk = await connectedOut();
    await desk.send({ type: "signalling.ready", selfId: "somebody" });
    assert.equal(desk.phase(), "connected");
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
      const desk = await resuming(kept({ peerKind, direction }));
      const counts = ["sendReconnect", "createOffer", "sendAccept"].filter((name) =>
        desk.effects.count(name),
      );
      assert.deepEqual(counts, [first]);
    });
  }
});

describe("where both processes crashed", () => {
  test("the caller's question stands, and the callee's gives way to it", async () => {
    const clock = new SimulatedClock();
    const caller = await resuming(kept(), new DeskBench({ clock }));
    const callee = await resuming(kept({ direction: "incoming" }), new DeskBench({ clock }));
    for (const desk of [caller, callee]) await desk.hears(RECONNECT);
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
    const desk = await connectedOut();
    desk.activity("microphone").send({ type: "device.microphoneOpened", deviceId: "m", deviceName: "M" });
    const before = desk.effects.inputs("announce");
    await desk.hears(RECONNECT);
    assert.deepEqual(desk.effects.inputs("announce"), [...before, before.at(-1)]);
  });

  test("nothing is said before both had agreed", async () => {
    const desk = await ringingOut();
    await desk.hears(RECONNECT);
    assert.equal(desk.effects.count("announce"), 0);
  });
});
