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
  DeskBench,
  hangupOf,
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
    const desk = await ringingIn();
    letThrow(desk.effects, (name) => name === "sendRinging");
    await desk.hears(requestOf());
    assert.deepEqual(
      desk.ends().map(({ callId, end }) => [callId, end.reason, end.detail]),
      [[CALL, "mediaFailed", "sendRinging threw"]],
    );
    assert.equal(desk.phase(), "gone");
    await desk.starts({ callId: "call-2" });
    assert.equal(desk.phase("call-2"), "requesting");
  });

  const parts = {
    "the devices' chart": (name: string) => name === "announce",
    "what is sent": (name: string, input: unknown) => name === "apply" && wayOf(input) === "sending",
    "what is shown": (name: string, input: unknown) => name === "apply" && wayOf(input) === "showing",
  };
  for (const [part, fits] of Object.entries(parts)) {
    test(`ends as mediaFailed, and tells the other side, when ${part} fails`, async () => {
      const desk = await ringingIn(undefined, "audio");
      letThrow(desk.effects, fits);
      await desk.accepts();
      desk.assertEnded("mediaFailed", "local");
      assert.deepEqual(desk.hangups(), ["mediaFailed"]);
    });
  }

  test("ends as mediaFailed when the engine breaks down while it makes the connection", async () => {
    const desk = await ringingIn();
    letThrow(desk.effects, (name) => name === "peerConnection");
    await desk.accepts();
    desk.assertEnded("mediaFailed", "local");
  });
});

const wayOf = (input: unknown) => (input as { way: string }).way;

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
    const desk = await connectedOut();
    desk.activity("speaker").send({ type: "device.speakerOpened", deviceId: "one", deviceName: "One" });
    await desk.wants({ type: "user.useSpeaker", deviceId: "two" });
    assert.deepEqual(desk.activity("speaker").heard, ["use two"]);
  });
});

describe("a request that is on its way", () => {
  test("gives way to the other side's call when that side says so before it acknowledges", async () => {
    const desk = new DeskBench();
    desk.effects.hold("sendRequest");
    await desk.starts();
    await desk.hears(hangupOf("superseded"));
    assert.equal(desk.phase(), "requesting");
    await desk.hears(requestOf(), { callId: "call-0", from: "aaron" });
    await desk.passes(10_000);
    desk.assertEnded("superseded", "remote");
  });
});

describe("our candidates for a peer that loses what comes before the offer", () => {
  const sent = (desk: DeskBench) => desk.effects.count("sendLocalCandidate");

  test("wait from the moment the offer is made until the answer is there", async () => {
    const desk = new DeskBench();
    desk.effects.hold("createOffer");
    await desk.starts();
    await desk.hears(ACK);
    await desk.engine(candidate);
    desk.effects.finish("createOffer");
    await settled();
    await desk.engine(candidate);
    assert.equal(sent(desk), 0);
    await desk.hears(ANSWER);
    assert.equal(sent(desk), 2);
  });

  test("wait as well in each step of the exchange that seeks a lost path", async () => {
    const desk = new DeskBench();
    await desk.hears(SCRIPT_REQUEST);
    await desk.accepts();
    await desk.hears(OFFER);
    await desk.engine(back);
    await desk.engine(lost);
    for (const name of ["createOffer", "sendOffer"] as const) desk.effects.hold(name);
    await desk.passes(4_000);
    await desk.engine(candidate);
    desk.effects.finish("createOffer");
    await settled();
    await desk.engine(candidate);
    desk.effects.finish("sendOffer");
    await settled();
    await desk.engine(candidate);
    assert.equal(sent(desk), 0);
    await desk.hears({ ...ANSWER, sdp: "answer 2" });
    assert.equal(sent(desk), 3);
  });
});

describe("a lost path", () => {
  test("is found again although the answer to the new offer was never acknowledged", async () => {
    const desk = await connectedIn();
    await desk.engine(lost);
    desk.effects.hold("sendAnswer");
    await desk.hears({ ...OFFER, sdp: "offer 2" });
    await desk.engine(back);
    assert.equal(desk.phase(), "reconnecting");
    desk.effects.break("sendAnswer", "not acknowledged");
    await settled();
    assert.equal(desk.phase(), "connected");
  });

  test("is still asked for by a second accept when the first was not acknowledged", async () => {
    const desk = await connectedIn();
    await desk.engine(lost);
    desk.effects.fail("sendAccept");
    const before = desk.effects.count("sendAccept");
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendAccept"), before + 1);
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendAccept"), before + 2);
    await desk.hears({ ...OFFER, sdp: "offer 2" });
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });
});

describe("a desk that closes", () => {
  test("still tells its own calls from others': a copy of the request is no new caller, a stranger is none of it", async () => {
    const desk = await connectedIn();
    desk.effects.hold("sendHangup");
    await desk.send({ type: "desk.close", reason: "shutdown" });
    await desk.hears(requestOf());
    await desk.hears(MEDIA);
    assert.deepEqual(desk.refusals(), []);
    assert.equal(desk.call().context.remote.camera, false);
    await desk.hears(hangupOf(), { from: "mallory" });
    assert.equal(desk.context.foreignSignals, 1);
    desk.effects.finish("sendHangup");
    await settled();
    assert.equal(desk.actor.getSnapshot().value, "closed");
    assert.deepEqual(
      desk.ends().map(({ end }) => [end.reason, end.endedBy]),
      [["shutdown", "local"]],
    );
  });
});
