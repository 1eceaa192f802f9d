// Calls between the plugin and deployed Goop². Each side identifies the other's frames by their stamps and its sound by its
// pitch. quirks.test.ts covers the oddities of single peers.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { DeployedBench, startBenchPlugin } from "../../support/goop-peer/deployed-bench.ts";
import type { Flavour } from "../../support/goop-peer/goop-peer.ts";
import type { Quirks } from "../../support/goop-peer/quirks.ts";
import { hangUpAll, type PluginProcess } from "../../support/plugin/plugin-process.ts";
import { type Pulse, startPulse } from "../../support/sound/pulse.ts";

let pulse: Pulse;
let plugin: PluginProcess;

before(async () => {
  pulse = await startPulse();
  plugin = await startBenchPlugin(pulse);
});
after(async () => {
  await plugin?.stop();
  await pulse?.stop();
});
afterEach(() => hangUpAll(plugin));

async function withPeer(
  flavour: Flavour,
  quirks: Partial<Quirks>,
  work: (bench: DeployedBench) => Promise<void>,
): Promise<void> {
  const bench = await DeployedBench.meet(plugin, pulse, { flavour, label: `Gustav ${flavour}`, quirks });
  try {
    await work(bench);
  } finally {
    await bench.peer.stop();
  }
}

/** One call in each direction, each ended by the callee or caller that did not start it. */
async function callBothWays(bench: DeployedBench): Promise<void> {
  const theirs = await bench.peerCalls();
  await bench.assertMediaBothWays(theirs.callId);
  assert.deepEqual(await bench.end(theirs.callId, theirs.call, "plugin"), ["hungUp", "local"]);
  const ours = await bench.pluginCalls();
  await bench.assertMediaBothWays(ours.callId);
  assert.deepEqual(await bench.end(ours.callId, ours.call, "peer"), ["hungUp", "remote"]);
  bench.assertWireIsAsDescribed();
}

describe("calls with deployed Goop², in both directions", () => {
  for (const flavour of ["native", "browser", "sdk"] as const) {
    test(`${flavour}, unencrypted`, async () => {
      await withPeer(flavour, { sealing: "plain" }, async (bench) => {
        await callBothWays(bench);
        assert.ok(bench.peer.node.log.streams.every(({ wasSealed }) => !wasSealed));
      });
    });
  }

  for (const flavour of ["native", "browser"] as const) {
    test(`${flavour}, sealed`, async () => {
      await withPeer(flavour, { sealing: "sealed" }, async (bench) => {
        await bench.untilSealed();
        await callBothWays(bench);
        const calls = bench.peer.node.log.streams.filter(({ message }) =>
          String(message.topic).startsWith("call:"),
        );
        assert.ok(calls.every(({ wasSealed }) => wasSealed));
      });
    });
  }
});
