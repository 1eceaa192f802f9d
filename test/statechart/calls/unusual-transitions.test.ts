// Rare transitions of a call: a failing part, a message at an unusual moment, the loss of the host during a shutdown. Each has a
// defined result and leaves nothing open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../../rpc-schema/index.ts";
import type { Effects } from "../support/effects.ts";
import { live, MediaBench } from "../support/media-bench.ts";
import {
  ACK,
  ANSWER,
  CALL,
  CANDIDATE,
  connectedIn,
  connectedOut,
  hangupOf,
  ManagerBench,
  OFFER,
  requestOf,
  ringingIn,
  settled,
} from "../support/start-manager.ts";

const MEDIA: Signal = { type: "call-media", microphone: true, camera: false };
const SCRIPT_REQUEST: Signal = { type: "call-request", constraints: { video: true } };
const lost = { type: "peer.disconnected" } as const;
const back = { type: "peer.connected" } as const;
const candidate = { type: "peer.candidate", candidate: CANDIDATE.candidate } as const;

/** Makes the matching effects throw "NAME threw". */
function letThrow(effects: Effects, fits: (name: string, input: unknown) => boolean): void {
  const record = effects.record.bind(effects);
  effects.record = (name, input) => {
    if (fits(name, input)) throw new Error(`${name} threw`);
    record(name, input);
  };
}

describe("a call with a failing part", () => {
  test("ends for the host, and permits the next call, when its own chart fails", async () => {
    const manager = await ringingIn();
    letThrow(manager.effects, (name) => name === "sendRinging");
    await manager.receive(requestOf());
    assert.deepEqual(
      manager.ends().map(({ callId, end }) => [callId, end.reason, end.detail]),
      [[CALL, "mediaFailed", "sendRinging threw"]],
    );
    assert.equal(manager.phase(), "gone");
    await manager.startCall({ callId: "call-2" });
    assert.equal(manager.phase("call-2"), "requesting");
  });

  const parts = {
    "the devices' chart": (name: string) => name === "sendMediaState",
    "what is sent": (name: string, input: unknown) => name === "apply" && directionOf(input) === "sending",
    "what is shown": (name: string, input: unknown) => name === "apply" && directionOf(input) === "showing",
  };
  for (const [part, fits] of Object.entries(parts)) {
    test(`ends as mediaFailed, and notifies the peer, when ${part} fails`, async () => {
      const manager = await ringingIn(undefined, "audio");
      letThrow(manager.effects, fits);
      await manager.accept();
      manager.assertEnded("mediaFailed", "local");
      assert.deepEqual(manager.hangups(), ["mediaFailed"]);
    });
  }

  test("ends as mediaFailed when the engine fails while it opens the connection", async () => {
    const manager = await ringingIn();
    letThrow(manager.effects, (name) => name === "peerConnection");
    await manager.accept();
    manager.assertEnded("mediaFailed", "local");
  });
});

const directionOf = (input: unknown) => (input as { direction: string }).direction;

describe("the devices of a call", () => {
  for (const kind of ["camera", "speaker"] as const) {
    test(`count the ${kind} as lost when it fails while it opens`, () => {
      const bench = live("audio");
      letThrow(bench.effects, (name) => name === kind);
      if (kind === "camera") bench.send({ type: "user.setCamera", on: true });
      else bench.send({ type: "device.speakerLost", why: "unplugged" });
      bench.clock.increment(500);
      assert.equal(bench.state(kind), "lost");
      assert.equal(bench.context[kind].why, `${kind} threw`);
      assert.deepEqual(bench.effects.running(kind), []);
    });
  }

  test("open another microphone at once if it is chosen before the first is open", () => {
    const bench = new MediaBench();
    bench.send({ type: "user.useMicrophone", deviceId: "microphone-2" });
    assert.deepEqual(bench.choices("microphone").slice(1), ["microphone-2"]);
    assert.equal(bench.effects.running("microphone").length, 1);
    bench.openDevice("microphone", "microphone-2");
    assert.equal(bench.state("microphone"), "open.live");
  });

  test("switch the speaker during a call on request of the user", async () => {
    const manager = await connectedOut();
    manager.activity("speaker").send({ type: "device.speakerOpened", deviceId: "one", deviceName: "One" });
    await manager.sendUserEvent({ type: "user.useSpeaker", deviceId: "two" });
    assert.deepEqual(manager.activity("speaker").commands, ["use two"]);
  });
});

