// The connection of a call: setup, its failures, and the recovery of a lost path.

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
  PATHS,
  requestOf,
  ringingIn,
  ringingOut,
  settled,
} from "./support/start-manager.ts";

const offerOf = (sdp: string): Signal => ({ type: "call-offer", sdp });
const answerOf = (sdp: string): Signal => ({ type: "call-answer", sdp });
const lost = { type: "peer.disconnected" } as const;
const back = { type: "peer.connected" } as const;
const sdps = (manager: ManagerBench, name: string) =>
  manager.effects.inputs(name).map((input) => (input as { sdp: string }).sdp);

describe("call setup", () => {
  test("the caller offers after the callee accepted, and applies the answer", async () => {
    const manager = await awaitingAnswer();
    assert.deepEqual(manager.effects.inputs("createOffer"), [
      { callId: CALL, peerId: "bob", iceRestart: false, holdsCandidates: false },
    ]);
    assert.deepEqual(sdps(manager, "sendOffer"), ["offer 1"]);
    await manager.receive(ANSWER);
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer"]);
    assert.equal(manager.phase(), "connecting");
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("the callee acknowledges, waits for the offer and answers it", async () => {
    const manager = await awaitingOffer();
    assert.equal(manager.effects.count("createOffer"), 0);
    await manager.receive(OFFER);
    assert.deepEqual(sdps(manager, "answerOffer"), ["remote offer"]);
    assert.deepEqual(sdps(manager, "sendAnswer"), ["answer to remote offer"]);
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("an answer before the acknowledgement of the offer is applied", async () => {
    const manager = await ringingOut();
    manager.effects.hold("sendOffer");
    await manager.receive(ACK);
    await manager.receive(ANSWER);
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer"]);
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("an offer before the acknowledgement of the accept is answered", async () => {
    const manager = await ringingIn();
    manager.effects.hold("sendAccept");
    await manager.accept();
    await manager.receive(OFFER);
    assert.equal(manager.effects.count("sendAnswer"), 1);
  });

  test("a path before the acknowledgement of the answer counts after it", async () => {
    const manager = await awaitingOffer();
    manager.effects.hold("sendAnswer");
    await manager.receive(OFFER);
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connecting");
    manager.effects.finish("sendAnswer");
    await settled();
    assert.equal(manager.phase(), "connected");
  });

  test("a lost acknowledgement of the answer is harmless when a path proves its arrival", async () => {
    const manager = await awaitingOffer();
    manager.effects.hold("sendAnswer");
    await manager.receive(OFFER);
    await manager.sendEngineEvent(back);
    manager.effects.break("sendAnswer", "not acknowledged");
    await settled();
    assert.equal(manager.phase(), "connected");
  });

  test("repeated requests, accepts, offers and answers change nothing", async () => {
    const callee = await connectedIn();
    for (const signal of [requestOf(), OFFER, OFFER]) await callee.receive(signal);
    assert.equal(callee.phase(), "connected");
    assert.equal(callee.effects.count("answerOffer"), 1);
    const caller = await connectedOut();
    for (const signal of [ACK, ANSWER]) await caller.receive(signal);
    assert.equal(caller.phase(), "connected");
    assert.equal(caller.effects.count("createOffer"), 1);
    assert.equal(caller.effects.count("acceptAnswer"), 1);
  });

  test("an offer to the caller and an answer to the callee are ignored while the call is set up", async () => {
    const caller = await awaitingAnswer();
    await caller.receive(OFFER);
    assert.equal(caller.effects.count("answerOffer"), 0);
    const callee = await awaitingOffer();
    await callee.receive(ANSWER);
    assert.equal(callee.effects.count("acceptAnswer"), 0);
  });

  test("candidates pass in both directions after the accept", async () => {
    const manager = await awaitingOffer();
    await manager.receive(CANDIDATE);
    await manager.sendEngineEvent({ type: "peer.candidate", candidate: CANDIDATE.candidate });
    const passed = [{ callId: CALL, peerId: "bob", candidate: CANDIDATE.candidate }];
    assert.deepEqual(manager.effects.inputs("addRemoteCandidate"), passed);
    assert.deepEqual(manager.effects.inputs("sendLocalCandidate"), passed);
  });

  test("the media state of the other side is kept, even if it arrives before the accept", async () => {
    const manager = await ringingOut();
    await manager.receive({
      type: "call-media",
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      why: "Camera: unplugged",
    });
    await manager.receive(ACK);
    assert.deepEqual(manager.call().context.remote, {
      microphone: true,
      camera: false,
      mediaLevel: "voiceOnly",
      mediaLevelReason: "Camera: unplugged",
    });
  });

  test("an older peer sends no mediaLevel, which is no fault", async () => {
    const manager = await ringingOut();
    await manager.receive({ type: "call-media", microphone: true, camera: true });
    const { mediaLevel, mediaLevelReason } = manager.call().context.remote;
    assert.deepEqual([mediaLevel, mediaLevelReason], [null, null]);
  });
});

describe("call setup fails", () => {
  const offererFaults = [
    ["createOffer", "negotiationFailed"],
    ["sendOffer", "unreachable"],
    ["acceptAnswer", "negotiationFailed"],
  ] as const;
  for (const [effect, reason] of offererFaults) {
    test(`as ${reason} when ${effect} fails, with its message for the log`, async () => {
      const manager = await ringingOut();
      manager.effects.fail(effect, "broken on purpose");
      await manager.receive(ACK);
      if (effect === "acceptAnswer") await manager.receive(ANSWER);
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
      await manager.accept();
      if (effect !== "sendAccept") await manager.receive(OFFER);
      manager.assertEnded(reason, "local");
      assert.equal(manager.ends()[0]?.end.detail, "broken on purpose");
      assert.deepEqual(manager.hangups(), [reason]);
    });
  }

  test("as mediaFailed when the engine cannot make a connection", async () => {
    for (const walk of [awaitingAnswer, awaitingOffer]) {
      const manager = await walk();
      await manager.sendEngineEvent({ type: "peer.broken", detail: "no engine" });
      manager.assertEnded("mediaFailed", "local");
      assert.equal(manager.ends()[0]?.end.detail, "no engine");
    }
  });

  test("as negotiationTimeout when the descriptions are not exchanged within 20 seconds", async () => {
    for (const walk of [awaitingAnswer, awaitingOffer]) {
      const manager = await walk();
      await manager.advance(19_999);
      assert.equal(manager.phase(), "connecting");
      await manager.advance(1);
      manager.assertEnded("negotiationTimeout", "local");
    }
  });

  test("as negotiationTimeout when the engine never finishes a description", async () => {
    for (const effect of ["createOffer", "acceptAnswer"] as const) {
      const manager = await ringingOut();
      manager.effects.hold(effect);
      await manager.receive(ACK);
      await manager.receive(ANSWER);
      await manager.advance(20_000);
      manager.assertEnded("negotiationTimeout", "local");
      assert.ok(manager.effects.isAborted(effect));
    }
  });

  test("as connectTimeout when no path is found within another 20 seconds, or the engine reports that there is none", async () => {
    const late = await awaitingAnswer();
    await late.receive(ANSWER);
    await late.advance(20_000);
    late.assertEnded("connectTimeout", "local");
    const none = await awaitingOffer();
    await none.receive(OFFER);
    await none.sendEngineEvent({ type: "peer.failed" });
    none.assertEnded("connectTimeout", "local");
  });
});

describe("a lost path", () => {
  test("shows as reconnecting, and as connected when it comes back by itself", async () => {
    for (const walk of [connectedOut, connectedIn]) {
      const manager = await walk();
      await manager.sendEngineEvent(lost);
      assert.equal(manager.phase(), "reconnecting");
      await manager.advance(3_999);
      await manager.sendEngineEvent(back);
      assert.equal(manager.phase(), "connected");
      await manager.advance(60_000);
      assert.equal(manager.phase(), "connected");
      assert.equal(manager.effects.inputs("createOffer").length, walk === connectedOut ? 1 : 0);
    }
  });

  test("is restarted by the offerer after 4 seconds, by an offer with an ICE restart", async () => {
    const manager = await PATHS.reconnectingOut();
    await manager.advance(4_000);
    assert.deepEqual(manager.effects.inputs("createOffer").at(-1), {
      callId: CALL,
      peerId: "bob",
      iceRestart: true,
      holdsCandidates: false,
    });
    await manager.receive(answerOf("answer 2"));
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("is restarted at once when the engine reports failed", async () => {
    const manager = await connectedOut();
    await manager.sendEngineEvent({ type: "peer.failed" });
    assert.equal(manager.effects.count("createOffer"), 2);
    const waiting = await PATHS.reconnectingOut();
    await waiting.sendEngineEvent({ type: "peer.failed" });
    assert.equal(waiting.effects.count("createOffer"), 2);
  });

  test("waits for the offer of the other side on the answering side, and answers it", async () => {
    const manager = await PATHS.reconnectingIn();
    await manager.advance(4_000);
    assert.equal(manager.effects.count("createOffer"), 0);
    await manager.receive(offerOf("offer 2"));
    assert.deepEqual(sdps(manager, "sendAnswer").at(-1), "answer to offer 2");
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("that comes back while the answering side waits for an offer counts at once", async () => {
    const manager = await PATHS.reconnectingIn();
    await manager.advance(4_000);
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("that comes back during an exchange counts after the exchange", async () => {
    const manager = await PATHS.reconnectingOut();
    manager.effects.hold("createOffer");
    await manager.advance(4_000);
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "reconnecting");
    manager.effects.finish("createOffer");
    await settled();
    await manager.receive(answerOf("answer 2"));
    assert.equal(manager.phase(), "connected");
  });

  test("that comes back without an answer counts when the time is up", async () => {
    const manager = await PATHS.reconnectingOut();
    await manager.advance(4_000);
    await manager.sendEngineEvent(back);
    await manager.advance(16_000);
    assert.equal(manager.phase(), "connected");
  });

  test("survives a failed attempt, which the next one follows", async () => {
    for (const effect of ["createOffer", "sendOffer", "acceptAnswer"] as const) {
      const manager = await PATHS.reconnectingOut();
      manager.effects.fail(effect);
      await manager.advance(4_000);
      await manager.receive(answerOf("answer 2"));
      manager.effects.restore(effect);
      assert.equal(manager.phase(), "reconnecting");
      await manager.advance(4_000);
      await manager.receive(answerOf("answer 3"));
      await manager.sendEngineEvent(back);
      assert.equal(manager.phase(), "connected");
    }
  });

  test("survives a failed answer: the next offer is answered", async () => {
    for (const effect of ["answerOffer", "sendAnswer"] as const) {
      const manager = await PATHS.reconnectingIn();
      manager.effects.fail(effect);
      await manager.receive(offerOf("offer 2"));
      manager.effects.restore(effect);
      await manager.receive(offerOf("offer 3"));
      await manager.sendEngineEvent(back);
      assert.equal(manager.phase(), "connected");
      assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 3");
    }
  });

  test("a duplicate of an old answer is not applied instead of the new one", async () => {
    const manager = await PATHS.reconnectingOut();
    await manager.advance(4_000);
    await manager.receive(ANSWER);
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer"]);
    await manager.receive(answerOf("answer 2"));
    assert.deepEqual(sdps(manager, "acceptAnswer"), ["remote answer", "answer 2"]);
  });

  test("a newer offer replaces one that is being answered", async () => {
    const manager = await PATHS.reconnectingIn();
    manager.effects.hold("sendAnswer");
    await manager.receive(offerOf("offer 2"));
    await manager.receive(offerOf("offer 3"));
    assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 3");
  });

  test("ends the call as connectionLost after 20 seconds, on both sides", async () => {
    for (const walk of [PATHS.reconnectingOut, PATHS.reconnectingIn]) {
      const manager = await walk();
      await manager.advance(19_999);
      assert.equal(manager.phase(), "reconnecting");
      await manager.advance(1);
      manager.assertEnded("connectionLost", "local");
      assert.deepEqual(manager.hangups(), ["connectionLost"]);
    }
  });

  test("gets the full time again when it is lost a second time", async () => {
    const manager = await PATHS.reconnectingIn();
    await manager.advance(19_000);
    await manager.sendEngineEvent(back);
    await manager.sendEngineEvent(lost);
    await manager.advance(19_999);
    assert.equal(manager.phase(), "reconnecting");
    await manager.advance(1);
    manager.assertEnded("connectionLost", "local");
  });

  test("is restarted on the answering side, too, when the offerer detects the loss first", async () => {
    const manager = await connectedIn();
    await manager.receive(offerOf("offer 2"));
    assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 2");
    assert.equal(manager.phase(), "connected");
  });
});
