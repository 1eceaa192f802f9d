// Which of our candidates a peer gets, on a made-up machine with many networks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultInterfaces, type UseOfAddress } from "../../../plugin/peer/own-candidates/address-use.ts";
import {
  MAX_ADDRESSES,
  MAX_RELAYED,
  UsefulCandidates,
} from "../../../plugin/peer/own-candidates/useful-candidates.ts";

const LAN = "192.0.2.7";
const useOf: UseOfAddress = (address) =>
  address === LAN
    ? "routed"
    : address.startsWith("172.")
      ? "bridged"
      : address.startsWith("127.")
        ? "loopback"
        : undefined;
const host = (address: string, transport = "udp") =>
  `candidate:1 1 ${transport} 2122260223 ${address} 50000 typ host generation 0 ufrag abcd`;
const reflexive = (base: string) =>
  `candidate:2 1 udp 1686052607 198.51.100.1 50000 typ srflx raddr ${base} rport 50000 generation 0`;
const relayed = (port: number) =>
  `candidate:3 1 udp 41885439 203.0.113.9 ${port} typ relay raddr 198.51.100.1 rport 50000`;
const many = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => make(n));

test("of twenty bridges a peer gets two, and the address with the default route however late it comes", () => {
  const useful = new UsefulCandidates("network", useOf);
  const bridges = many(20, (n) => host(`172.17.${n}.1`));
  assert.equal(bridges.filter((line) => useful.includes(line)).length, MAX_ADDRESSES.bridged);
  assert.ok(useful.includes(host(LAN)));
});

test("of twenty other interfaces a peer gets six", () => {
  const useful = new UsefulCandidates("network", useOf);
  const others = many(20, (n) => host(`10.${n}.0.1`));
  assert.equal(others.filter((line) => useful.includes(line)).length, MAX_ADDRESSES.further);
  assert.ok(useful.includes(host(LAN)));
});

test("all candidates of an address have the same fate", () => {
  const useful = new UsefulCandidates("network", useOf);
  const fates = many(5, (n) => `172.17.${n}.1`).map((address) =>
    [host(address), `a=${host(address, "tcp")}`, reflexive(address), host(address)].map((line) =>
      useful.includes(line),
    ),
  );
  const [yes, no] = [Array(4).fill(true), Array(4).fill(false)];
  assert.deepEqual(fates, [yes, yes, no, no, no]);
});

test("only a peer on this machine gets candidates of loopback", () => {
  const places = ["machine", "link", "network", "unknown"] as const;
  const included = places.filter((place) => new UsefulCandidates(place, useOf).includes(host("127.0.0.1")));
  assert.deepEqual(included, ["machine"]);
});

test("relayed candidates are limited by themselves", () => {
  const useful = new UsefulCandidates("network", useOf);
  const all = many(20, (n) => relayed(50_000 + n));
  assert.equal(all.filter((line) => useful.includes(line)).length, MAX_RELAYED);
  assert.ok(useful.includes(relayed(50_000)));
  assert.ok(useful.includes(host(LAN)));
});

test("an unreadable candidate takes one place at most", () => {
  const useful = new UsefulCandidates("network", useOf);
  for (const line of ["", "candidate:", "x"]) for (let n = 0; n < 9; n += 1) useful.includes(line);
  assert.ok(useful.includes(host("10.0.0.1")));
});

test("the interfaces with a default route come from the kernel's tables", () => {
  const ipv4 = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
    "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0",
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
    "",
  ].join("\n");
  const none = "0".repeat(32);
  const ipv6 = [
    `fe800000000000000000000000000000 40 ${none} 00 ${none} 00000100 00000001 00000000 00000001     eth0`,
    `${none} 00 ${none} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0`,
    `${none} 00 ${none} 00 ${none} ffffffff 00000001 00000000 00200200       lo`,
  ].join("\n");
  assert.deepEqual(defaultInterfaces(ipv4, 4), ["wlan0"]);
  assert.deepEqual(defaultInterfaces(ipv6, 6), ["eth0"]);
  assert.deepEqual([defaultInterfaces("", 4), defaultInterfaces("", 6)], [[], []]);
});
