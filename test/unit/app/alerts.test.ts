// Whole plugins in memory: what a call makes heard and seen outside the host's page, and what is left of it afterwards.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { ParamsInput, SettingsInput } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

interface BobOptions {
  readonly settings?: SettingsInput;
  readonly initialize?: Partial<ParamsInput<"initialize">>;
}

const open: PluginBench[] = [];
const folders: string[] = [];
after(async () => {
  await Promise.all(open.map((bench) => bench.end()));
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function twoPlugins({ settings = {}, initialize = {} }: BobOptions = {}) {
  const network = createFakeSignallingNetwork();
  const alice = new PluginBench(network);
  const bob = new PluginBench(network);
  open.push(alice, bob);
  const aliceId = await alice.start();
  return { network, alice, bob, aliceId, bobId: await bob.start(settings, initialize) };
}

async function ringing(options: BobOptions = {}) {
  const pair = await twoPlugins(options);
  return { ...pair, callId: await calls(pair) };
}

async function calls({ alice, bob, bobId }: Awaited<ReturnType<typeof twoPlugins>>): Promise<string> {
  const { callId } = await alice.host.request("call.start", { peerId: bobId, media: "video" });
  await bob.waitFor("call.incoming", (call) => call.callId === callId);
  await alice.waitFor("call.changed", (call) => call.callId === callId && call.phase === "ringing");
  return callId;
}

/** Resolves when the plugin's speakers for ringing are as many as given. */
async function ringers({ sound }: PluginBench, count: number): Promise<void> {
  while (sound.ringers.filter(({ isOpen }) => isOpen).length !== count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("a call that rings", () => {
  test("rings here and sounds at the caller, and no device opens but the caller's camera", async () => {
    const { alice, bob } = await ringing();
    await Promise.all([ringers(alice, 1), ringers(bob, 1)]);
    assert.deepEqual(bob.open(), []);
    // For the own picture of the caller.
    assert.deepEqual(
      alice.open().filter((device) => device !== "camera"),
      [],
    );
    assert.equal(bob.notifier.shown?.peerLabel, "somebody");
    assert.equal(alice.notifier.shown, null);
  });

  const ends: [string, (pair: Awaited<ReturnType<typeof ringing>>) => Promise<unknown>][] = [
    ["answered", ({ bob, callId }) => bob.host.request("call.accept", { callId })],
    ["declined", ({ bob, callId }) => bob.host.request("call.reject", { callId })],
    ["cancelled", ({ alice, callId }) => alice.host.request("call.hangup", { callId })],
    ["answered from the notification", async ({ bob }) => bob.notifier.press("answer")],
    ["declined from the notification", async ({ bob }) => bob.notifier.press("decline")],
  ];
  for (const [how, end] of ends) {
    test(`stops ringing and withdraws its notification when it is ${how}`, async () => {
      const pair = await ringing();
      await ringers(pair.bob, 1);
      await end(pair);
      await ringers(pair.bob, 0);
      assert.equal(pair.bob.notifier.shown, null);
      assert.equal(pair.bob.sound.ringers.length, 1);
    });
  }

  test("that was answered from the notification connects", async () => {
    const { bob } = await ringing();
    bob.notifier.press("answer");
    await bob.waitFor("call.changed", ({ phase }) => phase === "connected");
  });

  test("that another window of the user takes is silent, and is not missed when it ends", async () => {
    const { network, alice, bob, aliceId, bobId, callId } = await ringing();
    await ringers(bob, 1);
    const offer = { type: "call-offer", sdp: "v=0" } as const;
    network.inject(aliceId, bobId, `call:${callId}`, offer);
    await ringers(bob, 0);
    assert.equal(bob.notifier.shown, null);
    await alice.host.request("call.hangup", { callId });
    await bob.waitFor("call.ended");
    assert.deepEqual((await bob.host.request("calls.missed", {})).missed, []);
  });

  test("is silent where the host rings, and not shown where the host shows it", async () => {
    const { bob } = await ringing({ initialize: { capabilities: ["ringing", "notifications"] } });
    await turns();
    assert.deepEqual(bob.sound.ringers, []);
    assert.deepEqual(bob.notifier.history, []);
  });

  test("neither rings nor is shown for a host of version 1, which cannot say what it does itself", async () => {
    const { bob } = await ringing({ initialize: { protocolVersion: 1 } });
    await turns();
    assert.deepEqual(bob.sound.ringers, []);
    assert.deepEqual(bob.notifier.history, []);
  });

  const silent: SettingsInput[] = [{ ringtone: "off" }, { ringer: "none" }, { speaker: "none" }];
  for (const settings of silent) {
    test(`is silent with ${JSON.stringify(settings)}`, async () => {
      const { bob } = await ringing({ settings });
      await turns();
      assert.deepEqual(bob.sound.ringers, []);
      assert.equal(bob.notifier.history.length, 1);
    });
  }

  test("falls silent and vanishes from the desktop when the user switches both off", async () => {
    const { bob } = await ringing();
    await ringers(bob, 1);
    await bob.host.request("settings.update", { settings: { ringtone: "off", notifications: false } });
    await ringers(bob, 0);
    assert.equal(bob.notifier.shown, null);
  });

  test("is answered without waiting for a speaker that does not open", async () => {
    const pair = await twoPlugins();
    pair.bob.sound.openRinger = () => new Promise<never>(() => undefined);
    const callId = await calls(pair);
    await pair.bob.host.request("call.accept", { callId });
    await pair.bob.waitFor("call.changed", ({ phase }) => phase === "connected");
  });

  test("leaves no speaker open when the plugin ends", async () => {
    const { bob } = await ringing();
    await ringers(bob, 1);
    await bob.host.request("shutdown", {});
    await ringers(bob, 0);
  });
});

describe("a missed call", () => {
  test("is listed with its caller and told to the host, until the user has seen it", async () => {
    const pair = await ringing();
    const { alice, bob, aliceId, callId } = pair;
    await alice.host.request("call.hangup", { callId });
    const { missed } = await bob.waitFor("calls.missedChanged");
    assert.deepEqual(
      missed.map(({ peerId, peerLabel, media, count, unseen }) => [peerId, peerLabel, media, count, unseen]),
      [[aliceId, "somebody", "video", 1, 1]],
    );
    assert.deepEqual(await bob.host.request("calls.missed", {}), { missed });
    assert.equal(await bob.host.request("calls.seen", {}), null);
    await bob.waitFor("calls.missedChanged", (change) => change.missed[0]?.unseen === 0);
  });

  test("is none that was answered or declined", async () => {
    const { alice, bob, callId } = await ringing();
    await bob.host.request("call.reject", { callId });
    await Promise.all([alice.waitFor("call.ended"), bob.waitFor("call.ended")]);
    assert.deepEqual((await bob.host.request("calls.missed", {})).missed, []);
    assert.deepEqual((await alice.host.request("calls.missed", {})).missed, []);
  });

  test("is one that finds this side in another call, once for all repetitions of its request", async () => {
    const pair = await ringing();
    const { network, bob, bobId, callId } = pair;
    await bob.host.request("call.accept", { callId });
    const carol = new PluginBench(network);
    open.push(carol);
    const carolId = await carol.start();
    await carol.host.request("call.start", { peerId: bobId, media: "audio" });
    await carol.waitFor("call.ended", ({ reason }) => reason === "busy");
    const { missed } = await bob.waitFor("calls.missedChanged");
    assert.deepEqual(
      missed.map(({ peerId, count, media }) => [peerId, count, media]),
      [[carolId, 1, "audio"]],
    );
    assert.equal(bob.sound.ringers.length, 1, "only Alice's call rings");
  });

  test("counts as seen once our user talks to its caller", async () => {
    const pair = await ringing();
    const { alice, bob, callId } = pair;
    await alice.host.request("call.hangup", { callId });
    await bob.waitFor("calls.missedChanged", ({ missed }) => missed[0]?.unseen === 1);
    await Promise.all([alice.waitFor("call.ended"), bob.waitFor("call.ended")]);
    const second = await calls(pair);
    await bob.host.request("call.accept", { callId: second });
    await bob.waitFor("calls.missedChanged", ({ missed }) => missed[0]?.unseen === 0);
  });

  test("outlives the plugin in the host's folder", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "alerts-"));
    folders.push(dataDir);
    const { network, alice, bob, callId } = await ringing({ initialize: { dataDir } });
    await alice.host.request("call.hangup", { callId });
    const { missed } = await bob.waitFor("calls.missedChanged");
    await bob.host.request("shutdown", {});
    const next = new PluginBench(network);
    open.push(next);
    await next.start({}, { dataDir });
    assert.deepEqual(await next.host.request("calls.missed", {}), { missed });
  });

  test("is one that still rang when the plugin shut down", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "alerts-"));
    folders.push(dataDir);
    const { network, aliceId, bob } = await ringing({ initialize: { dataDir } });
    await bob.host.request("shutdown", {});
    const next = new PluginBench(network);
    open.push(next);
    await next.start({}, { dataDir });
    const { missed } = await next.host.request("calls.missed", {});
    assert.deepEqual(
      missed.map(({ peerId, count }) => [peerId, count]),
      [[aliceId, 1]],
    );
  });
});

describe("a caller", () => {
  test("hears the busy tone when the peer declines as busy, and silence when the caller hangs up", async () => {
    const { alice, bob, callId } = await ringing();
    await ringers(alice, 1);
    await bob.host.request("call.reject", { callId, reason: "busy" });
    await alice.waitFor("call.ended");
    await turns();
    assert.equal(alice.sound.ringers.length, 1, "the busy tone follows on the same speaker");
    const other = await ringing();
    await ringers(other.alice, 1);
    await other.alice.host.request("call.hangup", { callId: other.callId });
    await ringers(other.alice, 0);
  });
});
