// When a host starts another plugin for a call, how often, and what happens to relayed calls.

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { CallRescue } from "../../../plugin/host/process/call-rescue.ts";
import type { HostTransport, TransportMessage } from "../../../plugin/host/transport/host-transport.ts";
import { type RelayedCall, relaySignals } from "../../../plugin/host/transport/relay-signals.ts";
import { connectPlugin } from "../../../plugin/rpc/host-link.ts";

const PEER = "12D3KooWPeerNumber1abcde";

/** A link to a plugin whose messages the test writes. */
function linked() {
  const stdout = new PassThrough();
  const link = connectPlugin(new PassThrough(), stdout);
  const writes = async (message: object): Promise<void> => {
    stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { link, writes };
}

function rescue() {
  const calls = new CallRescue();
  const plugin = async () => {
    const { link, writes } = linked();
    calls.attach(link);
    return {
      persists: (snapshot: string | null) =>
        writes({
          method: "calls.persisted",
          params: { snapshot, ...(snapshot === null ? {} : { callId: "c" }) },
        }),
      ends: (callId: string) =>
        writes({
          method: "call.ended",
          params: { callId, peerId: PEER, reason: "hostGone", endedBy: "local", durationMs: 0 },
        }),
    };
  };
  return { calls, plugin };
}

describe("a host whose plugin died", () => {
  test("resumes the last persisted snapshot", async () => {
    const { calls, plugin } = rescue();
    const { persists } = await plugin();
    await persists("first");
    await persists("second");
    assert.deepEqual(calls.pluginDied(), { snapshot: "second", callId: "c" });
  });

  test("starts nothing without a snapshot, after the call's end, or when it stopped the plugin itself", async () => {
    const { calls, plugin } = rescue();
    const { persists, ends } = await plugin();
    assert.equal(calls.pluginDied(), null);
    await persists("a call");
    await persists(null);
    assert.equal(calls.pluginDied(), null);
    await persists("a call");
    await ends("another");
    await ends("c");
    assert.equal(calls.pluginDied(), null);
    await persists("a call");
    calls.forget();
    assert.equal(calls.pluginDied(), null);
  });

  test("tries twice with plugins that die before they persist anything, and then gives up", async () => {
    const { calls, plugin } = rescue();
    await (await plugin()).persists("a call");
    const tries = [];
    for (let deaths = 0; deaths < 4; deaths += 1) {
      tries.push(calls.pluginDied() !== null);
      await plugin();
    }
    assert.deepEqual(tries, [true, true, false, false]);
  });
});

describe("a host with its own transport whose plugin died", () => {
  function relayedCalls() {
    const sent: string[] = [];
    const transport: HostTransport = {
      selfId: "12D3KooWTheHost1tse1f111",
      send: async ({ topic, payload }: TransportMessage) => void sent.push(`${topic} ${payload.type}`),
      contacts: () => [],
      setAvailability: () => undefined,
      listen: () => () => undefined,
    };
    const start = (calls?: readonly RelayedCall[]) => {
      const { link, writes } = linked();
      const relay = relaySignals(link, transport, () => undefined, calls);
      const sends = (id: number, topic: string) =>
        writes({
          id,
          method: "signal.send",
          params: { peerId: PEER, topic, payload: { type: "call-media" } },
        });
      return { relay, sends };
    };
    return { sent, start };
  }

  test("hangs up all calls except the resumed one, and that one when the next plugin dies", async () => {
    const { sent, start } = relayedCalls();
    const first = start();
    await first.sends(1, "call:a");
    await first.sends(2, "call:b");
    sent.length = 0;
    const taken = first.relay.handOver("a");
    await first.relay.end();
    assert.deepEqual(taken, [{ peerId: PEER, topic: "call:a" }]);
    assert.deepEqual(sent, ["call:b call-hangup"]);
    const second = start(taken);
    await second.relay.end();
    assert.deepEqual(sent, ["call:b call-hangup", "call:a call-hangup"]);
  });

  test("hands over nothing for an unknown call", () => {
    assert.deepEqual(relayedCalls().start().relay.handOver("a"), []);
  });
});
