// A whole call between two plugins that are behind routers which let no connection in: the signals go through a circuit relay,
// sound through a TURN server. That this kernel has no NAT is no matter: neither home has a route to the other.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makeRelayIdentity, type RelayNode, startRelayNode } from "../../support/network/relay-node.ts";
import { startTurnServer, type TurnServer } from "../../support/network/turn-server.ts";
import { createTwoHomes, type Home } from "../../support/network/two-homes.ts";
import {
  connectCall,
  hangUpAll,
  type PluginProcess,
  startPlugin,
} from "../../support/plugin/plugin-process.ts";

describe("two plugins behind routers", { timeout: 180_000 }, () => {
  const internet = createTwoHomes();
  const stops: (() => Promise<unknown>)[] = [];
  let relay: RelayNode;
  let turn: TurnServer;
  let alice: PluginProcess;
  let bob: PluginProcess;

  const start = async (label: string, { prefix }: Home, relayAddress: string) => {
    const listen = ["/ip4/0.0.0.0/tcp/0"];
    const one = await startPlugin({
      label,
      wrap: prefix,
      settings: {
        iceServers: [turn.iceServer],
        signalling: { listen, relays: [relayAddress], mdns: false, peers: [] },
      },
    });
    stops.push(() => one.stop());
    return one;
  };

  before(async () => {
    relay = await startRelayNode(await makeRelayIdentity());
    stops.push(() => relay.stop());
    turn = await startTurnServer({ address: internet.publicAddress });
    stops.push(() => turn.close());
    const [, port = "", id = ""] = /\/tcp\/(\d+)\/p2p\/(\w+)$/.exec(relay.address) ?? [];
    const ports = await internet.carry(Number(port));
    const [homeA, homeB] = internet.homes;
    const relayAt = ({ gateway }: Home, at: number) => `/ip4/${gateway}/tcp/${at}/p2p/${id}`;
    alice = await start("Alice", homeA, relayAt(homeA, ports[0]));
    bob = await start("Bob", homeB, relayAt(homeB, ports[1]));
    await bob.next("signalling.changed", ({ addresses }) =>
      addresses.some((one) => one.includes("/p2p-circuit")),
    );
    const address = `${relayAt(homeA, ports[0])}/p2p-circuit/p2p/${bob.peerId}`;
    await alice.host.request("contacts.add", { address });
  });
  after(async () => {
    for (const stop of stops.toReversed()) await stop().catch(() => undefined);
    internet.remove();
  });

  test("call each other both ways, through the circuit relay and the TURN server alone", async () => {
    for (const [caller, callee] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const callId = await connectCall(caller, callee, "audio");
      const { calls } = await callee.host.request("call.list", {});
      const isKnown = (path: string | undefined) => path !== undefined && path !== "unknown";
      const call =
        calls.find(({ protection }) => isKnown(protection?.path)) ??
        (await callee.next("call.changed", ({ protection }) => isKnown(protection?.path)));
      assert.deepEqual([call.callId, call.protection?.path], [callId, "relayed"]);
      const ended = callee.next("call.ended", (end) => end.callId === callId);
      await hangUpAll(caller);
      assert.equal((await ended).reason, "hungUp");
    }
  });

  test("ring, and are told that a TURN server would help, when none is set", async () => {
    for (const side of [alice, bob]) {
      await side.host.request("settings.update", {
        settings: { iceServers: [], timeouts: { connectMs: 5_000 } },
      });
    }
    const ended = [alice, bob].map((side) => side.next("call.ended", ({ reason }) => reason !== "hungUp"));
    const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "audio" });
    await bob.next("call.incoming", (call) => call.callId === callId);
    await bob.host.request("call.accept", { callId });
    for (const { reason, detail } of await Promise.all(ended)) {
      assert.equal(reason, "connectTimeout");
      assert.match(detail ?? "", /^no direct path .* a TURN server in the setting iceServers would help$/);
    }
  });
});
