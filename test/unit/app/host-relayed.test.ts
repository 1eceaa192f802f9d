// Host-relayed signalling: whole calls over `signal.send` and `signal.deliver`, and hosts that fail to relay.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { PluginRequestHandler } from "../../../plugin/rpc/host-link.ts";
import { PROTOCOL_VERSION, RpcError, type SettingsInput } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const ALICE = "12D3KooWA1iceHosted11111";
const BOB = "12D3KooWBobHosted1111111";
const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

/** A plugin whose host answers `signal.send` with `send`. */
async function startRelayed(
  selfId: string,
  send: PluginRequestHandler<"signal.send">,
  settings: SettingsInput = {},
): Promise<PluginBench> {
  // The network stays empty, because only a node of the plugin's own would be on it.
  const bench = new PluginBench(createFakeSignallingNetwork());
  open.push(bench);
  bench.host.onRequest("signal.send", send);
  await bench.host.request("initialize", {
    protocolVersion: PROTOCOL_VERSION,
    host: { name: "a relaying host" },
    identity: { label: "somebody" },
    carrier: { selfId },
    settings: settings as never,
  });
  bench.host.notify("initialized", {});
  const { peerId } = await bench.waitFor("signalling.changed", ({ state }) => state === "ready");
  assert.equal(peerId, selfId);
  return bench;
}

/** Two plugins whose hosts relay signals to each other. */
async function pair() {
  const topics: string[] = [];
  const ends = new Map<string, PluginBench>();
  const relay =
    (from: string): PluginRequestHandler<"signal.send"> =>
    async ({ peerId, topic, payload }) => {
      const end = ends.get(peerId);
      if (!end) throw new RpcError("peerUnreachable", "no such peer");
      topics.push(`${from === ALICE ? "Alice" : "Bob"} ${topic} ${payload.type}`);
      return end.host.request("signal.deliver", { from, topic, payload });
    };
  for (const selfId of [ALICE, BOB]) ends.set(selfId, await startRelayed(selfId, relay(selfId)));
  const [alice, bob] = [ends.get(ALICE), ends.get(BOB)];
  if (!alice || !bob) throw new Error("both have been started");
  return { alice, bob, topics };
}

const contact = (peerId: string, label: string) => ({
  peerId,
  label,
  addresses: [],
  reachable: true,
  videoDisabled: false,
});

