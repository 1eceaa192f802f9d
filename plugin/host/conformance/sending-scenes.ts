// What a host does with `signal.send`.

import assert from "node:assert/strict";
import { ended, P1, P2, type Scene, within } from "./scene.ts";

const group = "sending for the plugin";
/** The plugin gives a message up after this time. */
const ANSWER_MS = 6_000;
/** A busy machine may delay both ends. */
const GRACE_MS = 500;

export const sendingScenes: readonly Scene[] = [
  {
    group,
    rule: "unchanged, and answers null when the peer has acknowledged, not before",
    async run({ plugin, network, leave }) {
      const release = network.hold("call:c1");
      const payload = {
        type: "call-offer",
        sdp: "v=0\r\n",
        more: { "grüße 😀": [1, null, { deep: true }] },
      };
      plugin.send(1, P1, "call:c1", payload);
      plugin.send(2, P2, "call:c2", { type: "call-ack" });
      assert.equal((await plugin.answer(2)).result, null);
      assert.ok(
        plugin.unread.every(({ id }) => id !== 1),
        "answered before the peer has acknowledged",
      );
      release();
      assert.equal((await plugin.answer(1)).result, null);
      assert.deepEqual(await network.next("call:c1"), { peerId: P1, topic: "call:c1", payload });
      await leave();
    },
  },
  {
    group,
    rule: "with the answer peerUnreachable for a peer that it does not reach",
    async run({ plugin, network, leave }) {
      network.unreachable.add(P1);
      plugin.send("a", P1, "call:c1", { type: "call-request" });
      const { error } = await plugin.answer("a");
      assert.deepEqual([error?.code, error?.data?.name], [1402, "peerUnreachable"]);
      network.unreachable.delete(P1);
      plugin.send("b", P1, "call:c1", { type: "call-request" });
      assert.equal((await plugin.answer("b")).result, null);
      plugin.send("c", P1, "call:c1", { type: "call-hangup" });
      await plugin.answer("c");
      await leave();
    },
  },
  {
    group,
    rule: "with the answer peerUnreachable within 6 s where no acknowledgement comes, and then with the next message",
    async run({ plugin, network, leave }) {
      const release = network.hold("call:c1");
      plugin.send(1, P1, "call:c1", { type: "call-request" });
      const answered = plugin.answer(1);
      const { error } = await within(answered, ANSWER_MS + GRACE_MS, "signal.send has no answer");
      assert.deepEqual([error?.code, error?.data?.name], [1402, "peerUnreachable"]);
      plugin.send(2, P1, "call:c1", { type: "call-hangup" });
      assert.equal((await plugin.answer(2)).result, null, "the next message has to leave");
      release();
      await leave();
    },
  },
  {
    group,
    rule: "in order on each topic, also behind a slow message, while no topic waits for another",
    async run({ plugin, network, leave }) {
      const release = network.hold("call:slow");
      for (let nth = 0; nth < 10; nth += 1) {
        plugin.send(`slow${nth}`, P1, "call:slow", { type: "ice-candidate", nth });
        plugin.send(`fast${nth}`, P2, "call:fast", { type: "ice-candidate", nth });
      }
      for (let nth = 0; nth < 10; nth += 1) await plugin.answer(`fast${nth}`);
      release();
      for (let nth = 0; nth < 10; nth += 1) await plugin.answer(`slow${nth}`);
      for (const topic of ["call:slow", "call:fast"]) {
        const order = network.reached.filter((message) => message.topic === topic);
        assert.deepEqual(
          order.map(({ payload }) => payload.nth),
          [...Array(10).keys()],
        );
      }
      plugin.write({ method: "call.ended", params: ended(P1, "slow") });
      plugin.write({ method: "call.ended", params: ended(P2, "fast") });
      await leave();
    },
  },
  {
    group,
    rule: "so that no hang-up overtakes the message under way",
    async run({ plugin, network, leave }) {
      const release = network.hold("call:c1");
      plugin.send(1, P1, "call:c1", { type: "call-offer" });
      await network.nextDeparture("call:c1");
      plugin.send(2, P1, "call:c1", { type: "ice-candidate" });
      plugin.send(3, P1, "call:c1", { type: "call-hangup" });
      // The host reads messages in order, so it has read the hang-up when it answers this.
      plugin.send(4, P2, "call:c2", { type: "call-hangup" });
      await plugin.answer(4);
      const left = network.departed.filter(({ topic }) => topic === "call:c1");
      assert.equal(left.length, 1, "a message left although the one before was not acknowledged");
      release();
      for (const id of [1, 2, 3]) await plugin.answer(id);
      const types = network.reached
        .filter(({ topic }) => topic === "call:c1")
        .map(({ payload }) => payload.type);
      // The hang-up may replace the message that has not left.
      assert.deepEqual(
        types.filter((type) => type !== "ice-candidate"),
        ["call-offer", "call-hangup"],
      );
      assert.equal(types.at(-1), "call-hangup");
      await leave();
    },
  },
];
