// The connection of a call: who offers, what may go wrong on the way, and how a lost path is sought anew.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../rpc-schema/index.ts";
import {
  ACK,
  ANSWER,
  awaitingAnswer,
  awaitingOffer,
  CALL,
  CANDIDATE,
  connectedIn,
  connectedOut,
  type DeskBench,
  OFFER,
  requestOf,
  ringingIn,
  ringingOut,
  settled,
  WALKS,
} from "./support/start-manager.ts";

const offerOf = (sdp: string): Signal => ({ type: "call-offer", sdp });
const answerOf = (sdp: string): Signal => ({ type: "call-answer", sdp });
const lost = { type: "peer.disconnected" } as const;
const back = { type: "peer.connected" } as const;
const sdps = (desk: DeskBench, name: string) =>
  desk.effects.inputs(name).map((input) => (input as { sdp: string }).sdp);

describe("setting up", () => {
  test("the caller offers once the callee accepted, and takes the answer", async () => {
    const desk = await awaitingAnswer();
    assert.deepEqual(desk.effects.inputs("createOffer"), [
      { callId: CALL, peerId: "bob", iceRestart: false, holdsCandidates: false },
    ]);
    assert.deepEqual(sdps(desk, "sendOffer"), ["offer 1"]);
    await desk.hears(ANSWER);
    assert.deepEqual(sdps(desk, "acceptAnswer"), ["remote answer"]);
    assert.equal(desk.phase(), "connecting");
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("the callee acknowledges, waits for the offer and answers it", async () => {
    const desk = await awaitingOffer();
    assert.equal(desk.effects.count("createOffer"), 0);
    await desk.hears(OFFER);
    assert.deepEqual(sdps(desk, "answerOffer"), ["remote offer"]);
    assert.deepEqual(sdps(desk, "sendAnswer"), ["answer to remote offer"]);
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("an answer that comes before the acknowledgement of the offer is taken", async () => {
    const desk = await ringingOut();
    desk.effects.hold("sendOffer");
    await desk.hears(ACK);
    await desk.hears(ANSWER);
    assert.deepEqual(sdps(desk, "acceptAnswer"), ["remote answer"]);
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("an offer that comes before the acknowledgement of the accept is answered", async () => {
    const desk = await ringingIn();
    desk.effects.hold("sendAccept");
    await desk.accepts();
    await desk.hears(OFFER);
    assert.equal(desk.effects.count("sendAnswer"), 1);
  });

  test("a path that is there before the answer is acknowledged counts once it is", async () => {
    const desk = await awaitingOffer();
    desk.effects.hold("sendAnswer");
    await desk.hears(OFFER);
    await desk.engine(back);
    assert.equal(desk.phase(), "connecting");
    desk.effects.finish("sendAnswer");
    await settled();
    assert.equal(desk.phase(), "connected");
  });

  test("a lost acknowledgement of the answer does no harm when the path shows that it arrived", async () => {
    const desk = await awaitingOffer();
    desk.effects.hold("sendAnswer");
    await desk.hears(OFFER);
    await desk.engine(back);
    desk.effects.break("sendAnswer", "not acknowledged");
    await settled();
    assert.equal(desk.phase(), "connected");
  });

  test("repeated requests, accepts, offers and answers change nothing", async () => {
    const callee = await connectedIn();
    for (const signal of [requestOf(), OFFER, OFFER]) await callee.hears(signal);
    assert.equal(callee.phase(), "connected");
    assert.equal(callee.effects.count("answerOffer"), 1);
    const caller = await connectedOut();
    for (const signal of [ACK, ANSWER]) await caller.hears(signal);
    assert.equal(caller.phase(), "connected");
    assert.equal(caller.effects.count("createOffer"), 1);
    assert.equal(caller.effects.count("acceptAnswer"), 1);
  });

  test("an offer to the caller and an answer to the callee are ignored while the call is set up", async () => {
    const caller = await awaitingAnswer();
    await caller.hears(OFFER);
    assert.equal(caller.effects.count("answerOffer"), 0);
    const callee = await awaitingOffer();
    await callee.hears(ANSWER);
    assert.equal(callee.effects.count("acceptAnswer"), 0);
  });

  test("candidates pass both ways from the accept on", async () => {
    const desk = await awaitingOffer();
    await desk.hears(CANDIDATE);
    await desk.engine({ type: "peer.candidate", candidate: CANDIDATE.candidate });
    const passed = [{ callId: CALL, peerId: "bob", candidate: CANDIDATE.candidate }];
    assert.deepEqual(desk.effects.inputs("addRemoteCandidate"), passed);
    assert.deepEqual(desk.effects.inputs("sendLocalCandidate"), passed);
  });

  test("what the other side captures is kept, even when it overtakes the accept", async () => {
    const desk = await ringingOut();
    await desk.hears({
      type: "call-media",
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      why: "Camera: unplugged",
    });
    await desk.hears(ACK);
    assert.deepEqual(desk.call().context.remote, {
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      mediaLevelReason: "Camera: unplugged",
    });
  });

  test("an older peer says nothing of its mediaLevel, which is no fault", async () => {
    const desk = await ringingOut();
    await desk.hears({ type: "call-media", microphone: true, camera: true });
    const { mediaLevel, mediaLevelReason } = desk.call().context.remote;
    assert.deepEqual([mediaLevel, mediaLevelReason], [null, null]);
  });
});

describe("setting up fails", () => {
  const offererFaults = [
    ["createOffer", "negotiationFailed"],
    ["sendOffer", "unreachable"],
    ["acceptAnswer", "negotiationFailed"],
  ] as const;
  for (const [effect, reason] of offererFaults) {
    test(`as ${reason} when ${effect} fails, with its message for the log`, async () => {
      const desk = await ringingOut();
      desk.effects.fail(effect, "broken on purpose");
      await desk.hears(ACK);
      if (effect === "acceptAnswer") await desk.hears(ANSWER);
      desk.assertEnded(reason, "local");
      assert.equal(desk.ends()[0]?.end.detail, "broken on purpose");
      assert.deepEqual(desk.hangups(), [reason]);
    });
  }

  const answererFaults = [
    ["sendAccept", "unreachable"],
    ["answerOffer", "negotiationFailed"],
    ["sendAnswer", "unreachable"],
  ] as const;
  for (const [effect, reason] of answererFaults) {
    test(`as ${reason} when ${effect} fails, with its message for the log`, async () => {
      const desk = await ringingIn();
      desk.effects.fail(effect, "broken on purpose");
      await desk.accepts();
      if (effect !== "sendAccept") await desk.hears(OFFER);
      desk.assertEnded(reason, "local");
      assert.equal(desk.ends()[0]?.end.detail, "broken on purpose");
      assert.deepEqual(desk.hangups(), [reason]);
    });
  }

  test("as mediaFailed when the engine cannot make a connection", async () => {
    for (const walk of [awaitingAnswer, awaitingOffer]) {
      const desk = await walk();
      await desk.engine({ type: "peer.broken", detail: "no engine" });
      desk.assertEnded("mediaFailed", "local");
      assert.equal(desk.ends()[0]?.end.detail, "no engine");
    }
  });

  test("as negotiationTimeout when the descriptions are not exchanged within 20 seconds", async () => {
    for (const walk of [awaitingAnswer, awaitingOffer]) {
      const desk = await walk();
      await desk.passes(19_999);
      assert.equal(desk.phase(), "connecting");
      await desk.passes(1);
      desk.assertEnded("negotiationTimeout", "local");
    }
  });

  test("as negotiationTimeout when the engine never finishes a description", async () => {
    for (const effect of ["createOffer", "acceptAnswer"] as const) {
      const desk = await ringingOut();
      desk.effects.hold(effect);
      await desk.hears(ACK);
      await desk.hears(ANSWER);
      await desk.passes(20_000);
      desk.assertEnded("negotiationTimeout", "local");
      assert.ok(desk.effects.isAborted(effect));
    }
  });

  test("as connectTimeout when no path is found within another 20 seconds, or the engine says there is none", async () => {
    const late = await awaitingAnswer();
    await late.hears(ANSWER);
    await late.passes(20_000);
    late.assertEnded("connectTimeout", "local");
    const none = await awaitingOffer();
    await none.hears(OFFER);
    await none.engine({ type: "peer.failed" });
    none.assertEnded("connectTimeout", "local");
  });
});

describe("a lost path", () => {
  test("shows as reconnecting, and as connected when it comes back by itself", async () => {
    for (const walk of [connectedOut, connectedIn]) {
      const desk = await walk();
      await desk.engine(lost);
      assert.equal(desk.phase(), "reconnecting");
      await desk.passes(3_999);
      await desk.engine(back);
      assert.equal(desk.phase(), "connected");
      await desk.passes(60_000);
      assert.equal(desk.phase(), "connected");
      assert.equal(desk.effects.inputs("createOffer").length, walk === connectedOut ? 1 : 0);
    }
  });

  test("is sought anew by the offerer after 4 seconds, by an offer that restarts ICE", async () => {
    const desk = await WALKS.reconnectingOut();
    await desk.passes(4_000);
    assert.deepEqual(desk.effects.inputs("createOffer").at(-1), {
      callId: CALL,
      peerId: "bob",
      iceRestart: true,
      holdsCandidates: false,
    });
    await desk.hears(answerOf("answer 2"));
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("is sought at once when the engine calls it failed", async () => {
    const desk = await connectedOut();
    await desk.engine({ type: "peer.failed" });
    assert.equal(desk.effects.count("createOffer"), 2);
    const waiting = await WALKS.reconnectingOut();
    await waiting.engine({ type: "peer.failed" });
    assert.equal(waiting.effects.count("createOffer"), 2);
  });

  test("waits for the offer of the other side on the answering side, and answers it", async () => {
    const desk = await WALKS.reconnectingIn();
    await desk.passes(4_000);
    assert.equal(desk.effects.count("createOffer"), 0);
    await desk.hears(offerOf("offer 2"));
    assert.deepEqual(sdps(desk, "sendAnswer").at(-1), "answer to offer 2");
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("that comes back while the answering side awaits an offer is believed at once", async () => {
    const desk = await WALKS.reconnectingIn();
    await desk.passes(4_000);
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("that comes back during an exchange is believed when the exchange is finished", async () => {
    const desk = await WALKS.reconnectingOut();
    desk.effects.hold("createOffer");
    await desk.passes(4_000);
    await desk.engine(back);
    assert.equal(desk.phase(), "reconnecting");
    desk.effects.finish("createOffer");
    await settled();
    await desk.hears(answerOf("answer 2"));
    assert.equal(desk.phase(), "connected");
  });

  test("that came back while the answer never does counts when the time is up", async () => {
    const desk = await WALKS.reconnectingOut();
    await desk.passes(4_000);
    await desk.engine(back);
    await desk.passes(16_000);
    assert.equal(desk.phase(), "connected");
  });

  test("is not given up by an attempt that fails: the next one follows", async () => {
    for (const effect of ["createOffer", "sendOffer", "acceptAnswer"] as const) {
      const desk = await WALKS.reconnectingOut();
      desk.effects.fail(effect);
      await desk.passes(4_000);
      await desk.hears(answerOf("answer 2"));
      desk.effects.mend(effect);
      assert.equal(desk.phase(), "reconnecting");
      await desk.passes(4_000);
      await desk.hears(answerOf("answer 3"));
      await desk.engine(back);
      assert.equal(desk.phase(), "connected");
    }
  });

  test("is not given up by an answer that fails: the next offer is answered", async () => {
    for (const effect of ["answerOffer", "sendAnswer"] as const) {
      const desk = await WALKS.reconnectingIn();
      desk.effects.fail(effect);
      await desk.hears(offerOf("offer 2"));
      desk.effects.mend(effect);
      await desk.hears(offerOf("offer 3"));
      await desk.engine(back);
      assert.equal(desk.phase(), "connected");
      assert.equal(sdps(desk, "sendAnswer").at(-1), "answer to offer 3");
    }
  });

  test("a second copy of an old answer is not taken for the one that is awaited", async () => {
    const desk = await WALKS.reconnectingOut();
    await desk.passes(4_000);
    await desk.hears(ANSWER);
    assert.deepEqual(sdps(desk, "acceptAnswer"), ["remote answer"]);
    await desk.hears(answerOf("answer 2"));
    assert.deepEqual(sdps(desk, "acceptAnswer"), ["remote answer", "answer 2"]);
  });

  test("a newer offer takes the place of one that is being answered", async () => {
    const desk = await WALKS.reconnectingIn();
    desk.effects.hold("sendAnswer");
    await desk.hears(offerOf("offer 2"));
    await desk.hears(offerOf("offer 3"));
    assert.equal(sdps(desk, "sendAnswer").at(-1), "answer to offer 3");
  });

  test("ends the call as connectionLost after 20 seconds, on both sides", async () => {
    for (const walk of [WALKS.reconnectingOut, WALKS.reconnectingIn]) {
      const desk = await walk();
      await desk.passes(19_999);
      assert.equal(desk.phase(), "reconnecting");
      await desk.passes(1);
      desk.assertEnded("connectionLost", "local");
      assert.deepEqual(desk.hangups(), ["connectionLost"]);
    }
  });

  test("lost again after it came back has the whole time again", async () => {
    const desk = await WALKS.reconnectingIn();
    await desk.passes(19_000);
    await desk.engine(back);
    await desk.engine(lost);
    await desk.passes(19_999);
    assert.equal(desk.phase(), "reconnecting");
    await desk.passes(1);
    desk.assertEnded("connectionLost", "local");
  });

  test("is sought by the answering side, too, when the offerer sees the loss first", async () => {
    const desk = await connectedIn();
    await desk.hears(offerOf("offer 2"));
    assert.equal(sdps(desk, "sendAnswer").at(-1), "answer to offer 2");
    assert.equal(desk.phase(), "connected");
  });
});
