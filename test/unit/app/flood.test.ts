// One peer floods a whole plugin with calls, in memory: memory stays bounded, and other peers are not affected.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Signalling } from "../../../plugin/signalling/port.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { settle } from "../../support/plugin/call-bench.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";

const FLOOD = 10_000;
const BATCH = 500;
const startedAt = performance.now();
const seconds = () => Math.ceil((performance.now() - startedAt) / 1000);
/** A burst, then a steady rate; see plugin/calls/README.md. */
const maxRings = () => 7 + seconds() / 10;
const maxRefusals = () => 20 + seconds();

const open: { end(): Promise<void> }[] = [];
after(() => Promise.all(open.map((one) => one.end())));

async function threePeers() {
  const network = createFakeSignallingNetwork();
  const alice = new PluginBench(network);
  const bob = new PluginBench(network);
  const received: string[] = [];
  const mallory: Signalling = network.create(
    { label: "Mallory", mdns: true },
    {
      onSignal: (_from, _callId, signal) => void received.push(signal.type),
      onContacts: () => undefined,
      onAddressChange: () => undefined,
    },
  );
  open.push(alice, bob, { end: () => mallory.close() });
  const ids = { alice: await alice.start(), bob: await bob.start(), mallory: (await mallory.start()).peerId };
  const hangups = () => received.filter((type) => type === "call-hangup").length;
  return { alice, bob, mallory, ids, hangups };
}

/** Sends requests with distinct ids, in batches, because signalling bounds its queue too. */
async function flood(from: Signalling, to: string, onBatch: (sent: number) => Promise<void>): Promise<void> {
  for (let sent = 0; sent < FLOOD; sent += BATCH) {
    const requests = Array.from({ length: BATCH }, (_, n) =>
      from.send(to, `flood-${sent + n}`, { type: "call-request", mode: "native", mediaType: "video" }),
    );
    await Promise.allSettled(requests);
    await settle();
    await onBatch(sent + BATCH);
  }
}

/** The size of the call manager's memory. */
function memoryOf({ plugin }: PluginBench) {
  const { calls, endedCalls } = plugin.callManager.getSnapshot().context;
  return {
    calls: Object.keys(calls).length,
    peers: endedCalls.size,
    ends: Math.max(...[...endedCalls.values()].map(({ size }) => size)),
  };
}

test(`${FLOOD} requests of one peer do not affect a call in progress, and leave little in memory`, async () => {
  const { alice, bob, mallory, ids, hangups } = await threePeers();
  const { callId } = await bob.host.request("call.start", { peerId: ids.alice, media: "video" });
  await alice.waitFor("call.incoming");
  await alice.host.request("call.accept", { callId });
  await alice.waitFor("call.changed", ({ phase }) => phase === "connected");
  await flood(mallory, ids.alice, async () => {
    const { calls } = await alice.host.request("call.list", {});
    assert.deepEqual(
      calls.map((call) => [call.callId, call.phase]),
      [[callId, "connected"]],
    );
  });
  const memory = memoryOf(alice);
  assert.deepEqual([memory.calls, memory.peers], [1, 1]);
  assert.ok(memory.ends <= 128, `${memory.ends} ends`);
  assert.equal(alice.notificationsNamed("call.incoming").length, 1);
  assert.ok(hangups() >= 1 && hangups() <= maxRefusals(), `${hangups()} refusals`);
});

