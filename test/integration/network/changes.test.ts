// The network changes during a call: the interface, its address, a VPN, or everything. The call goes on, or ends with its reason on
// both sides. Each test has network namespaces of its own, so several run beside each other.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type NetworkedPair,
  type NetworkedPairOptions,
  startNetworkedPair,
} from "../../support/plugin/networked-pair.ts";

/** A machine that does much else needs minutes, because each call has two plugins. */
const LIMIT_MS = 500_000;
/** Two cores run as many calls without one slowing the others down. */
const PAIRS_AT_ONCE = 3;
/** The calls that must go on are not given up before. */
const PATIENT = { restartMs: 60_000 };
const IMPATIENT = { restartMs: 1_500 };

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

/** Packets of a protocol neither leave the laptop nor get an answer. */
const cut = ({ network }: NetworkedPair, protocol: "tcp" | "udp", isCut: boolean) =>
  network.onLaptop("rule", isCut ? "add" : "del", "ipproto", protocol, "blackhole");

describe("a call while the network changes", { timeout: LIMIT_MS, concurrency: PAIRS_AT_ONCE }, () => {
  test("goes on over IPv6 alone, with signals of the host, when its caller moves from Wi-Fi to Ethernet", () =>
    withPair({ signalling: "host", version: 6, timeouts: PATIENT }, async (pair) => {
      await pair.call("laptop");
      for (const line of candidates(pair)) assert.match(line, / fd77:/);
      moveToEthernet(pair);
      await pair.lost();
      await pair.found();
    }));

  test("goes on when a VPN takes the default route, and when the VPN goes", () =>
    withPair({ signalling: "host", timeouts: PATIENT }, async (pair) => {
      await pair.call("laptop");
      pair.network.up("vpn");
      await pair.carried("vpn");
      await pair.found();
      pair.network.down("vpn");
      await pair.carried("wifi");
      await pair.found();
    }));

  test("begins on a laptop with twenty bridges with candidates of the default route and of few bridges", () =>
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

  describe("over the plugin's own node", { concurrency: 1 }, () => {
    let pair: NetworkedPair;
    let callId: string;
    before(async () => {
      pair = await startNetworkedPair({ signalling: "node", timeouts: PATIENT });
      callId = await pair.call("peer");
    });
    after(() => pair?.stop());

    test("goes on when media are cut off and signalling is not", async () => {
      cut(pair, "udp", true);
      await pair.lost();
      cut(pair, "udp", false);
      await pair.found();
    });

    test("goes on when a side that sleeps wakes in time", async () => {
      pair.sleep("laptop", true);
      await pair.peer.next("call.changed", ({ phase }) => phase === "reconnecting");
      pair.sleep("laptop", false);
      await pair.found();
    });

    test("goes on without signalling, and the peer learns of the mute when signalling is back", async () => {
      const { laptop, peer } = pair;
      const isReachable = (is: boolean) =>
        laptop.next("contacts.changed", ({ contacts }) =>
          contacts.every(({ reachable }) => reachable === is),
        );
      cut(pair, "tcp", true);
      await laptop.host.request("call.setMicrophone", { callId, on: false });
      await laptop.logged(/call-media for call \S+ not delivered/);
      await isReachable(false);
      cut(pair, "tcp", false);
      const { phase } = await peer.next("call.changed", ({ remote }) => remote.microphone === "off");
      assert.equal(phase, "connected");
      await isReachable(true);
      await laptop.host.request("call.setMicrophone", { callId, on: true });
      await pair.found();
    });

    test("goes on when its callee moves from Wi-Fi to Ethernet", async () => {
      moveToEthernet(pair);
      await pair.lost();
      await pair.found();
    });

    test("ends as hung up at the peer, although the user hung up without a network", async () => {
      const { network, laptop, peer } = pair;
      network.down("ethernet");
      await laptop.host.request("call.hangup", { callId });
      assert.equal((await laptop.next("call.ended")).reason, "hungUp");
      network.up("wifi");
      const { reason, endedBy } = await peer.next("call.ended");
      assert.deepEqual({ reason, endedBy }, { reason: "hungUp", endedBy: "remote" });
    });
  });

  describe("for longer than the call waits", { concurrency: 1 }, () => {
    let pair: NetworkedPair;
    before(async () => {
      pair = await startNetworkedPair({ signalling: "node", timeouts: IMPATIENT });
    });
    after(() => pair?.stop());
    const reasonAt = async (side: "laptop" | "peer") => (await pair[side].next("call.ended")).reason;

    test("ends as lost on both sides when media stay cut off", async () => {
      await pair.call("peer");
      cut(pair, "udp", true);
      assert.deepEqual(
        [await reasonAt("laptop"), await reasonAt("peer")],
        ["connectionLost", "connectionLost"],
      );
      cut(pair, "udp", false);
    });

    test("ends as lost on both sides when a side sleeps", async () => {
      await pair.call("laptop");
      pair.sleep("laptop", true);
      assert.equal(await reasonAt("peer"), "connectionLost");
      pair.sleep("laptop", false);
      assert.equal(await reasonAt("laptop"), "connectionLost");
    });

    test("ends as lost on both sides when the network goes", async () => {
      await pair.call("laptop");
      pair.network.down("wifi");
      assert.deepEqual(
        [await reasonAt("laptop"), await reasonAt("peer")],
        ["connectionLost", "connectionLost"],
      );
    });
  });
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
