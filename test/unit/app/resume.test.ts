// A plugin resumes the call of a dead one: the record that the host keeps, the resumed call, and invalid records.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { CaptureError } from "../../../native/types.ts";
import type { PluginRequestHandler } from "../../../plugin/rpc/host-link.ts";
import { PROTOCOL_VERSION, RpcError } from "../../../rpc-schema/index.ts";
import { FAKE_SCREEN } from "../../support/fakes/fake-screens.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

const ALICE = "12D3KooWA1iceHosted11111";
const BOB = "12D3KooWBobHosted1111111";
const open: PluginBench[] = [];
after(() => Promise.all(open.map((bench) => bench.end())));

/** Hosts that relay for one plugin each. A plugin that replaces another one receives the signals for it. */
class Hosts {
  readonly #ends = new Map<string, PluginBench>();

  async start(selfId: string, resume?: string, settings: object = {}): Promise<PluginBench> {
    const bench = new PluginBench(createFakeSignallingNetwork());
    open.push(bench);
    bench.host.onRequest("signal.send", this.#relay(selfId, bench));
    this.#ends.set(selfId, bench);
    await bench.host.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      host: { name: "a relaying host" },
      identity: { label: "somebody" },
      carrier: { selfId },
      settings,
      ...(resume === undefined ? {} : { resume }),
    });
    bench.host.notify("initialized", {});
    return bench;
  }

  /** Signals from a dead plugin reach no one. */
  #relay(from: string, bench: PluginBench): PluginRequestHandler<"signal.send"> {
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
  await Promise.all([alice, bob].map((one) => waitForRecord(one, /"connectedAt":\d/)));
  return { hosts, alice, bob, callId, info };
}

/** The newest record that the host received. */
const recordOf = (bench: PluginBench): string =>
  bench.notificationsNamed("calls.persisted").at(-1)?.snapshot ?? "";
const hasNoCall = (bench: PluginBench) =>
  bench.notificationsNamed("calls.persisted").map(({ snapshot }) => snapshot === null);
const waitForRecord = (bench: PluginBench, pattern: RegExp) =>
  bench.waitFor("calls.persisted", ({ snapshot }) => pattern.test(snapshot ?? ""));

