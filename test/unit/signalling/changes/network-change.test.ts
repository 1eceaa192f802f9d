// What signalling notices of a change of the network: of the machine's addresses, and of connections that died with them.

import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { test } from "node:test";
import { AddressMonitor } from "../../../../plugin/signalling/discovery/address-monitor.ts";
import {
  type CheckedConnection,
  endDeadConnections,
} from "../../../../plugin/signalling/libp2p/dead-connections.ts";

const info = (address: string): NetworkInterfaceInfo => ({
  ...{ address, netmask: "255.255.255.0", family: "IPv4", mac: "00:00:00:00:00:00" },
  ...{ internal: false, cidr: `${address}/24` },
});

test("a new address of the machine is reported, also where the node announces none, and the order does not count", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const seen: string[] = [];
  let interfaces: Record<string, NetworkInterfaceInfo[]> = { wlan0: [info("192.0.2.1"), info("192.0.2.2")] };
  let announced: string[] = [];
  const monitor = new AddressMonitor({
    node: { peerId: "me", addresses: () => announced },
    checkMs: 1_000,
    onChange: ({ addresses }) => void seen.push(`announced ${addresses}`),
    onNetworkChange: () => void seen.push("network"),
    interfaces: () => interfaces,
  });
  interfaces = { wlan0: [info("192.0.2.2"), info("192.0.2.1")] };
  t.mock.timers.tick(1_000);
  assert.deepEqual(seen, []);
  interfaces = { eth0: [info("198.51.100.1")] };
  t.mock.timers.tick(2_000);
  assert.deepEqual(seen, ["network"]);
  announced = ["/ip4/198.51.100.1/tcp/1"];
  t.mock.timers.tick(2_000);
  assert.deepEqual(seen, ["network", "announced /ip4/198.51.100.1/tcp/1"]);
  monitor.close();
  interfaces = {};
  t.mock.timers.tick(2_000);
  assert.equal(seen.length, 2);
});

test("only connections that do not answer end", async () => {
  const ended: string[] = [];
  const connection = (name: string, open: (signal: AbortSignal) => Promise<unknown>): CheckedConnection => ({
    remoteAddr: name,
    abort: () => void ended.push(name),
    async newStream(_, { signal }) {
      await open(signal);
      return { abort: () => undefined };
    },
  });
  const unsupported = Object.assign(new Error("no such protocol"), { name: "UnsupportedProtocolError" });
  const silent = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await endDeadConnections(
    [
      connection("answers", async () => undefined),
      connection("does not know the protocol", () => Promise.reject(unsupported)),
      connection("silent", silent),
      connection("reset", () => Promise.reject(new Error("ECONNRESET"))),
    ],
    20,
    () => undefined,
  );
  assert.deepEqual(ended.toSorted(), ["reset", "silent"]);
});