describe("a call over host-relayed signalling", () => {
  test("sends every signal from request to hang-up on the call's topic, in order", async () => {
    const { alice, bob, topics } = await pair();
    bob.host.notify("contacts.set", { contacts: [contact(ALICE, "Alice at home"), contact(BOB, "me")] });
    const { contacts } = await bob.waitFor("contacts.changed");
    assert.deepEqual(
      contacts.map(({ label }) => label),
      ["Alice at home"],
    );
    const { callId } = await alice.host.request("call.start", { peerId: BOB, media: "video" });
    const incoming = await bob.waitFor("call.incoming");
    assert.deepEqual([incoming.peerId, incoming.peerLabel], [ALICE, "Alice at home"]);
    await bob.host.request("call.accept", { callId });
    await Promise.all(
      [alice, bob].map((one) => one.waitFor("call.changed", ({ phase }) => phase === "connected")),
    );
    await alice.host.request("call.hangup", { callId });
    const end = await bob.waitFor("call.ended");
    assert.deepEqual([end.reason, end.endedBy], ["hungUp", "remote"]);
    assert.ok(topics.every((line) => line.includes(` call:${callId} `)));
    const order = topics.map((line) => line.replace(` call:${callId} `, " "));
    const places = [
      "Alice call-request",
      "Bob call-ack",
      "Alice call-offer",
      "Bob call-answer",
      "Alice call-hangup",
    ];
    assert.deepEqual(
      order.filter((line) => places.includes(line)),
      places,
    );
  });

  for (const [what, send] of [
    [
      "refuses",
      () => {
        throw new RpcError("peerUnreachable", "offline");
      },
    ],
    [
      "breaks",
      () => {
        throw new Error("a bug in the host");
      },
    ],
    ["answers nonsense", () => ({ status: "delivered" }) as unknown as null],
    ["never answers", () => new Promise<null>(() => undefined)],
  ] as const) {
    test(`ends unreachable when the host ${what}`, async () => {
      const alice = await startRelayed(ALICE, send, { timeouts: { requestMs: 50, hangupMs: 10 } });
      await alice.host.request("call.start", { peerId: BOB, media: "audio" });
      const { reason, endedBy } = await alice.waitFor("call.ended");
      assert.deepEqual([reason, endedBy], ["unreachable", "local"]);
      assert.deepEqual(alice.open(), []);
      assert.equal(await alice.host.request("shutdown", {}), null);
    });
  }

  /** The host answers as soon as it has delivered the request, before it is notified of the call. */
  async function delivered(signals: readonly { type: string; mediaType?: string }[]) {
    const bench = await startRelayed(ALICE, async () => null);
    for (const payload of signals) {
      await bench.host.request("signal.deliver", { from: BOB, topic: "call:early", payload });
    }
    return bench;
  }
  const phases = ({ notifications }: PluginBench) =>
    notifications
      .filter(({ name }) => name === "call.incoming" || name === "call.changed" || name === "call.ended")
      .map(({ name, params }) => `${name} ${"phase" in Object(params) ? Object(params).phase : ""}`.trim());
  const REQUEST = { type: "call-request", mediaType: "audio" };

  for (const [method, phase] of [
    ["call.accept", "connecting"],
    ["call.reject", null],
    ["call.hangup", null],
  ] as const) {
    test(`is notified as incoming and ended when ${method} comes before call.incoming`, async () => {
      const bench = await delivered([REQUEST]);
      assert.deepEqual(phases(bench), []);
      await bench.host.request(method, { callId: "early" });
      await bench.host.request("signal.deliver", {
        from: BOB,
        topic: "call:early",
        payload: { type: "call-hangup" },
      });
      const { callId } = await bench.waitFor("call.ended");
      assert.equal(callId, "early");
      const between = phases(bench).slice(1, -1);
      assert.deepEqual([phases(bench)[0], phases(bench).at(-1)], ["call.incoming ringing", "call.ended"]);
      assert.ok(
        between.every((line) => line === `call.changed ${phase}`),
        String(between),
      );
    });
  }

  test("that ended before its call.incoming is unknown, and the host hears nothing of it", async () => {
    const bench = await delivered([REQUEST, { type: "call-hangup" }]);
    await assert.rejects(bench.host.request("call.accept", { callId: "early" }), { kind: "unknownCall" });
    assert.deepEqual(phases(bench), []);
  });

  test("that waits for another call of its peer is unknown, and rings when that one ends", async () => {
    const bench = await delivered([REQUEST]);
    const deliver = (callId: string, type: string) =>
      bench.host.request("signal.deliver", { from: BOB, topic: `call:${callId}`, payload: { type } });
    await deliver("waiting", "call-request");
    for (const method of ["call.accept", "call.reject", "call.hangup"] as const) {
      await assert.rejects(bench.host.request(method, { callId: "waiting" }), { kind: "unknownCall" });
    }
    await deliver("early", "call-hangup");
    await bench.host.request("call.reject", { callId: "waiting" });
    assert.equal((await bench.waitFor("call.ended")).callId, "waiting");
  });

  test("is refused by a plugin with a node of its own", async () => {
    const bench = new PluginBench(createFakeSignallingNetwork());
    open.push(bench);
    await bench.start();
    const delivered = bench.host.request("signal.deliver", { from: ALICE, topic: "call:c", payload: {} });
    await assert.rejects(delivered, { kind: "notCarried" });
    bench.host.notify("contacts.set", { contacts: [contact(ALICE, "Alice")] });
    assert.deepEqual(await bench.host.request("contacts.list", {}), { contacts: [] });
    assert.ok(bench.logged.some((line) => line.includes("contacts.set")));
  });

  test("is not affected by invalid deliveries, or by deliveries from other peers", async () => {
    const { alice, bob } = await pair();
    const { callId } = await alice.host.request("call.start", { peerId: BOB, media: "audio" });
    await bob.waitFor("call.incoming");
    const stranger = "12D3KooWStrangerAbcdefgh";
    for (const payload of [{}, { type: "call-dance" }, { type: "call-hangup" }, { type: 7 }]) {
      const delivered = alice.host.request("signal.deliver", {
        from: stranger,
        topic: `call:${callId}`,
        payload,
      });
      assert.equal(await delivered, null);
    }
    await bob.host.request("call.accept", { callId });
    await alice.waitFor("call.changed", ({ phase }) => phase === "connected");
    assert.equal(alice.plugin.callManager.getSnapshot().context.foreignSignals, 1);
  });
});
