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
  type ManagerBench,
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
const sdps = (manager: ManagerBench, name: string) =>
  manager.effects.inputs(name).map((input) => (input as { sdp: string }).sdp);

describe("setting up", () => {
  test("the caller offers once the callee accepted, and takes the answer", async () => {
    const manager = await awaitingAnswer();
    assert.deepEqual(manager.effects.inputs("createOffer"), [
      { callId: CALL, peerId: "bob", iceRestart: false, holdsCandidates: false },
    ]);
    assert.deepEqual(sdps(manager, "sendOffer"), ["offer 1"]);
    await manager.hears(ANSWER);
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer"]);
    assert.equal(manager.phase(), "connecting");
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("the callee acknowledges, waits for the offer and answers it", async () => {
    const manager = await awaitingOffer();
    assert.equal(manager.effects.count("createOffer"), 0);
    await manager.hears(OFFER);
    assert.deepEqual(sdps(manager, "answerOffer"), ["remote offer"]);
    assert.deepEqual(sdps(manager, "sendAnswer"), ["answer to remote offer"]);
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("an answer that comes before the acknowledgement of the offer is taken", async () => {
    const manager = await ringingOut();
    manager.effects.hold("sendOffer");
    await manager.hears(ACK);
    await manager.hears(ANSWER);
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer"]);
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("an offer that comes before the acknowledgement of the accept is answered", async () => {
    const manager = await ringingIn();
    manager.effects.hold("sendAccept");
    await manager.accepts();
    await manager.hears(OFFER);
    assert.equal(manager.effects.count("sendAnswer"), 1);
  });

  test("a path that is there before the answer is acknowledged counts once it is", async () => {
    const manager = await awaitingOffer();
    manager.effects.hold("sendAnswer");
    await manager.hears(OFFER);
    await manager.engine(back);
    assert.equal(manager.phase(), "connecting");
    manager.effects.finish("sendAnswer");
    await settled();
    assert.equal(manager.phase(), "connected");
  });

  test("a lost acknowledgement of the answer does no harm when the path shows that it arrived", async () => {
    const manager = await awaitingOffer();
    manager.effects.hold("sendAnswer");
    await manager.hears(OFFER);
    await manager.engine(back);
    manager.effects.break("sendAnswer", "not acknowledged");
    await settled();
    assert.equal(manager.phase(), "connected");
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
    const manager = await awaitingOffer();
    await manager.hears(CANDIDATE);
    await manager.engine({ type: "peer.candidate", candidate: CANDIDATE.candidate });
    const passed = [{ callId: CALL, peerId: "bob", candidate: CANDIDATE.candidate }];
    assert.deepEqual(manager.effects.inputs("addRemoteCandidate"), passed);
    assert.deepEqual(manager.effects.inputs("sendLocalCandidate"), passed);
  });

  test("what the other side captures is kept, even when it overtakes the accept", async () => {
    const manager = await ringingOut();
    await manager.hears({
      type: "call-media",
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      why: "Camera: unplugged",
    });
    await manager.hears(ACK);
    assert.deepEqual(manager.call().context.remote, {
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      mediaLevelReason: "Camera: unplugged",
    });
  });

  test("an older peer says nothing of its mediaLevel, which is no fault", async () => {
    const manager = await ringingOut();
    await manager.hears({ type: "call-media", microphone: true, camera: true });
    const { mediaLevel, mediaLevelReason } = manager.call().context.remote;
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
      const manager = await ringingOut();
      manager.effects.fail(effect, "broken on purpose");
      await manager.hears(ACK);
      if (effect === "acceptAnswer") await manager.hears(ANSWER);
      manager.assertEnded(reason, "local");
      assert.equal(manager.ends()[0]?.end.detail, "broken on purpose");
      assert.deepEqual(manager.hangups(), [reason]);
    });
  }

  const answererFaults = [
    ["sendAccept", "unreachable"],
    ["answerOffer", "negotiationFailed"],
    ["sendAnswer", "unreachable"],
  ] as const;
  for (const [effect, reason] of answererFaults) {
    test(`as ${reason} when ${effect} fails, with its message for the log`, async () => {
      const manager = await ringingIn();
      manager.effects.fail(effect, "broken on purpose");
      await manager.accepts();
      if (effect !== "sendAccept") await manager.hears(OFFER);
      manager.assertEnded(reason, "local");
      assert.equal(manager.ends()[0]?.end.detail, "broken on purpose");
      assert.deepEqual(manager.hangups(), [reason]);
    });
  }

  test("as mediaFailed when the engine cannot make a connection", async () => {
    for (const walk of [awaitingAnswer, awaitingOffer]) {
      const manager = await walk();
      await manager.engine({ type: "peer.broken", detail: "no engine" });
      manager.assertEnded("mediaFailed", "local");
      assert.equal(manager.ends()[0]?.end.detail, "no engine");
    }
  });

  test("as negotiationTimeout when the descriptions are not exchanged within 20 seconds", async () => {
    for (const walk of [awaitingAnswer, awaitingOffer]) {
      const manager = await walk();
      await manager.passes(19_999);
      assert.equal(manager.phase(), "connecting");
      await manager.passes(1);
      manager.assertEnded("negotiationTimeout", "local");
    }
  });

  test("as negotiationTimeout when the engine never finishes a description", async () => {
    for (const effect of ["createOffer", "acceptAnswer"] as const) {
      const manager = await ringingOut();
      manager.effects.hold(effect);
      await manager.hears(ACK);
      await manager.hears(ANSWER);
      await manager.passes(20_000);
      manager.assertEnded("negotiationTimeout", "local");
      assert.ok(manager.effects.isAborted(effect));
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
      const manager = await walk();
      await manager.engine(lost);
      assert.equal(manager.phase(), "reconnecting");
      await manager.passes(3_999);
      await manager.engine(back);
      assert.equal(manager.phase(), "connected");
      await manager.passes(60_000);
      assert.equal(manager.phase(), "connected");
      assert.equal(manager.effects.inputs("createOffer").length, walk === connectedOut ? 1 : 0);
    }
  });

  test("is sought anew by the offerer after 4 seconds, by an offer that restarts ICE", async () => {
    const manager = await WALKS.reconnectingOut();
    await manager.passes(4_000);
    assert.deepEqual(manager.effects.inputs("createOffer").at(-1), {
      callId: CALL,
      peerId: "bob",
      iceRestart: true,
      holdsCandidates: false,
    });
    await manager.hears(answerOf("answer 2"));
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("is sought at once when the engine calls it failed", async () => {
    const manager = await connectedOut();
    await manager.engine({ type: "peer.failed" });
    assert.equal(manager.effects.count("createOffer"), 2);
    const waiting = await WALKS.reconnectingOut();
    await waiting.engine({ type: "peer.failed" });
    assert.equal(waiting.effects.count("createOffer"), 2);
  });

  test("waits for the offer of the other side on the answering side, and answers it", async () => {
    const manager = await WALKS.reconnectingIn();
    await manager.passes(4_000);
    assert.equal(manager.effects.count("createOffer"), 0);
    await manager.hears(offerOf("offer 2"));
    assert.deepEqual(sdps(manager, "sendAnswer").at(-1), "answer to offer 2");
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("that comes back while the answering side awaits an offer is believed at once", async () => {
    const manager = await WALKS.reconnectingIn();
    await manager.passes(4_000);
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("that comes back during an exchange is believed when the exchange is finished", async () => {
    const manager = await WALKS.reconnectingOut();
    manager.effects.hold("createOffer");
    await manager.passes(4_000);
    await manager.engine(back);
    assert.equal(manager.phase(), "reconnecting");
    manager.effects.finish("createOffer");
    await settled();
    await manager.hears(answerOf("answer 2"));
    assert.equal(manager.phase(), "connected");
  });

  test("that came back while the answer never does counts when the time is up", async () => {
    const manager = await WALKS.reconnectingOut();
    await manager.passes(4_000);
    await manager.engine(back);
    await manager.passes(16_000);
    assert.equal(manager.phase(), "connected");
  });

  test("is not given up by an attempt that fails: the next one follows", async () => {
    for (const effect of ["createOffer", "sendOffer", "acceptAnswer"] as const) {
      const manager = await WALKS.reconnectingOut();
      manager.effects.fail(effect);
      await manager.passes(4_000);
      await manager.hears(answerOf("answer 2"));
      manager.effects.mend(effect);
      assert.equal(manager.phase(), "reconnecting");
      await manager.passes(4_000);
      await manager.hears(answerOf("answer 3"));
      await manager.engine(back);
      assert.equal(manager.phase(), "connected");
    }
  });

  test("is not given up by an answer that fails: the next offer is answered", async () => {
    for (const effect of ["answerOffer", "sendAnswer"] as const) {
      const manager = await WALKS.reconnectingIn();
      manager.effects.fail(effect);
      await manager.hears(offerOf("offer 2"));
      manager.effects.mend(effect);
      await manager.hears(offerOf("offer 3"));
      await manager.engine(back);
      assert.equal(manager.phase(), "connected");
      assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 3");
    }
  });

  test("a second copy of an old answer is not taken for the one that is awaited", async () => {
    const manager = await WALKS.reconnectingOut();
    await manager.passes(4_000);
    await manager.hears(ANSWER);
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer"]);
    await manager.hears(answerOf("answer 2"));
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer", "answer 2"]);
  });

  test("a newer offer takes the place of one that is being answered", async () => {
    const manager = await WALKS.reconnectingIn();
    manager.effects.hold("sendAnswer");
    await manager.hears(offerOf("offer 2"));
    await manager.hears(offerOf("offer 3"));
    assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 3");
  });

  test("ends the call as connectionLost after 20 seconds, on both sides", async () => {
    for (const walk of [WALKS.reconnectingOut, WALKS.reconnectingIn]) {
      const manager = await walk();
      await manager.passes(19_999);
      assert.equal(manager.phase(), "reconnecting");
      await manager.passes(1);
      manager.assertEnded("connectionLost", "local");
      assert.deepEqual(manager.hangups(), ["connectionLost"]);
    }
  });

  test("lost again after it came back has the whole time again", async () => {
    const manager = await WALKS.reconnectingIn();
    await manager.passes(19_000);
    await manager.engine(back);
    await manager.engine(lost);
    await manager.passes(19_999);
    assert.equal(manager.phase(), "reconnecting");
    await manager.passes(1);
    manager.assertEnded("connectionLost", "local");
  });

  test("is sought by the answering side, too, when the offerer sees the loss first", async () => {
    const manager = await connectedIn();
    await manager.hears(offerOf("offer 2"));
    assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 2");
    assert.equal(manager.phase(), "connected");
  });
});
