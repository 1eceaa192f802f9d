// Call waiting: a peer calls again while it is in a call with us.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CALL, connectedOut, hangupOf, PATHS, requestOf } from "../support/start-manager.ts";

describe("a peer that calls again while it is in a call with us", () => {
  const SECOND = { callId: "call-2" };

  test("neither rings nor is refused until the first call ends or proves to be alive", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), SECOND);
    await manager.receive(requestOf(), SECOND);
    assert.deepEqual(manager.refusals(), []);
    assert.equal(manager.effects.count("notifyHostOfCall"), 1);
    assert.equal(manager.phase(), "connected");
  });

  test("rings as soon as the late hang-up of the first call arrives", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), SECOND);
    await manager.receive(hangupOf("hungUp"));
    assert.equal(manager.phase("call-2"), "ringing");
    assert.deepEqual(manager.effects.inputs("notifyHostOfCall").at(-1), {
      callId: "call-2",
      direction: "incoming",
    });
    await manager.accept("call-2");
    assert.equal(manager.phase("call-2"), "connecting");
  });

  test("has restarted if the path of the first call is lost: that call ends, and the new one rings", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), SECOND);
    await manager.sendEngineEvent({ type: "peer.disconnected" });
    manager.assertEnded("connectionLost", "local");
    assert.equal(manager.phase("call-2"), "ringing");
  });

  test("rings at once when the first call's path is lost already", async () => {
    const manager = await PATHS.reconnectingIn();
    await manager.receive(requestOf(), SECOND);
    manager.assertEnded("connectionLost", "local");
    assert.equal(manager.phase("call-2"), "ringing");
  });

  test("is refused as busy after 8 seconds of the connected first call, without a notification to the host", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), SECOND);
    await manager.advance(7_999);
    assert.deepEqual(manager.hangups(), []);
    await manager.advance(1);
    assert.deepEqual(manager.hangups(), ["busy"]);
    assert.equal(manager.phase("call-2"), "gone");
    assert.equal(manager.phase(), "connected");
    assert.deepEqual(manager.ends(), []);
  });

  test("that hangs up before that leaves no trace", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), SECOND);
    await manager.receive(hangupOf("superseded"), SECOND);
    assert.equal(manager.phase("call-2"), "gone");
    await manager.receive(hangupOf());
    assert.deepEqual(
      manager.ends().map(({ callId }) => callId),
      [CALL],
    );
    assert.equal(manager.effects.count("notifyHostOfCall"), 1);
  });

  test("is busy for a third call, because only one can wait", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), SECOND);
    await manager.receive(requestOf(), { callId: "call-3" });
    assert.deepEqual(manager.refusals(), [{ callId: "call-3", peerId: "bob", reason: "busy" }]);
  });

  test("that no longer knows our call ends it", async () => {
    for (const walk of [connectedOut, PATHS.reconnectingOut, PATHS.awaitingAnswer]) {
      const manager = await walk();
      await manager.receive(hangupOf("unknownCall"));
      manager.assertEnded("unknownCall", "remote");
    }
  });
});
