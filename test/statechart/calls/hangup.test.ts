// The end of an accepted call: from either side, in any phase, and after a failure of ours.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CANDIDATE, connectedOut, hangupOf, PATHS, settled } from "../support/start-manager.ts";

describe("hanging up", () => {
  const accepted = {
    awaitingAnswer: PATHS.awaitingAnswer,
    awaitingOffer: PATHS.awaitingOffer,
    connectedOut: PATHS.connectedOut,
    connectedIn: PATHS.connectedIn,
    reconnectingOut: PATHS.reconnectingOut,
    reconnectingIn: PATHS.reconnectingIn,
  };
  for (const [name, walk] of Object.entries(accepted)) {
    test(`ends a call that is ${name} from our side, and notifies the peer`, async () => {
      const manager = await walk();
      await manager.hangUp();
      manager.assertEnded("hungUp", "local");
      assert.deepEqual(manager.hangups(), ["hungUp"]);
    });

    test(`ends a call that is ${name} from the other side, with or without a reason`, async () => {
      const bare = await walk();
      await bare.receive(hangupOf());
      bare.assertEnded("hungUp", "remote");
      const withReason = await walk();
      await withReason.receive(hangupOf("hostGone"));
      withReason.assertEnded("hostGone", "remote");
      assert.deepEqual(withReason.hangups(), []);
    });
  }

  test("closes devices and connection before the hang-up is delivered", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangUp();
    assert.deepEqual(manager.effects.activities, []);
    assert.equal(manager.phase(), "ended");
  });

  test("has no effect while the call is ending, from either side", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangUp();
    await manager.hangUp();
    await manager.receive(hangupOf("connectionLost"));
    manager.effects.finish("sendHangup");
    await settled();
    manager.assertEnded("hungUp", "local");
    assert.deepEqual(manager.hangups(), ["hungUp"]);
  });

  test("that cannot be delivered or is never acknowledged still ends the call", async () => {
    const failing = await connectedOut();
    failing.effects.fail("sendHangup");
    await failing.hangUp();
    failing.assertEnded("hungUp", "local");
    const silent = await connectedOut();
    silent.effects.hold("sendHangup");
    await silent.hangUp();
    await silent.advance(700);
    silent.assertEnded("hungUp", "local");
  });
});

test("an effect that throws ends the call as mediaFailed, closes devices and connection and notifies the peer", async () => {
  const manager = await connectedOut();
  const record = manager.effects.record.bind(manager.effects);
  manager.effects.record = (name, input) => {
    if (name === "sendLocalCandidate") throw new Error("the effect threw");
    record(name, input);
  };
  await manager.sendEngineEvent({ type: "peer.candidate", candidate: CANDIDATE.candidate });
  assert.deepEqual(manager.ends()[0]?.end, {
    reason: "mediaFailed",
    endedBy: "local",
    detail: "the effect threw",
  });
  assert.deepEqual(manager.hangups(), ["mediaFailed"]);
  assert.deepEqual(manager.effects.activities, []);
});
