// What a host does with the messages that its node receives.

import assert from "node:assert/strict";
import { callRequest, P1, P3, type Scene } from "./scene.ts";

const group = "delivery to the plugin";

export const deliveryScenes: readonly Scene[] = [
  {
    group,
    rule: "of each message unchanged, with the sender that the connection proved",
    async run({ plugin, host, leave }) {
      const payload = { type: "call-offer", sdp: "v=0\r\n", from: P3, more: { "grüße 😀": [1, null] } };
      host.arrives({ peerId: P1, topic: "call:c1", payload });
      const { id, params } = await plugin.request("signal.deliver");
      assert.deepEqual(params, { from: P1, topic: "call:c1", payload });
      plugin.write({ id, result: null });
      await leave();
    },
  },
  {
    group,
    rule: "in the order of arrival, without waiting for answers",
    async run({ plugin, host, leave }) {
      for (let nth = 0; nth < 20; nth += 1) {
        host.arrives({ peerId: P1, topic: `call:c${nth % 2}`, payload: { type: "ice-candidate", nth } });
      }
      const ids = new Set<unknown>();
      for (let nth = 0; nth < 20; nth += 1) {
        const { id, params } = await plugin.request("signal.deliver");
        assert.deepEqual(params?.payload, { type: "ice-candidate", nth });
        ids.add(id);
      }
      assert.equal(ids.size, 20);
      for (const id of ids) plugin.write({ id, result: null });
      await leave();
    },
  },
  {
    group,
    rule: "of messages on the topics of calls only, and not of those that the host sends to itself",
    async run({ plugin, host, leave }) {
      for (const topic of ["chat", "identity", "group:x", "call", "CALL:x", "call:loopback:x"]) {
        host.arrives({ peerId: P1, topic, payload: { type: "call-request" } });
      }
      host.arrives({ peerId: P1, topic: "call:c1", payload: { type: "call-ack" } });
      const { id, params } = await plugin.request("signal.deliver");
      assert.equal(params?.topic, "call:c1");
      plugin.write({ id, result: null });
      await leave();
    },
  },
  {
    group,
    rule: "of a message only once, also when the plugin refuses it",
    async run({ plugin, host, network, leave }) {
      host.arrives(callRequest(P1, "c1"));
      const { id } = await plugin.request("signal.deliver");
      plugin.write({ id, error: { code: -32603, message: "a bug" } });
      // Once this is answered, the host has read the refusal.
      plugin.write({ id: "after-refusal", method: "signal.teleport", params: {} });
      await plugin.answer("after-refusal");
      assert.deepEqual(
        plugin.unread.filter(({ method }) => method === "signal.deliver"),
        [],
      );
      host.arrives({ peerId: P1, topic: "call:c1", payload: { type: "call-hangup" } });
      const next = await plugin.request("signal.deliver");
      assert.deepEqual(next.params?.payload, { type: "call-hangup" });
      plugin.write({ id: next.id, result: null });
      await leave();
      assert.deepEqual(network.reached, []);
    },
  },
];