describe("a request that is being sent", () => {
  test("yields to the other call if its refusal arrives before the acknowledgement", async () => {
    const manager = new ManagerBench();
    manager.effects.hold("sendRequest");
    await manager.startCall();
    await manager.receive(hangupOf("superseded"));
    assert.equal(manager.phase(), "requesting");
    await manager.receive(requestOf(), { callId: "call-0", from: "aaron" });
    await manager.advance(10_000);
    manager.assertEnded("superseded", "remote");
  });
});

describe("our candidates for a peer that loses early candidates", () => {
  const sent = (manager: ManagerBench) => manager.effects.count("sendLocalCandidate");

  test("wait from the creation of the offer until the answer arrives", async () => {
    const manager = new ManagerBench();
    manager.effects.hold("createOffer");
    await manager.startCall();
    await manager.receive(ACK);
    await manager.sendEngineEvent(candidate);
    manager.effects.finish("createOffer");
    await settled();
    await manager.sendEngineEvent(candidate);
    assert.equal(sent(manager), 0);
    await manager.receive(ANSWER);
    assert.equal(sent(manager), 2);
  });

  test("wait in each step of an ICE restart, too", async () => {
    const manager = new ManagerBench();
    await manager.receive(SCRIPT_REQUEST);
    await manager.accept();
    await manager.receive(OFFER);
    await manager.sendEngineEvent(back);
    await manager.sendEngineEvent(lost);
    for (const name of ["createOffer", "sendOffer"] as const) manager.effects.hold(name);
    await manager.advance(4_000);
    await manager.sendEngineEvent(candidate);
    manager.effects.finish("createOffer");
    await settled();
    await manager.sendEngineEvent(candidate);
    manager.effects.finish("sendOffer");
    await settled();
    await manager.sendEngineEvent(candidate);
    assert.equal(sent(manager), 0);
    await manager.receive({ ...ANSWER, sdp: "answer 2" });
    assert.equal(sent(manager), 3);
  });
});

describe("a lost path", () => {
  test("recovers although the answer to the new offer was never acknowledged", async () => {
    const manager = await connectedIn();
    await manager.sendEngineEvent(lost);
    manager.effects.hold("sendAnswer");
    await manager.receive({ ...OFFER, sdp: "offer 2" });
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "reconnecting");
    manager.effects.break("sendAnswer", "not acknowledged");
    await settled();
    assert.equal(manager.phase(), "connected");
  });

  test("is restarted by another accept even if the first was not acknowledged", async () => {
    const manager = await connectedIn();
    await manager.sendEngineEvent(lost);
    manager.effects.fail("sendAccept");
    const before = manager.effects.count("sendAccept");
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendAccept"), before + 1);
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendAccept"), before + 2);
    await manager.receive({ ...OFFER, sdp: "offer 2" });
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });
});

describe("a manager that closes", () => {
  test("still recognises its own calls: a duplicate request is no new caller, and a foreign signal is dropped", async () => {
    const manager = await connectedIn();
    manager.effects.hold("sendHangup");
    await manager.send({ type: "manager.close", reason: "shutdown" });
    await manager.receive(requestOf());
    await manager.receive(MEDIA);
    assert.deepEqual(manager.refusals(), []);
    assert.equal(manager.call().context.remote.camera, false);
    await manager.receive(hangupOf(), { from: "mallory" });
    assert.equal(manager.context.foreignSignals, 1);
    manager.effects.finish("sendHangup");
    await settled();
    assert.equal(manager.actor.getSnapshot().value, "closed");
    assert.deepEqual(
      manager.ends().map(({ end }) => [end.reason, end.endedBy]),
      [["shutdown", "local"]],
    );
  });
});
