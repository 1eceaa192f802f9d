// What the tests of calls with deployed Goop² share: one plugin with a sound server for the file, a peer for each test, and a
// call in each direction.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { hangUpAll, type PluginProcess } from "../plugin/plugin-process.ts";
import { type Pulse, startPulse } from "../sound/pulse.ts";
import { DeployedBench, startBenchPlugin } from "./deployed-bench.ts";
import type { Flavour } from "./goop-peer.ts";
import type { Quirks } from "./quirks.ts";

type WithPeer = (
  flavour: Flavour,
  quirks: Partial<Quirks>,
  work: (bench: DeployedBench) => Promise<void>,
) => Promise<void>;

/** Registers the hooks of the test file. @returns runs work with a peer that ends with it */
export function useDeployedPeers(): WithPeer {
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
  return async (flavour, quirks, work) => {
    const bench = await DeployedBench.meet(plugin, pulse, { flavour, label: `Gustav ${flavour}`, quirks });
    try {
      await work(bench);
    } finally {
      await bench.peer.stop();
    }
  };
}

/** One call in each direction, each ended by the callee or caller that did not start it. */
export async function callBothWays(bench: DeployedBench): Promise<void> {
  const theirs = await bench.peerCalls();
  await bench.assertMediaBothWays(theirs.callId);
  assert.deepEqual(await bench.end(theirs.callId, theirs.call, "plugin"), ["hungUp", "local"]);
  const ours = await bench.pluginCalls();
  await bench.assertMediaBothWays(ours.callId);
  assert.deepEqual(await bench.end(ours.callId, ours.call, "peer"), ["hungUp", "remote"]);
  bench.assertWireIsAsDescribed();
}
