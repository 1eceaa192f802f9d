// Calls of two processes through real TURN servers by every protocol, and what becomes of a call whose server refuses or dies.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { CallInfo, IceServer, PluginNotificationParams, Signal } from "../../../rpc-schema/index.ts";
import { findFreePort } from "../../support/network/loopback.ts";
import { startTurnServer, type TurnServer } from "../../support/network/turn-server.ts";
import {
  type HostRelayedPair,
  type RelayedSignal,
  startHostRelayedPair,
} from "../../support/plugin/host-relayed-pair.ts";
import { connectCall, hangUpAll, type PluginProcess } from "../../support/plugin/plugin-process.ts";

/** A lost path is restarted at once, and given up soon. */
const TIMEOUTS = { lostMs: 200, restartMs: 8_000 };
/** What a host does not let through, of candidates in signals and in descriptions. */
const NOT_RELAYED = /^a=candidate:.* typ (?!relay).*\r\n/gm;

describe("a call through a TURN server", { timeout: 180_000 }, () => {
  let turn: TurnServer;
  let pair: HostRelayedPair;
  let isDirectHidden = false;

  const change = ({ payload }: RelayedSignal): Signal | null => {
    if (!isDirectHidden) return payload;
    if ("sdp" in payload && typeof payload.sdp === "string") {
      return { ...payload, sdp: payload.sdp.replaceAll(NOT_RELAYED, "") };
    }
    const isHidden = payload.type === "ice-candidate" && !/ typ relay /.test(JSON.stringify(payload));
    return isHidden ? null : payload;
  };

  before(async () => {
    turn = await startTurnServer({ withTls: true });
    pair = await startHostRelayedPair(
      { timeouts: TIMEOUTS },
      change,
      {},
      {
        NODE_EXTRA_CA_CERTS: turn.authority,
      },
    );
  });
  afterEach(async () => {
    isDirectHidden = false;
    await Promise.all([hangUpAll(pair.alice), hangUpAll(pair.bob)]);
  });
  after(async () => {
    await pair?.stop();
    await turn?.close();
  });

  const bothUse = async (iceServers: IceServer[], relayOnly: boolean) => {
    for (const side of [pair.alice, pair.bob]) {
      await side.host.request("settings.update", { settings: { iceServers, relayOnly } });
    }
  };

  for (const protocol of ["udp", "tcp", "tls"] as const) {
    test(`connects over ${protocol}, with relayOnly`, async () => {
      await bothUse([turn.over(protocol)], true);
      const callId = await connectCall(pair.alice, pair.bob, "audio");
      for (const side of [pair.alice, pair.bob]) assert.equal(await pathAt(side, callId), "relayed");
    });
  }

  test("ends at both sides when the password is wrong, and names the server and its answer 401", async () => {
    const server = { ...turn.iceServer, credential: "wrong" };
    await bothUse([server], true);
    const ends = await endsOf(pair, "call.accept");
    assert.deepEqual(
      ends.map(({ reason }) => reason),
      ["connectTimeout", "connectTimeout"],
    );
    // The side that ends first knows its reason. The other one may not have asked its server yet.
    const first = ends.find(({ endedBy }) => endedBy === "local");
    const answer = `${server.urls[0]} refused username or credential (401 Unauthorized)`;
    assert.equal(first?.detail, `the setting relayOnly allows TURN servers only, and ${answer}`);
  });

  test("goes on through the second server when the first dies, and ends with both named when it dies too", async () => {
    const first = await startTurnServer();
    const port = await findFreePort();
    const servers = [
      first.over("tcp"),
      { ...first.over("tcp"), urls: [`turn:127.0.0.1:${port}?transport=tcp`] },
    ];
    let second: TurnServer | undefined;
    try {
      await bothUse(servers, true);
      const callId = await connectCall(pair.alice, pair.bob, "audio");
      second = await startTurnServer({ port });
      await backAfter(pair.alice, callId, () => first.stop());
      assert.equal(await pathAt(pair.alice, callId), "relayed");
      const ended = endsOf(pair);
      await second.stop();
      for (const { reason, detail = "" } of await ended) {
        assert.equal(reason, "connectionLost");
        for (const { urls } of servers) assert.ok(detail.includes(`${urls[0]} could not be reached`), detail);
      }
    } finally {
      for (const server of [first, second]) await server?.close();
    }
  });

  test("changes to a direct path when the server dies and relayOnly is off", async () => {
    const mortal = await startTurnServer();
    try {
      await bothUse([mortal.over("tcp")], false);
      isDirectHidden = true;
      const callId = await connectCall(pair.alice, pair.bob, "audio");
      assert.equal(await pathAt(pair.alice, callId), "relayed");
      isDirectHidden = false;
      await backAfter(pair.alice, callId, () => mortal.stop());
      await pair.alice.next("call.changed", ({ protection }) => protection?.path === "direct");
    } finally {
      await mortal.close();
    }
  });
});

/** Once it is known. */
async function pathAt(side: PluginProcess, callId: string): Promise<string | undefined> {
  const isKnown = (call: CallInfo) =>
    call.callId === callId && (call.protection?.path ?? "unknown") !== "unknown";
  const { calls } = await side.host.request("call.list", {});
  return (calls.find(isKnown) ?? (await side.next("call.changed", isKnown))).protection?.path;
}

/** Resolves when the call lost its path after the fault, and has one again. */
async function backAfter(side: PluginProcess, callId: string, fault: () => Promise<void>): Promise<void> {
  const is = (phase: CallInfo["phase"]) => (call: CallInfo) => call.callId === callId && call.phase === phase;
  side.clearNotifications();
  await fault();
  await side.next("call.changed", is("reconnecting"));
  side.clearNotifications();
  await side.next("call.changed", is("connected"));
}

/** @param begin `call.accept` makes a call that cannot connect; without it the running one ends */
async function endsOf(
  { alice, bob }: HostRelayedPair,
  begin?: "call.accept",
): Promise<PluginNotificationParams<"call.ended">[]> {
  for (const side of [alice, bob]) side.clearNotifications();
  const ended = [alice, bob].map((side) => side.next("call.ended"));
  if (begin) {
    const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "audio" });
    await bob.next("call.incoming", (call) => call.callId === callId);
    await bob.host.request(begin, { callId });
  }
  return await Promise.all(ended);
}
