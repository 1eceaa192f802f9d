// Turns that a call takes once in a thousand: a part of it fails, a message comes at the one moment when it means
// something else, the host goes while the plugin leaves. Each has its outcome, and leaves nothing open.

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

/** From now on the effects throw that fit; what is thrown is "NAME threw". */
function letThrow(effects: Effects, fits: (name: string, input: unknown) => boolean): void {
  const record = effects.record.bind(effects);
  effects.record = (name, input) => {
    if (fits(name, input)) throw new Error(`${name} threw`);
    record(name, input);
  };
}

describe("a call of which a part fails", () => {
  test("is over for the host, and makes way for the next, when its own chart fails", async () => {
    const manager = await ringingIn();
    letThrow(manager.effects, (name) => name === "sendRinging");
    await manager.hears(requestOf());
    assert.deepEqual(
      manager.ends().map(({ callId, end }) => [callId, end.reason, end.detail]),
      [[CALL, "mediaFailed", "sendRinging threw"]],
    );
    assert.equal(manager.phase(), "gone");
    await manager.starts({ callId: "call-2" });
    assert.equal(manager.phase("call-2"), "requesting");
  });

  const parts = {
    "the devices' chart": (name: string) => name === "sendMediaState",
    "what is sent": (name: string, input: unknown) => name === "apply" && directionOf(input) === "sending",
    "what is shown": (name: string, input: unknown) => name === "apply" && directionOf(input) === "showing",
  };
  for (const [part, fits] of Object.entries(parts)) {
    test(`ends as mediaFailed, and tells the other side, when ${part} fails`, async () => {
      const manager = await ringingIn(undefined, "audio");
      letThrow(manager.effects, fits);
      await manager.accepts();
      manager.assertEnded("mediaFailed", "local");
      assert.deepEqual(manager.hangups(), ["mediaFailed"]);
    });
  }

  test("ends as mediaFailed when the engine breaks down while it makes the connection", async () => {
    const manager = await ringingIn();
    letThrow(manager.effects, (name) => name === "peerConnection");
    await manager.accepts();
    manager.assertEnded("mediaFailed", "local");
  });
});

const directionOf = (input: unknown) => (input as { direction: string }).direction;

describe("the devices of a call", () => {
  for (const kind of ["camera", "speaker"] as const) {
    test(`count the ${kind} as lost when it breaks down while it opens`, () => {
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

  test("open another microphone at once when it is chosen before the first is open", () => {
    const bench = new MediaBench();
    bench.send({ type: "user.useMicrophone", deviceId: "microphone-2" });
    assert.deepEqual(bench.choices("microphone").slice(1), ["microphone-2"]);
    assert.equal(bench.effects.running("microphone").length, 1);
    bench.opens("microphone", "microphone-2");
    assert.equal(bench.state("microphone"), "open.live");
  });

  test("take another speaker in the midst of a call when the user asks for it", async () => {
    const manager = await connectedOut();
    manager.activity("speaker").send({ type: "device.speakerOpened", deviceId: "one", deviceName: "One" });
    await manager.wants({ type: "user.useSpeaker", deviceId: "two" });
    assert.deepEqual(manager.activity("speaker").heard, ["use two"]);
  });
});

describe("a request that is on its way", () => {
  test("gives way to the other side's call when that side says so before it acknowledges", async () => {
    const manager = new ManagerBench();
    manager.effects.hold("sendRequest");
    await manager.starts();
    await manager.hears(hangupOf("superseded"));
    assert.equal(manager.phase(), "requesting");
    await manager.hears(requestOf(), { callId: "call-0", from: "aaron" });
    await manager.passes(10_000);
    manager.assertEnded("superseded", "remote");
  });
});

describe("our candidates for a peer that loses what comes before the offer", () => {
  const sent = (manager: ManagerBench) => manager.effects.count("sendLocalCandidate");

  test("wait from the moment the offer is made until the answer is there", async () => {
    const manager = new ManagerBench();
    manager.effects.hold("createOffer");
    await manager.starts();
    await manager.hears(ACK);
    await manager.engine(candidate);
    manager.effects.finish("createOffer");
    await settled();
    await manager.engine(candidate);
    assert.equal(sent(manager), 0);
    await manager.hears(ANSWER);
    assert.equal(sent(manager), 2);
  });

  test("wait as well in each step of the exchange that seeks a lost path", async () => {
    const manager = new ManagerBench();
    await manager.hears(SCRIPT_REQUEST);
    await manager.accepts();
    await manager.hears(OFFER);
    await manager.engine(back);
    await manager.engine(lost);
    for (const name of ["createOffer", "sendOffer"] as const) manager.effects.hold(name);
    await manager.passes(4_000);
    await manager.engine(candidate);
    manager.effects.finish("createOffer");
    await settled();
    await manager.engine(candidate);
    manager.effects.finish("sendOffer");
    await settled();
    await manager.engine(candidate);
    assert.equal(sent(manager), 0);
    await manager.hears({ ...ANSWER, sdp: "answer 2" });
    assert.equal(sent(manager), 3);
  });
});

describe("a lost path", () => {
  test("is found again although the answer to the new offer was never acknowledged", async () => {
    const manager = await connectedIn();
    await manager.engine(lost);
    manager.effects.hold("sendAnswer");
    await manager.hears({ ...OFFER, sdp: "offer 2" });
    await manager.engine(back);
    assert.equal(manager.phase(), "reconnecting");
    manager.effects.break("sendAnswer", "not acknowledged");
    await settled();
    assert.equal(manager.phase(), "connected");
  });

  test("is still asked for by a second accept when the first was not acknowledged", async () => {
    const manager = await connectedIn();
    await manager.engine(lost);
    manager.effects.fail("sendAccept");
    const before = manager.effects.count("sendAccept");
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendAccept"), before + 1);
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendAccept"), before + 2);
    await manager.hears({ ...OFFER, sdp: "offer 2" });
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });
});

describe("a manager that closes", () => {
  test("still tells its own calls from others': a copy of the request is no new caller, a stranger is none of it", async () => {
    const manager = await connectedIn();
    manager.effects.hold("sendHangup");
    await manager.send({ type: "manager.close", reason: "shutdown" });
    await manager.hears(requestOf());
    await manager.hears(MEDIA);
    assert.deepEqual(manager.refusals(), []);
    assert.equal(manager.call().context.remote.camera, false);
    await manager.hears(hangupOf(), { from: "mallory" });
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
