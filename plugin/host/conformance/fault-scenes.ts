// What a host does when its plugin dies or sends what it should not.

import assert from "node:assert/strict";
import type { FakePluginProcess } from "./fake-plugin.ts";
import { callRequest, ended, P1, P2, P3, P4, type Scene, type Stage } from "./scene.ts";

const group = "faults and death of the plugin";

/** Creates calls of every kind: c1 and c2 are open, the others have ended. */
export async function openCalls({ plugin, host, network }: Stage): Promise<void> {
  plugin.send(1, P1, "call:c1", { type: "call-request" });
  host.arrives(callRequest(P2, "c2"));
  plugin.send(3, P3, "call:c3", { type: "call-request" });
  await plugin.answer(3);
  plugin.send(4, P3, "call:c3", { type: "call-hangup" });
  host.arrives(callRequest(P4, "c4"));
  host.arrives({ peerId: P4, topic: "call:c4", payload: { type: "call-hangup" } });
  plugin.send(5, P4, "call:c5", { type: "call-request" });
  for (const id of [1, 4, 5]) await plugin.answer(id);
  plugin.write({ method: "call.ended", params: ended(P4, "c5") });
  for (let nth = 0; nth < 3; nth += 1) {
    const { id } = await plugin.request("signal.deliver");
    plugin.write({ id, result: null });
  }
  // The host reads messages in order, so it has read `call.ended` when it answers this.
  plugin.send("last", P3, "call:c3", { type: "call-hangup" });
  await plugin.answer("last");
  network.reached.length = 0;
}

/** What the peer of an open call gets. */
export const HANG_UP = { type: "call-hangup", reason: "hostGone" };

const deaths: readonly [string, (plugin: FakePluginProcess) => Promise<void>][] = [
  ["is killed", (plugin) => plugin.kill()],
  ["exits without a message", async (plugin) => plugin.exit()],
];

export const faultScenes: readonly Scene[] = [
  ...deaths.map(
    ([how, die]): Scene => ({
      group,
      rule: `sends one hang-up with the reason hostGone for every open call when the plugin ${how}`,
      async run(stage) {
        await openCalls(stage);
        await die(stage.plugin);
        for (const topic of ["call:c1", "call:c2"])
          await stage.network.arrivals.take(
            (message) => message.topic === topic && message.payload.type === HANG_UP.type,
            `the hang-up on ${topic}`,
          );
        await stage.host.stop();
        const hangUps = stage.network.reached.toSorted((one, other) => one.topic.localeCompare(other.topic));
        assert.deepEqual(hangUps, [
          { peerId: P1, topic: "call:c1", payload: HANG_UP },
          { peerId: P2, topic: "call:c2", payload: HANG_UP },
        ]);
      },
    }),
  ),
  {
    group,
    rule: "ends when the plugin died and the peers are unreachable",
    async run(stage) {
      await openCalls(stage);
      for (const peer of [P1, P2]) stage.network.unreachable.add(peer);
      await stage.plugin.kill();
      await stage.host.stop();
      assert.deepEqual(stage.network.reached, []);
    },
  },
  {
    group,
    rule: "continues after noise, answers without requests, and malformed requests",
    async run({ plugin, network, leave }) {
      plugin.writeRaw("ALSA lib pcm.c:2495:(snd_pcm_open_noupdate) Unknown PCM\n\n{\n[]\nnull\n7\n");
      plugin.writeRaw(Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
      plugin.write({ id: 4711, result: null });
      plugin.write({ id: null, error: { code: -32700, message: "what?" } });
      plugin.write({ method: "call.dance", params: {} });
      plugin.write({ method: "call.ended", params: { nonsense: true } });
      const wrong: [string, string, unknown, number][] = [
        ["unknown", "signal.teleport", {}, -32601],
        ["empty", "signal.send", {}, -32602],
        ["noPeer", "signal.send", { peerId: "x", topic: "call:c", payload: {} }, -32602],
        ["noCall", "signal.send", { peerId: P1, topic: "chat", payload: {} }, -32602],
        ["noObject", "signal.send", { peerId: P1, topic: "call:c", payload: "call-hangup" }, -32602],
      ];
      for (const [id, method, params, code] of wrong) {
        plugin.write({ id, method, params });
        assert.equal((await plugin.answer(id)).error?.code, code, id);
      }
      assert.deepEqual(network.reached, []);
      plugin.send("good", P1, "call:c1", { type: "call-hangup" });
      assert.equal((await plugin.answer("good")).result, null);
      const strays = plugin.unread.filter(({ method }) => method === undefined);
      assert.deepEqual(strays, [], "an answer was answered");
      await leave();
    },
  },
];
