// A plugin that goes on where another one died: what the host is given to keep, what the next plugin makes of it, and what
// it makes of a snapshot that is of no use.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { PluginRequestHandler } from "../../../plugin/rpc/host-link.ts";
import { PROTOCOL_VERSION, RpcError } from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const ALICE = "12D3KooWA1iceHosted11111";
const BOB = "12D3KooWBobHosted1111111";
const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

/** Hosts that carry for one plugin each; a plugin that is started in the place of another hears what is sent to it. */
class Hosts {
  readonly #ends = new Map<string, PluginBench>();

  async start(selfId: string, resume?: string, settings: object = {}): Promise<PluginBench> {
    const bench = new PluginBench(createFakeSignallingNetwork());
    open.push(bench);
    bench.host.onRequest("signal.send", this.#carry(selfId, bench));
    this.#ends.set(selfId, bench);
    await bench.host.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      host: { name: "a carrying host" },
      identity: { label: "somebody" },
      carrier: { selfId },
      settings,
      ...(resume === undefined ? {} : { resume }),
    });
    bench.host.notify("initialized", {});
    return bench;
  }

  /** Whatever the dead one still says reaches nobody. */
  #carry(from: string, bench: PluginBench): PluginRequestHandler<"signal.send"> {
    return async ({ peerId, topic, payload }) => {
      const end = this.#ends.get(peerId);
      if (!end || this.#ends.get(from) !== bench) throw new RpcError("peerUnreachable", "no such peer");
      return end.host.request("signal.deliver", { from, topic, payload });
    };
  }
}

const isConnected = ({ phase }: { phase: string }) => phase === "connected";

async function inCall() {
  const hosts = new Hosts();
  const [alice, bob] = [await hosts.start(ALICE), await hosts.start(BOB)];
  await Promise.all(
    [alice, bob].map((one) => one.waitFor("signalling.changed", ({ state }) => state === "ready")),
  );
  const { callId } = await alice.host.request("call.start", { peerId: BOB, media: "video" });
  await bob.waitFor("call.incoming");
  await bob.host.request("call.accept", { callId });
  const [info] = await Promise.all([alice, bob].map((one) => one.waitFor("call.changed", isConnected)));
  assert.ok(info);
  await Promise.all([alice, bob].map((one) => keeps(one, /"connectedAt":\d/)));
  return { hosts, alice, bob, callId, info };
}

/** The newest that was given to the host. */
const keptBy = (bench: PluginBench): string =>
  bench.notificationsNamed("calls.persisted").at(-1)?.snapshot ?? "";
const without = (bench: PluginBench) =>
  bench.notificationsNamed("calls.persisted").map(({ snapshot }) => snapshot === null);
const keeps = (bench: PluginBench, what: RegExp) =>
  bench.waitFor("calls.persisted", ({ snapshot }) => what.test(snapshot ?? ""));

