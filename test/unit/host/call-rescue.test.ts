// When a host starts another plugin for a call, how often, and what becomes of a call that it carries.

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { CallRescue } from "../../../plugin/host/process/call-rescue.ts";
import type { HostTransport, TransportMessage } from "../../../plugin/host/transport/host-transport.ts";
import { type RelayedCall, relaySignals } from "../../../plugin/host/transport/relay-signals.ts";
import { connectPlugin } from "../../../plugin/rpc/host-link.ts";

const PEER = "12D3KooWPeerNumber1abcde";

/** A link whose plugin says what the test says. */
function linked() {
  const stdout = new PassThrough();
  const link = connectPlugin(new PassThrough(), stdout);
  const says = async (message: object): Promise<void> => {
    stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { link, says };
}

function rescue() {
  const calls = new CallRescue();
  const plugin = async () => {
    const { link, says } = linked();
    calls.attach(link);
    return {
      keeps: (snapshot: string | null) =>
        says({
          method: "calls.persisted",
          params: { snapshot, ...(snapshot === null ? {} : { callId: "c" }) },
        }),
      ends: (callId: string) =>
        says({
          method: "call.ended",
          params: { callId, peerId: PEER, reason: "hostGone", endedBy: "local", durationMs: 0 },
        }),
    };
  };
  return { calls, plugin };
}

describe("a host whose plugin died", () => {
  test("goes on with what was kept last", async () => {
    const { calls, plugin } = rescue();
    const { keeps } = await plugin();
    await keeps("first");
    await keeps("second");
    assert.deepEqual(calls.pluginDied(), { snapshot: "second", callId: "c" });
  });

  test("starts nothing where nothing was kept, the call is over, or it ended the plugin itself", async () => {
    const { calls, plugin } = rescue();
    const { keeps, ends } = await plugin();
    assert.equal(calls.pluginDied(), null);
    await keeps("a call");
    await keeps(null);
    assert.equal(calls.pluginDied(), null);
    await keeps("a call");
    await ends("another");
    await ends("c");
    assert.equal(calls.pluginDied(), null);
    await keeps("a call");
    calls.forget();
    assert.equal(calls.pluginDied(), null);
  });

  test("tries twice with plugins that die before they kept anything, and then no more", async () => {
    const { calls, plugin } = rescue();
    await (await plugin()).keeps("a call");
    const tries = [];
    for (let deaths = 0; deaths < 4; deaths += 1) {
      tries.push(calls.pluginDied() !== null);
      await plugin();
    }
    assert.deepEqual(tries, [true, true, false, false]);
  });
});

describe("a carrying host whose plugin died", () => {
  function carried() {
    const sent: string[] = [];
    const carrier: HostTransport = {
      selfId: "12D3KooWTheHost1tse1f111",
      send: async ({ topic, payload }: TransportMessage) => void sent.push(`${topic} ${payload.type}`),
      contacts: () => [],
      setAvailability: () => undefined,
      listen: () => () => undefined,
    };
    const start = (taken?: readonly RelayedCall[]) => {
      const { link, says } = linked();
      const carriage = relaySignals(link, carrier, () => undefined, taken);
      const sends = (id: number, topic: string) =>
        says({ id, method: "signal.send", params: { peerId: PEER, topic, payload: { type: "call-media" } } });
      return { carriage, sends };
    };
    return { sent, start };
  }

  test("hangs up all calls but the one that goes on, and that one too when the next plugin dies", async () => {
    const { sent, start } = carried();
    const first = start();
    await first.sends(1, "call:a");
    await first.sends(2, "call:b");
    sent.length = 0;
    const taken = first.carriage.handOver("a");
    await first.carriage.end();
    assert.deepEqual(taken, [{ peerId: PEER, topic: "call:a" }]);
    assert.deepEqual(sent, ["call:b call-hangup"]);
    const second = start(taken);
    await second.carriage.end();
    assert.deepEqual(sent, ["call:b call-hangup", "call:a call-hangup"]);
  });

  test("hands over nothing of a call that it does not carry", () => {
    assert.deepEqual(carried().start().carriage.handOver("a"), []);
  });
});