test(`${FLOOD} requests of one peer, each rejected, ring a few times, and then another peer's call rings`, async () => {
  const { alice, bob, mallory, ids, hangups } = await threePeers();
  alice.host.onNotification("call.incoming", ({ callId, peerId }) => {
    if (peerId !== ids.mallory) return;
    alice.host.request("call.reject", { callId }).catch(() => undefined);
  });
  let rings = 0;
  await flood(mallory, ids.alice, async () => {
    // Within the limit one request of each batch rings. All others of the batch are refused as busy.
    const ofMallory = () =>
      alice.notificationsNamed("call.ended").filter(({ peerId }) => peerId === ids.mallory).length;
    const [ringing] = Object.values(alice.plugin.callManager.getSnapshot().context.calls);
    if (ringing) await alice.waitFor("call.ended", ({ callId }) => callId === ringing.callId);
    rings = ofMallory();
  });
  assert.ok(rings >= 1 && rings <= maxRings(), `${rings} rings`);
  assert.ok(hangups() <= maxRefusals() + rings, `${hangups()} refusals`);
  const { callId } = await bob.host.request("call.start", { peerId: ids.alice, media: "audio" });
  await alice.waitFor("call.incoming", (call) => call.callId === callId);
  await alice.host.request("call.accept", { callId });
  await bob.waitFor("call.changed", (call) => call.callId === callId && call.phase === "connected");
  assert.ok(memoryOf(alice).ends <= 128);
});

/** As other identities of one program sign them. */
const madeUp = (index: number) =>
  `FakePeerZ${"ABCDEFGHJK"[index % 10]}${"ABCDEFGHJK"[Math.floor(index / 10) % 10]}${"ABCDEFGHJK"[Math.floor(index / 100)]}`;

test("a thousand identities that call do not keep a peer of the user's choice from ringing, nor fill the line to the host", async () => {
  const network = createFakeSignallingNetwork();
  const [alice, bob] = [new PluginBench(network), new PluginBench(network)];
  open.push(alice, bob);
  const [aliceId, bobId] = [await alice.start(), await bob.start()];
  await alice.host.request("contacts.add", { address: `/memory/p2p/${bobId}` });
  const before = alice.notifications.length;
  const random = seededRandom(5);
  const payloads = [
    { type: "call-request", mode: "native" },
    { type: "call-hangup" },
    { type: "call-offer", sdp: "v=0" },
  ];
  for (let round = 0; round < 5; round += 1) {
    for (let sent = 0; sent < 600; sent += 1) {
      const from = madeUp(round * 200 + (sent % 200));
      network.inject(from, aliceId, `call:f-${round}-${sent % 200}`, payloads[random.below(payloads.length)]);
    }
    await settle();
    const { callId } = await bob.host.request("call.start", { peerId: aliceId, media: "audio" });
    await alice.waitFor("call.incoming", (call) => call.callId === callId);
    await bob.host.request("call.hangup", { callId });
    await alice.waitFor("call.ended", (call) => call.callId === callId);
  }
  const heard = alice.notifications.slice(before);
  const strangers = alice.notificationsNamed("call.incoming").filter(({ peerId }) => peerId !== bobId);
  const bounds = 12 + seconds() / 5;
  assert.ok(strangers.length <= bounds + 1, `${strangers.length} rings of strangers`);
  assert.ok(heard.length <= 200 + 30 * seconds(), `${heard.length} notifications in ${seconds()} s`);
});

test(`${FLOOD} candidates of a peer in a call cost the charts and the engine a limited number of steps`, async () => {
  const { alice, mallory, ids } = await threePeers();
  await mallory.send(ids.alice, "call-1", { type: "call-request", mode: "native", mediaType: "audio" });
  await alice.waitFor("call.incoming");
  await alice.host.request("call.accept", { callId: "call-1" });
  let steps = 0;
  const watching = alice.plugin.callManager.system.inspect((event) => {
    if (event.type === "@xstate.event" && event.event.type === "signal.candidate") steps += 1;
  });
  for (let sent = 0; sent < FLOOD; sent += BATCH) {
    const candidates = Array.from({ length: BATCH }, (_, n) => {
      const candidate = `candidate:1 1 udp 1 203.0.113.9 ${2_000 + sent + n} typ host`;
      return mallory.send(ids.alice, "call-1", {
        type: "ice-candidate",
        candidate: { candidate, sdpMid: "0" },
      });
    });
    await Promise.allSettled(candidates);
    await settle();
  }
  watching.unsubscribe();
  const peersOfCharts = 2; // the call's chart and the link's
  assert.ok(steps > 0 && steps <= peersOfCharts * (192 + 2 * seconds()), `${steps} steps`);
});
