// The cost of inspection: no chart takes part in the path of a frame, so no frame causes an entry.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const PICTURES = 100;

test("frames of a call cause no step, event or action of any chart", async (t) => {
  // Measurements arrive once a second and are not counted.
  t.mock.timers.enable({ apis: ["setInterval"] });
  const network = createFakeSignallingNetwork();
  const [alice, bob] = [new PluginBench(network), new PluginBench(network)];
  try {
    await alice.start();
    const { callId } = await alice.host.request("call.start", { peerId: await bob.start(), media: "video" });
    await bob.waitFor("call.incoming");
    await bob.host.request("call.accept", { callId });
    const isConnected = ({ phase }: { phase: string }) => phase === "connected";
    await Promise.all([alice.waitFor("call.changed", isConnected), bob.waitFor("call.changed", isConnected)]);
    await alice.waitFor("call.changed", ({ local }) => local.camera.state === "live");

    const actors = [alice, bob].flatMap(({ plugin }) => [plugin.attach, plugin.callManager]);
    const inspected: string[] = [];
    const record = ({ type }: { type: string }) => void inspected.push(type);
    const before = await received(bob);
    const subscriptions = actors.map(({ system }) => system.inspect(record));
    for (let count = 0; count < PICTURES; count += 1) {
      alice.cameras.emitFrame();
      await new Promise(setImmediate);
    }
    for (const { unsubscribe } of subscriptions) unsubscribe();
    const each = alice.plugin.settings.get().picture;
    assert.equal(((await received(bob)) - before) / (each.width * each.height * 1.5), PICTURES);
    assert.deepEqual(inspected, []);

    // The same subscription does receive the steps of a chart.
    const withCharts = actors.map(({ system }) => system.inspect(record));
    await alice.host.request("call.setMicrophone", { callId, on: false });
    for (const { unsubscribe } of withCharts) unsubscribe();
    assert.ok(inspected.length > 0);
  } finally {
    for (const { host } of [alice, bob]) host.close();
  }
});

/** Bytes of frames from the peer. */
async function received({ engine }: PluginBench): Promise<number> {
  const [peer] = engine.peers;
  return (await peer?.statistics())?.bytesReceivedVideo ?? 0;
}