describe("the record for the host", () => {
  test("contains the call from its start and each choice of the user, and is removed at its end", async () => {
    const { alice, callId } = await inCall();
    await waitForRecord(alice, /"connectedAt":\d/);
    await alice.host.request("call.setMicrophone", { callId, on: false });
    await waitForRecord(alice, /"isMicrophoneOn":false/);
    await alice.host.request("call.setCamera", { callId, on: false });
    await waitForRecord(alice, /"isCameraOn":false/);
    await alice.host.request("call.useDevice", { callId, kind: "speaker", deviceId: "none" });
    await waitForRecord(alice, /"speaker":\{"choice":"none"/);
    await alice.host.request("call.hangup", { callId });
    await alice.waitFor("calls.persisted", ({ snapshot }) => snapshot === null);
    assert.equal(hasNoCall(alice).at(-1), true);
    assert.ok(
      alice
        .notificationsNamed("calls.persisted")
        .every(({ snapshot, callId: of }) => (snapshot === null) === (of === undefined)),
    );
  });

  test("contains no session description, and differs from the record before it", async () => {
    const { alice, bob } = await inCall();
    for (const side of [alice, bob]) {
      await waitForRecord(side, /"connectedAt":\d/);
      const records = side.notificationsNamed("calls.persisted").map(({ snapshot }) => snapshot);
      assert.equal(new Set(records).size, records.length);
      assert.ok(records.every((snapshot) => !/sdp|candidate/.test(snapshot ?? "")));
    }
  });

  test("contains the camera that works while the chosen one is not open, or was refused", async () => {
    const { alice, callId } = await inCall();
    const use = (deviceId: string) =>
      alice.host.request("call.useDevice", { callId, kind: "camera", deviceId });
    await use("test-pattern");
    alice.cameras.emitFrame();
    await waitForRecord(alice, /"camera":\{"choice":"test-pattern"/);
    alice.cameras.failNextOpen = new CaptureError("it is busy", {
      operation: "open",
      errno: "EBUSY",
      path: "",
    });
    await use("auto");
    await alice.waitFor("call.changed", ({ local }) => local.camera.why === "it is busy");
    await alice.host.request("call.setMicrophone", { callId, on: false });
    await waitForRecord(alice, /"isMicrophoneOn":false/);
    assert.match(recordOf(alice), /"camera":\{"choice":"test-pattern","first":null\}/);
    await use("auto");
    await alice.host.request("call.setMicrophone", { callId, on: true });
    assert.match(
      recordOf(alice),
      /"camera":\{"choice":"test-pattern"/,
      "it is open only with its first frame",
    );
    alice.cameras.emitFrame();
    await waitForRecord(alice, /"camera":\{"choice":"auto","first":"fake-camera"/);
  });
});

describe("the next plugin", () => {
  for (const who of ["caller", "callee"] as const) {
    test(`resumes the call of the ${who} with the same id, times, choices and devices`, async () => {
      const { hosts, alice, bob, callId } = await inCall();
      const [dead, alive] = who === "caller" ? [alice, bob] : [bob, alice];
      const selfId = who === "caller" ? ALICE : BOB;
      await dead.host.request("call.setMicrophone", { callId, on: false });
      await waitForRecord(dead, /"isMicrophoneOn":false/);
      const before = dead.notificationsNamed("call.changed").at(-1);
      alive.notifications.length = 0;
      const next = await hosts.start(selfId, recordOf(dead));
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

  test("counts the call's time right when the clock was set since the record was written", async () => {
    const { hosts, alice, bob, callId, info } = await inCall();
    const dayMs = 24 * 3_600_000;
    const record = JSON.parse(recordOf(alice)) as { connectedAt: number };
    assert.equal(record.connectedAt, info.connectedAt);
    bob.notifications.length = 0;
    const next = await hosts.start(
      ALICE,
      JSON.stringify({ ...record, connectedAt: record.connectedAt - dayMs }),
    );
    const now = await next.waitFor("call.changed", isConnected);
    assert.ok(Math.abs((now.connectedAt ?? 0) - record.connectedAt) < 1_000);
    await next.host.request("call.hangup", { callId });
    const { durationMs } = await next.waitFor("call.ended");
    assert.ok(durationMs < dayMs / 2, `${durationMs} ms`);
  });

  test("shares no screen that the dead one shared, says why, and both sides see that", async () => {
    const { hosts, alice, bob, callId } = await inCall();
    await alice.host.request("call.shareScreen", { callId, on: true, source: FAKE_SCREEN.id });
    await bob.waitFor("call.changed", ({ remote }) => remote.screen === true);
    bob.notifications.length = 0;
    const next = await hosts.start(ALICE, recordOf(alice));
    const { local } = await next.waitFor("call.changed", isConnected);
    const why = "the plugin ended unexpectedly and was started again";
    assert.deepEqual(local.screen, { state: "off", ended: "failed", why });
    assert.ok(next.logged.includes(`the screen is not shared: ${why}`));
    const { remote } = await bob.waitFor("call.changed", (call) => {
      return isConnected(call) && call.remote.screen === undefined && call.remote.camera === "on";
    });
    assert.equal(remote.screen, undefined);
    assert.deepEqual(next.screens.shared, []);
    await next.host.request("call.shareScreen", { callId, on: true, source: FAKE_SCREEN.id });
    await bob.waitFor("call.changed", (call) => call.remote.screen === true);
  });

  test("says nothing of a screen that was not shared any more", async () => {
    const { hosts, alice, callId } = await inCall();
    await alice.host.request("call.shareScreen", { callId, on: true, source: FAKE_SCREEN.id });
    await waitForRecord(alice, /"isSharing":true/);
    alice.notifications.length = 0;
    await alice.host.request("call.shareScreen", { callId, on: false });
    await waitForRecord(alice, /^(?!.*isSharing)/);
    const next = await hosts.start(ALICE, recordOf(alice));
    const { local } = await next.waitFor("call.changed", isConnected);
    assert.deepEqual(local.screen, { state: "off" });
  });

  test("learns again that the other side shares its screen, which goes on", async () => {
    const { hosts, alice, bob, callId } = await inCall();
    await alice.host.request("call.shareScreen", { callId, on: true, source: FAKE_SCREEN.id });
    await bob.waitFor("call.changed", ({ remote }) => remote.screen === true);
    const next = await hosts.start(BOB, recordOf(bob));
    await next.waitFor("call.changed", (call) => isConnected(call) && call.remote.screen === true);
    assert.equal(alice.screens.openNow.length, 1);
    assert.equal(alice.screens.shared.length, 1);
  });

  test("leaves a usable record when it dies before the call is connected again", async () => {
    const { hosts, alice, callId } = await inCall();
    await waitForRecord(alice, /"connectedAt":\d/);
    const second = await hosts.start(ALICE, recordOf(alice));
    await waitForRecord(second, /"connectedAt":\d/);
    const third = await hosts.start(ALICE, recordOf(second));
    assert.equal((await third.waitFor("call.changed", isConnected)).callId, callId);
  });

  test("ends a call that was not connected, and informs both sides", async () => {
    const hosts = new Hosts();
    const [alice, bob] = [await hosts.start(ALICE), await hosts.start(BOB)];
    await alice.waitFor("signalling.changed", ({ state }) => state === "ready");
    const { callId } = await alice.host.request("call.start", { peerId: BOB, media: "audio" });
    await Promise.all([bob.waitFor("call.incoming"), waitForRecord(alice, /"connectedAt":null/)]);
    const next = await hosts.start(ALICE, recordOf(alice));
    const [here, there] = await Promise.all([next.waitFor("call.ended"), bob.waitFor("call.ended")]);
    assert.deepEqual(
      [here.callId, here.reason, here.endedBy, here.durationMs],
      [callId, "hostGone", "local", 0],
    );
    assert.deepEqual([there.callId, there.reason, there.endedBy], [callId, "hostGone", "remote"]);
  });

  test("ends a call whose record has an unknown format, as after an update", async () => {
    const { hosts, alice, bob, callId } = await inCall();
    const record = JSON.parse(recordOf(alice)) as object;
    for (const change of [{ format: 99 }, { remote: "gone" }]) {
      const next = await hosts.start(ALICE, JSON.stringify({ ...record, ...change }));
      const end = await next.waitFor("call.ended");
      assert.deepEqual([end.callId, end.reason], [callId, "hostGone"]);
      assert.match(end.detail ?? "", /cannot read the record/);
    }
    assert.equal((await bob.waitFor("call.ended")).reason, "hostGone");
  });

  test("without the key of its identity ends the call with that reason", async () => {
    const { hosts, alice, callId } = await inCall();
    const next = await hosts.start("12D3KooWSomebodyE1se1111", recordOf(alice));
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

  test("ends the call when calls have been switched off meanwhile", async () => {
    const { hosts, alice } = await inCall();
    const next = await hosts.start(ALICE, recordOf(alice), { videoDisabled: true });
    assert.equal((await next.waitFor("call.ended")).reason, "videoDisabled");
  });
});
