// Which addresses a peer may make the engine send to.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Interfaces, OwnNetworks } from "../../../plugin/common/ip-address.ts";
import { type PeerPlace, placeOf } from "../../../plugin/common/peer-place.ts";
import { whyRefused, withCandidatesThat } from "../../../plugin/peer/remote-candidates.ts";

const v4 = (cidr: string) => ({
  ...{ address: cidr.split("/")[0] ?? "", cidr, family: "IPv4" as const },
  ...{ netmask: "", mac: "", internal: cidr.startsWith("127.") },
});
const v6 = (cidr: string) => ({
  ...{ address: cidr.split("/")[0] ?? "", cidr, family: "IPv6" as const },
  ...{ netmask: "", mac: "", internal: cidr === "::1/128", scopeid: 0 },
});
const LOOPBACK = { lo: [v4("127.0.0.1/8"), v6("::1/128")] };
const CABLE: Interfaces = { ...LOOPBACK, eth0: [v4("169.254.7.1/16"), v6("fe80::1/64")] };
const HOME: Interfaces = {
  ...LOOPBACK,
  eth0: [v4("192.168.7.10/24"), v6("fe80::1/64"), v6("2001:db8::1/64")],
};
const own = new OwnNetworks(HOME);

const candidate = (address: string, port: number | string = 50_000, transport = "udp") =>
  `candidate:1 1 ${transport} 2122260223 ${address} ${port} typ host generation 0`;
const reason = (line: string, place: PeerPlace = "network") => whyRefused(line, { place, own });

/** The places of which a peer may name the address. */
const placesOf = (address: string) =>
  (["machine", "link", "network", "unknown"] as const).filter(
    (place) => reason(candidate(address), place) === null,
  );

describe("a candidate may name", () => {
  test("addresses of any network, and names of multicast DNS, wherever the peer is", () => {
    const all = ["machine", "link", "network", "unknown"];
    for (const address of ["203.0.113.9", "192.168.7.20", "10.0.0.1", "2001:db8::2", "0c1a2b3c-4d.local"])
      assert.deepEqual(placesOf(address), all, address);
  });

  test("loopback addresses if the peer is on this machine", () => {
    for (const address of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"])
      assert.deepEqual(placesOf(address), ["machine"], address);
  });

  test("link-local addresses if the peer is on the same link", () => {
    for (const address of ["169.254.1.2", "fe80::2", "::ffff:169.254.1.2"])
      assert.deepEqual(placesOf(address), ["machine", "link"], address);
  });

  test("addresses of this machine if the peer may be on it", () => {
    for (const address of ["192.168.7.10", "2001:db8::1", "2001:DB8:0::1", "::ffff:192.168.7.10"])
      assert.deepEqual(placesOf(address), ["machine", "unknown"], address);
  });

  test("no address that is none, or that is many", () => {
    const never = ["0.0.0.0", "0.1.2.3", "::", "224.0.0.251", "ff02::fb", "255.255.255.255", "240.0.0.1"];
    const none = ["", "localhost", "example.com", "127.1", "2130706433", "0x7f.1", "fe80::2%eth0", ".local"];
    const names = ["a.b.local", "127.0.0.1.local", `${"x".repeat(64)}.local`, "local"];
    for (const address of [...never, ...none, ...names, "192.168.7.255", "::127.0.0.1"])
      assert.deepEqual(placesOf(address), [], address);
  });

  test("no port of a service, and none that is no port", () => {
    for (const port of [0, 9, 80, 443, 1023, 65_536, "", "5e4", "50000.0", "-1", "050000", "+50000"])
      assert.match(reason(candidate("203.0.113.9", port)) ?? "", /port|malformed/, String(port));
    for (const port of [1024, 3478, 65_535]) assert.equal(reason(candidate("203.0.113.9", port)), null);
  });

  test("no other transport than UDP, because the system would connect to whatever a peer names", () => {
    for (const transport of ["tcp", "TCP", "ssltcp", "tls", ""])
      assert.match(reason(candidate("203.0.113.9", 50_000, transport)) ?? "", /UDP|malformed/);
    assert.equal(reason(candidate("203.0.113.9", 50_000, "UDP")), null);
  });
});

test("only the shape that the engine reads is accepted", () => {
  const good = candidate("203.0.113.9");
  for (const line of [`a=${good}`, `${good}\r\n`, good.replace("host", "relay raddr 10.0.0.1 rport 9")])
    assert.equal(reason(line), null, line);
  const bad = [
    ...["", "candidate:", "not a candidate", "candidate:1 1 udp", good.replace(" typ", "  typ")],
    ...[good.replace("typ", "type"), good.replace("host", "guest"), `${good}\na=${candidate("127.0.0.1")}`],
    ...[good.replace("candidate:", "candidate "), `m=${good}`, `${good}  x`],
  ];
  for (const line of bad) assert.equal(reason(line), "it is malformed", line);
});

test("a description loses its refused candidates, however their lines end or begin", () => {
  const sdp = [
    "v=0\r\n",
    `a=${candidate("127.0.0.1")}\n`,
    "m=audio 9 X 0\r\n",
    `a=${candidate("127.0.0.2")}\r\n`,
    `a=${candidate("203.0.113.9")}\r\n`,
    "a=candidate 1 1 udp 1 127.0.0.1 50000 typ host\r\n",
    "a=candidate\r\n",
    `a=x\r a=${candidate("127.0.0.3")}\r\n`,
    `a=${candidate("127.0.0.4")}`,
  ];
  const kept = withCandidatesThat((line) => reason(line) === null, sdp.join(""));
  assert.equal(kept, [sdp[0], sdp[2], sdp[4], sdp[7]].join(""));
});

describe("the place of a peer is", () => {
  const at = (addresses: readonly string[] | null, interfaces: Interfaces = HOME) =>
    placeOf(addresses, new OwnNetworks(interfaces));

  test("this machine if its signalling comes from here", () => {
    for (const ip of ["127.0.0.1", "::1", "192.168.7.10", "2001:db8::1"])
      assert.equal(at([ip]), "machine", ip);
    assert.equal(at(["203.0.113.9", "127.0.0.1"]), "machine");
  });

  test("the same link if its signalling comes from there", () => {
    for (const ip of ["192.168.7.77", "fe80::2", "2001:db8::9"]) assert.equal(at([ip]), "link", ip);
  });

  test("the network if its signalling comes from further away, or over a relay", () => {
    for (const ips of [["203.0.113.9"], ["10.0.0.1"], []]) assert.equal(at(ips), "network");
  });

  test("unknown if another program holds its connection", () => assert.equal(at(null), "unknown"));

  test("as near as the widest network of this machine", () => {
    for (const ips of [null, []]) {
      assert.equal(at(ips, LOOPBACK), "machine");
      assert.equal(at(ips, CABLE), "link");
    }
  });
});
