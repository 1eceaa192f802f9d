// The end of a call that was accepted: from either side, in any phase, and when something of ours breaks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CANDIDATE, connectedOut, hangupOf, settled, WALKS } from "../support/start-manager.ts";

describe("hanging up", () => {
  const accepted = {
    awaitingAnswer: WALKS.awaitingAnswer,
    awaitingOffer: WALKS.awaitingOffer,
    connectedOut: WALKS.connectedOut,
    connectedIn: WALKS.connectedIn,
    reconnectingOut: WALKS.reconnectingOut,
    reconnectingIn: WALKS.reconnectingIn,
  };
  for (const [name, walk] of Object.entries(accepted)) {
    test(`ends a call that is ${name} from our side, and tells the other`, async () => {
      const manager = await walk();
      await manager.hangsUp();
      manager.assertEnded("hungUp", "local");
      assert.deepEqual(manager.hangups(), ["hungUp"]);
    });

    test(`ends a call that is ${name} from the other side, with a reason or without`, async () => {
      const bare = await walk();
      await bare.hears(hangupOf());
      bare.assertEnded("hungUp", "remote");
      const told = await walk();
      await told.hears(hangupOf("hostGone"));
      told.assertEnded("hostGone", "remote");
      assert.deepEqual(told.hangups(), []);
    });
  }

  test("closes devices and connection before the goodbye is delivered", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangsUp();
    assert.deepEqual(manager.effects.activities, []);
    assert.equal(manager.phase(), "ended");
  });

  test("while the call is ending does nothing, from either side", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangsUp();
    await manager.hangsUp();
    await manager.hears(hangupOf("connectionLost"));
    manager.effects.finish("sendHangup");
    await settled();
    manager.assertEnded("hungUp", "local");
    assert.deepEqual(manager.hangups(), ["hungUp"]);
  });

  test("that cannot be delivered, or is never acknowledged, ends the call all the same", async () => {
    const failing = await connectedOut();
    failing.effects.fail("sendHangup");
    await failing.hangsUp();
    failing.assertEnded("hungUp", "local");
    const silent = await connectedOut();
    silent.effects.hold("sendHangup");
    await silent.hangsUp();
    await silent.passes(700);
    silent.assertEnded("hungUp", "local");
  });
});

test("an effect that throws ends the call as mediaFailed, closes devices and connection and tells the other side", async () => {
  const manager = await connectedOut();
  const record = manager.effects.record.bind(manager.effects);
  manager.effects.record = (name, input) => {
    if (name === "sendLocalCandidate") throw new Error("the effect threw");
    record(name, input);
  };
  await manager.engine({ type: "peer.candidate", candidate: CANDIDATE.candidate });
  assert.deepEqual(manager.ends()[0]?.end, {
    reason: "mediaFailed",
    endedBy: "local",
    detail: "the effect threw",
  });
  assert.deepEqual(manager.hangups(), ["mediaFailed"]);
  assert.deepEqual(manager.effects.activities, []);
});