describe("the host is given to keep", () => {
  test("the call from its first moment, each choice of the user, and nothing once it is over", async () => {
    const { alice, callId } = await inCall();
    await keeps(alice, /"connectedAt":\d/);
    await alice.host.request("call.setMicrophone", { callId, on: false });
    await keeps(alice, /"isMicrophoneOn":false/);
    await alice.host.request("call.setCamera", { callId, on: false });
    await keeps(alice, /"isCameraOn":false/);
    await alice.host.request("call.useDevice", { callId, kind: "speaker", deviceId: "none" });
    await keeps(alice, /"speaker":\{"choice":"none"/);
    await alice.host.request("call.hangup", { callId });
    await alice.waitFor("calls.persisted", ({ snapshot }) => snapshot === null);
    assert.equal(without(alice).at(-1), true);
    assert.ok(
      alice
        .notificationsNamed("calls.persisted")
        .every(({ snapshot, callId: of }) => (snapshot === null) === (of === undefined)),
    );
  });

  test("no description, and no line twice", async () => {
    const { alice, bob } = await inCall();
    for (const side of [alice, bob]) {
      await keeps(side, /"connectedAt":\d/);
      const kept = side.notificationsNamed("calls.persisted").map(({ snapshot }) => snapshot);
      assert.equal(new Set(kept).size, kept.length);
      assert.ok(kept.every((snapshot) => !/sdp|candidate/.test(snapshot ?? "")));
    }
  });
});

describe("the next plugin", () => {
  for (const who of ["caller", "callee"] as const) {
    test(`goes on with the call of the ${who}: the same id, times, choices and devices`, async () => {
      const { hosts, alice, bob, callId } = await inCall();
      const [dead, alive] = who === "caller" ? [alice, bob] : [bob, alice];
      const selfId = who === "caller" ? ALICE : BOB;
      await dead.host.request("call.setMicrophone", { callId, on: false });
      await keeps(dead, /"isMicrophoneOn":false/);
      const before = dead.notificationsNamed("call.changed").at(-1);
      alive.notifications.length = 0;
      const next = await hosts.start(selfId, keptBy(dead));
      const first = await next.waitFor("call.changed");
      assert.equal(first.phase, "reconnecting");
      const now = await next.waitFor("call.changed", isConnected);
      await alive.waitFor("call.changed", ({ phase }) => phase === "reconnecting");
      await alive.waitFor("call.changed", isConnected);
      for (const field of ["callId", "peerId", "direction", "media", "createdAt", "connectedAt"] as const) {
        assert.equal(now[field], before?.[field], field);
      }
      await next.waitFor("call.changed", ({ local }) => local.microphone.state === "muted");
      await next.waitFor(
        "call.changed",
        ({ local, remote }) => local.camera.state === "live" && remote.camera === "on",
      );
      assert.deepEqual(alive.notificationsNamed("call.ended"), []);
      await next.host.request("call.hangup", { callId });
      const { reason, durationMs } = await next.waitFor("call.ended");
      assert.equal(reason, "hungUp");
      assert.ok(durationMs >= (now.connectedAt ? Date.now() - now.connectedAt - 1_000 : Number.NaN));
      assert.equal((await alive.waitFor("call.ended")).reason, "hungUp");
    });
  }

  test("that dies in turn before the call is back leaves enough to go on", async () => {
    const { hosts, alice, callId } = await inCall();
    await keeps(alice, /"connectedAt":\d/);
    const second = await hosts.start(ALICE, keptBy(alice));
    await keeps(second, /"connectedAt":\d/);
    const third = await hosts.start(ALICE, keptBy(second));
    assert.equal((await third.waitFor("call.changed", isConnected)).callId, callId);
  });

  test("ends a call that was not connected, and tells both sides", async () => {
    const hosts = new Hosts();
    const [alice, bob] = [await hosts.start(ALICE), await hosts.start(BOB)];
    await alice.waitFor("signalling.changed", ({ state }) => state === "ready");
    const { callId } = await alice.host.request("call.start", { peerId: BOB, media: "audio" });
    await Promise.all([bob.waitFor("call.incoming"), keeps(alice, /"connectedAt":null/)]);
    const next = await hosts.start(ALICE, keptBy(alice));
    const [here, there] = await Promise.all([next.waitFor("call.ended"), bob.waitFor("call.ended")]);
    assert.deepEqual(
      [here.callId, here.reason, here.endedBy, here.durationMs],
      [callId, "hostGone", "local", 0],
    );
    assert.deepEqual([there.callId, there.reason, there.endedBy], [callId, "hostGone", "remote"]);
  });

  test("ends what it cannot read but can name, as after an update in mid-call", async () => {
    const { hosts, alice, bob, callId } = await inCall();
    const record = JSON.parse(keptBy(alice)) as object;
    for (const change of [{ format: 99 }, { remote: "gone" }]) {
      const next = await hosts.start(ALICE, JSON.stringify({ ...record, ...change }));
      const end = await next.waitFor("call.ended");
      assert.deepEqual([end.callId, end.reason], [callId, "hostGone"]);
      assert.match(end.detail ?? "", /cannot read what was kept/);
    }
    assert.equal((await bob.waitFor("call.ended")).reason, "hostGone");
  });

  test("is another peer without its key, and ends the call with that reason", async () => {
    const { hosts, alice, callId } = await inCall();
    const next = await hosts.start("12D3KooWSomebodyE1se1111", keptBy(alice));
    const end = await next.waitFor("call.ended");
    assert.deepEqual([end.callId, end.reason], [callId, "connectionLost"]);
    assert.match(end.detail ?? "", /another peer/);
  });

  test("starts as usual with an invalid record, and logs it", async () => {
    const nonsense = ["", "no JSON", "null", "{}", "[]", '{"format":1}', `"${"x".repeat(70_000)}"`];
    for (const resume of nonsense) {
      const bench = await new Hosts().start(ALICE, resume);
      await bench.waitFor("signalling.changed", ({ state }) => state === "ready");
      assert.deepEqual(await bench.host.request("call.list", {}), { calls: [] });
      assert.ok(
        bench.logged.some((line) => line.startsWith("the record of a call was ignored")),
        resume,
      );
    }
  });

  test("ends the call where calls have been switched off meanwhile", async () => {
    const { hosts, alice } = await inCall();
    const next = await hosts.start(ALICE, keptBy(alice), { videoDisabled: true });
    assert.equal((await next.waitFor("call.ended")).reason, "videoDisabled");
  });
});
