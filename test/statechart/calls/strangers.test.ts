// Strangers that call: peers that our user has not chosen. They neither keep out a peer of the user's choice nor make the manager
// forget its calls.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CallManagerEvent } from "../../../statecharts/index.ts";
import { hangupOf, ManagerBench, OFFER, requestOf } from "../support/start-manager.ts";

const request = (from: string, callId: string, isStranger = false): CallManagerEvent => ({
  type: "signal.received",
  from,
  callId,
  signal: requestOf(),
  ...(isStranger ? { isStranger } : {}),
});

const ringing = (manager: ManagerBench) =>
  Object.values(manager.context.calls)
    .filter(({ ref }) => ref.getSnapshot().hasTag("ringing"))
    .map(({ callId }) => callId);

describe("a call of a peer that the user has chosen", () => {
  test("rings in place of a stranger's, which hears that we are busy", async () => {
    const manager = new ManagerBench();
    await manager.send(request("mallory", "of-mallory", true));
    assert.deepEqual(ringing(manager), ["of-mallory"]);
    await manager.send(request("friend", "of-friend"));
    assert.deepEqual(ringing(manager), ["of-friend"]);
    assert.deepEqual(manager.hangups(), ["busy"]);
    assert.deepEqual(
      manager.ends().map(({ callId, end }) => [callId, end.reason, end.endedBy]),
      [["of-mallory", "busy", "local"]],
    );
  });

  test("rings through every time, however many strangers call", async () => {
    const manager = new ManagerBench();
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 20; index += 1) {
        await manager.send(request(`made-up-${round}-${index}`, `c-${round}-${index}`, true));
      }
      await manager.send(request("friend", `of-friend-${round}`));
      assert.deepEqual(ringing(manager), [`of-friend-${round}`]);
      const hangup = { from: "friend", callId: `of-friend-${round}`, signal: hangupOf() };
      await manager.send({ type: "signal.received", ...hangup });
    }
  });

  test("does not end another such call that rings, nor a stranger's that the user accepted", async () => {
    const manager = new ManagerBench();
    await manager.send(request("friend", "of-friend"));
    await manager.send(request("other", "of-other"));
    assert.deepEqual(ringing(manager), ["of-friend"]);

    const accepting = new ManagerBench();
    await accepting.send(request("mallory", "of-mallory", true));
    await accepting.send({
      type: "user.toCall",
      callId: "of-mallory",
      event: { type: "user.accept", media: null },
    });
    await accepting.send(request("friend", "of-friend"));
    assert.deepEqual(Object.keys(accepting.context.calls), ["of-mallory"]);
  });
});

describe("ends of strangers' calls", () => {
  const flood = async (manager: ManagerBench) => {
    for (let index = 0; index < 1_000; index += 1) {
      const hangup = { from: `made-up-${index}`, callId: `c-${index}`, signal: hangupOf() };
      await manager.send({ type: "signal.received", ...hangup, isStranger: true });
    }
  };

  test("are remembered in the place of one peer, and displace nobody's", async () => {
    const manager = new ManagerBench();
    const early = { type: "signal.received", from: "friend", callId: "early", signal: hangupOf() } as const;
    await manager.send(early);
    await flood(manager);
    assert.deepEqual([...manager.context.endedCalls.keys()], ["friend", ""]);
    assert.equal(manager.context.endedCalls.get("")?.size, 128);
    await manager.send(request("friend", "early"));
    assert.deepEqual(ringing(manager), [], "its hang-up came before it");
  });

  test("keep a late duplicate from ringing, also when the user has chosen the peer meanwhile", async () => {
    for (const isStranger of [true, false]) {
      const manager = new ManagerBench();
      const hangup = { from: "mallory", callId: "c", signal: hangupOf() };
      await manager.send({ type: "signal.received", ...hangup, isStranger: true });
      await manager.send(request("mallory", "c", isStranger));
      assert.deepEqual(ringing(manager), []);
    }
  });
});

test("a log of charts that did not know strangers has no mark, so nothing changes for it", async () => {
  const manager = new ManagerBench();
  await manager.send(request("mallory", "of-mallory"));
  await manager.send(request("friend", "of-friend"));
  await manager.send({ type: "signal.received", from: "carol", callId: "unknown", signal: OFFER });
  assert.deepEqual(ringing(manager), ["of-mallory"]);
  assert.equal("isStranger" in (manager.context.calls["of-mallory"] ?? {}), false);
});
