// Calls of two real processes through a real TURN server, with the setting relayOnly.

import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { after, before, describe, test } from "node:test";
import type { CallInfo, CallProtection } from "../../rpc-schema/index.ts";
import { startTurnServer, type TurnServer } from "../support/network/turn-server.ts";
import {
  type HostRelayedPair,
  type RelayedSignal,
  startHostRelayedPair,
} from "../support/plugin/host-relayed-pair.ts";
import { connectCall, type PluginProcess } from "../support/plugin/plugin-process.ts";

const TIMEOUTS = { lostMs: 200, restartMs: 40_000 };

describe("a call with relayOnly", { timeout: 120_000 }, () => {
  let turn: TurnServer;
  let pair: HostRelayedPair;
  let callId: string;

  before(async () => {
    turn = await startTurnServer();
    pair = await startHostRelayedPair({ iceServers: [turn.iceServer], relayOnly: true, timeouts: TIMEOUTS });
    callId = await connectCall(pair.alice, pair.bob, "audio");
  });
  after(async () => {
    await pair?.stop();
    await turn?.close();
  });

  test("connects through the TURN server, and no signal has an address of either side", () => {
    assertHidden(pair.signals, turn);
    assert.ok(pair.signals.some(({ payload }) => payload.type === "ice-candidate"));
    assert.ok(pair.signals.some(({ payload }) => payload.type === "call-offer"));
  });

  test("tells both hosts that it is relayed, who carries the signals, and the same check code", async () => {
    const [ours, theirs] = await Promise.all([protectionAt(pair.alice), protectionAt(pair.bob)]);
    assert.deepEqual(ours, theirs);
    assert.deepEqual([ours.path, ours.identity, ours.checkCodeChanged], ["relayed", "host", false]);
    assert.match(ours.checkCode ?? "", /^\w+ \w+ \w+ \w+$/);
  });

  test("has none after an ICE restart either, and the same check code as before", async () => {
    const before = await protectionAt(pair.alice);
    pair.signals.length = 0;
    for (const side of [pair.alice, pair.bob]) side.clearNotifications();
    await turn.restart();
    const is = (phase: CallInfo["phase"]) => (call: CallInfo) =>
      call.callId === callId && call.phase === phase;
    await pair.alice.next("call.changed", is("reconnecting"));
    pair.alice.clearNotifications();
    await pair.alice.next("call.changed", is("connected"));
    assert.ok(pair.signals.some(({ payload }) => payload.type === "call-offer"));
    assertHidden(pair.signals, turn);
    assert.deepEqual(await protectionAt(pair.alice), before);
    assert.deepEqual(await protectionAt(pair.bob), before);
  });
});

/** Once it is complete. */
async function protectionAt(side: PluginProcess): Promise<CallProtection> {
  const isComplete = ({ protection }: CallInfo) =>
    protection?.check === "code" && protection.path !== "unknown";
  const { calls } = await side.host.request("call.list", {});
  const { protection } = calls.find(isComplete) ?? (await side.next("call.changed", isComplete));
  assert.ok(protection);
  return protection;
}

/** A relayed candidate has an address and a port of the TURN server. No other address is in any signal. */
function assertHidden(signals: readonly RelayedSignal[], turn: TurnServer): void {
  const text = JSON.stringify(signals);
  const candidates = [...text.matchAll(/candidate:\S+ 1 udp \d+ (\S+) (\d+) typ (\w+)/g)];
  assert.ok(candidates.length > 0);
  assert.equal(candidates.length, text.split(" typ ").length - 1);
  for (const [line, address = "", port, type] of candidates) {
    assert.equal(type, "relay", line);
    assert.ok(turn.isRelayed(address, Number(port)), line);
  }
  const related = [...text.matchAll(/ raddr (\S+) rport (\d+)/g)].map(([, address, port]) => [address, port]);
  for (const found of related) assert.deepEqual(found, ["0.0.0.0", "9"]);
  const others = text.replaceAll(/candidate:[^"\\]+/g, "");
  // An o= line of the engine names no real address (RFC 8829 section 5.2.1).
  const addresses = others.match(/(?:\d{1,3}\.){3}\d{1,3}/g);
  assert.deepEqual(new Set(addresses), new Set(["0.0.0.0", "127.0.0.1"]));
  for (const address of ownAddresses()) assert.ok(!others.includes(address), `${address} in a signal`);
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address);
}
