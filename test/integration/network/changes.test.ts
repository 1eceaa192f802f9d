// The network changes during a call: the interface, its address, a VPN, or everything. The call goes on, or ends with its reason on
// both sides. Each test has network namespaces of its own, so the tests run beside each other.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type NetworkedPair,
  type NetworkedPairOptions,
  startNetworkedPair,
} from "../../support/plugin/networked-pair.ts";

async function withPair(
  options: NetworkedPairOptions,
  use: (pair: NetworkedPair) => Promise<void>,
): Promise<void> {
  const pair = await startNetworkedPair(options);
  try {
    await use(pair);
  } finally {
    await pair.stop();
  }
}

const moveToEthernet = ({ network }: NetworkedPair) => {
  network.down("wifi");
  network.up("ethernet");
};

describe("a call while the network changes", { timeout: 240_000, concurrency: true }, () => {
  test("goes on when its callee, who knows no address of the caller's choice, moves from Wi-Fi to Ethernet", () =>
    withPair({ signalling: "node" }, async (pair) => {
      await pair.call("peer");
      moveToEthernet(pair);
      await pair.lost();
      await pair.found();
    }));

  test("goes on over IPv6 alone, with signals of the host, when its caller moves from Wi-Fi to Ethernet", () =>
    withPair({ signalling: "host", version: 6 }, async (pair) => {
      await pair.call("laptop");
      for (const line of candidates(pair)) assert.match(line, / fd77:/);
      moveToEthernet(pair);
      await pair.lost();
      await pair.found();
    }));

  test("goes on when a VPN takes the default route, and when the VPN goes", () =>
    withPair({ signalling: "host" }, async (pair) => {
      await pair.call("laptop");
      pair.network.up("vpn");
      await pair.carried("vpn");
      await pair.found();
      pair.network.down("vpn");
      await pair.carried("wifi");
      await pair.found();
    }));

  test("ends as lost on both sides when the network does not return", () =>
    withPair(
      { signalling: "node", timeouts: { restartMs: 1_500 } },
      async ({ network, laptop, peer, call }) => {
        await call("laptop");
        network.down("wifi");
        for (const one of [laptop, peer]) {
          const { reason, endedBy } = await one.next("call.ended");
          assert.deepEqual({ reason, endedBy }, { reason: "connectionLost", endedBy: "local" });
        }
      },
    ));

  test("ends as hung up at the peer, although the user hung up without a network", () =>
    withPair({ signalling: "node", timeouts: { restartMs: 60_000 } }, async (pair) => {
      const { laptop, peer } = pair;
      const callId = await pair.call("laptop");
      pair.network.down("wifi");
      await laptop.host.request("call.hangup", { callId });
      assert.equal((await laptop.next("call.ended")).reason, "hungUp");
      pair.network.up("ethernet");
      const { reason, endedBy } = await peer.next("call.ended");
      assert.deepEqual({ reason, endedBy }, { reason: "hungUp", endedBy: "remote" });
    }));
});

/** Packets of a protocol neither leave the laptop nor get an answer. */
const cut = ({ network }: NetworkedPair, protocol: "tcp" | "udp", isCut: boolean) =>
  network.onLaptop("rule", isCut ? "add" : "del", "ipproto", protocol, "blackhole");

describe("a call that lost one of its two connections", { timeout: 240_000, concurrency: true }, () => {
  test("goes on without signalling, and the peer learns of the mute when signalling is back", () =>
    withPair({ signalling: "node" }, async (pair) => {
      const { laptop, peer } = pair;
      const callId = await pair.call("laptop");
      cut(pair, "tcp", true);
      await laptop.host.request("call.setMicrophone", { callId, on: false });
      await laptop.logged(/call-media for call \S+ not delivered/);
      await laptop.next("contacts.changed", ({ contacts }) => contacts.every(({ reachable }) => !reachable));
      cut(pair, "tcp", false);
      const { phase } = await peer.next("call.changed", ({ remote }) => remote.microphone === "off");
      assert.equal(phase, "connected");
    }));

  test("goes on when media were cut off and signalling was not", () =>
    withPair({ signalling: "node", timeouts: { restartMs: 60_000 } }, async (pair) => {
      await pair.call("peer");
      cut(pair, "udp", true);
      await pair.lost();
      cut(pair, "udp", false);
      await pair.found();
    }));

  test("ends as lost on both sides when media stay cut off", () =>
    withPair({ signalling: "node", timeouts: { restartMs: 1_500 } }, async (pair) => {
      await pair.call("peer");
      cut(pair, "udp", true);
      const ends = await Promise.all([pair.laptop, pair.peer].map((one) => one.next("call.ended")));
      assert.deepEqual(
        ends.map(({ reason }) => reason),
        ["connectionLost", "connectionLost"],
      );
    }));
});

describe("a call with a side that sleeps", { timeout: 240_000, concurrency: true }, () => {
  test("goes on when the side wakes in time", () =>
    withPair({ signalling: "node", timeouts: { restartMs: 60_000 } }, async (pair) => {
      await pair.call("laptop");
      pair.sleep("laptop", true);
      await pair.peer.next("call.changed", ({ phase }) => phase === "reconnecting");
      pair.sleep("laptop", false);
      await pair.found();
    }));

  test("ends as lost on both sides when the side sleeps too long", () =>
    withPair({ signalling: "node", timeouts: { restartMs: 1_500 } }, async (pair) => {
      await pair.call("laptop");
      pair.sleep("laptop", true);
      assert.equal((await pair.peer.next("call.ended")).reason, "connectionLost");
      pair.sleep("laptop", false);
      assert.equal((await pair.laptop.next("call.ended")).reason, "connectionLost");
    }));
});

describe("candidates of a laptop with twenty bridges", { timeout: 120_000 }, () => {
  test("name the address with the default route, and few bridges", () =>
    withPair(
      {
        signalling: "host",
        prepare({ onLaptop }) {
          for (let n = 0; n < 20; n += 1) {
            onLaptop("link", "add", `br-${n}`, "type", "bridge");
            // Without a port that is up, a bridge is down.
            onLaptop("link", "add", `port-${n}`, "type", "veth", "peer", "name", `container-${n}`);
            onLaptop("link", "set", `container-${n}`, "up");
            onLaptop("link", "set", `port-${n}`, "master", `br-${n}`, "up");
            onLaptop("address", "add", `172.17.${n}.1/24`, "dev", `br-${n}`);
            onLaptop("link", "set", `br-${n}`, "up");
          }
        },
      },
      async (pair) => {
        await pair.call("laptop");
        const addresses = new Set(candidates(pair).map((line) => line.split(" ")[4] ?? ""));
        assert.ok(addresses.has(pair.network.addressOf("wifi")));
        assert.equal([...addresses].filter((address) => address.startsWith("172.17.")).length, 2);
      },
    ));
});

/** Of both sides, in descriptions and by themselves. */
function candidates({ signals }: NetworkedPair): string[] {
  return signals.flatMap(({ payload }) => {
    if (payload.type === "ice-candidate")
      return payload.candidate.candidate === "" ? [] : [payload.candidate.candidate];
    if (payload.type !== "call-offer" && payload.type !== "call-answer") return [];
    return payload.sdp.match(/candidate:.*/g) ?? [];
  });
}
