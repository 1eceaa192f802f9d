// The shares of streams, connections and time: strangers can neither use up what is kept for known peers, nor what a modest
// stranger needs.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { JsonObjectDecoder } from "../../../../plugin/signalling/goop-wire/decoders.ts";
import { Exchange } from "../../../../plugin/signalling/goop-wire/exchange.ts";
import { encodeMessage, parseAck } from "../../../../plugin/signalling/goop-wire/goop-mq.ts";
import { MqReceiver } from "../../../../plugin/signalling/goop-wire/mq-receiver.ts";
import { Admission } from "../../../../plugin/signalling/limits/admission.ts";
import { ConnectionBudget, HANDSHAKES } from "../../../../plugin/signalling/limits/connection-budget.ts";
import { GOSSIP, GossipBudget } from "../../../../plugin/signalling/limits/gossip-budget.ts";
import {
  ALL_STRANGERS_OPENINGS,
  KNOWN_OPENINGS,
  OPENINGS,
  SCARCE_OPENINGS,
  STRANGER_OPENINGS,
} from "../../../../plugin/signalling/limits/opening-budget.ts";
import { addressOf } from "../../../../plugin/signalling/limits/peer-class.ts";
import { RateBudget } from "../../../../plugin/signalling/limits/rate-budget.ts";
import {
  defaultTimings,
  MAX_CONNECTIONS_AT_ADDRESS,
  MAX_HANDSHAKES,
  MAX_HANDSHAKES_AT_ADDRESS,
  MAX_INCOMING_STREAMS,
  MAX_STRANGER_CONNECTIONS,
} from "../../../../plugin/signalling/timings.ts";
import { byteStreamPair } from "../../../support/network/byte-stream-pair.ts";

const live = new AbortController().signal;
const isKnown = (peerId: string) => peerId.startsWith("known");
const classOf = (peerId: string) => (isKnown(peerId) ? "known" : "stranger");
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

const opened: { abort(error: Error): void }[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.abort(new Error("the test is over"));
});

/** A receiver behind the limits, and peers that open streams to it. */
function receiving() {
  const admission = new Admission({ isKnown, log: () => undefined });
  const receiver = new MqReceiver({
    onMessage: () => undefined,
    timings: { ...defaultTimings, readMs: 60_000 },
    log: () => undefined,
  });
  const accept = admission.limited((...stream) => receiver.accept(...stream));
  const disconnected: string[] = [];
  const open = (peerId: string, address: string) => {
    const [theirs, ours] = byteStreamPair();
    opened.push(ours);
    accept(ours, { peerId, address, disconnect: () => void disconnected.push(peerId) });
    return { theirs, ours };
  };
  /** A stream with the beginning of a message, that never ends. */
  const holdOpen = async (peerId: string, address: string) => {
    const { theirs, ours } = open(peerId, address);
    await theirs.send(new TextEncoder().encode('{"id":'), live);
    return ours;
  };
  /** @returns whether the request was acknowledged */
  const request = async (peerId: string, address: string) => {
    const exchange = new Exchange(open(peerId, address).theirs, new JsonObjectDecoder(1_000));
    const payload = { type: "call-request" };
    try {
      await exchange.send(encodeMessage({ id: "id", seq: 1, topic: "call:c", payload }), live);
      return parseAck(await exchange.receive(live)) === "id";
    } catch {
      return false; // the stream was reset
    } finally {
      await exchange.finish(1_000);
    }
  };
  return { admission, disconnected, holdOpen, request };
}

/** Sends one request after the other, while the attacker opens further streams between them. */
async function acknowledged(
  requests: number,
  send: () => Promise<boolean>,
  attack: (index: number) => Promise<unknown>,
): Promise<number> {
  let count = 0;
  for (let index = 0; index < requests; index += 1) {
    await attack(index);
    if (await send()) count += 1;
  }
  return count;
}

describe("streams that are held half-open", () => {
  test("by two identities do not keep 39 requests of another from being acknowledged", async () => {
    const { holdOpen, request } = receiving();
    const attack = (index: number) => holdOpen(`greedy-${index % 2}`, "192.0.2.1");
    await Promise.all(times(128, attack));
    assert.equal(await acknowledged(39, () => request("honest", "192.0.2.1"), attack), 39);
  });

  test("by a thousand identities at one address do not keep out a stranger at another", async () => {
    const { holdOpen, request } = receiving();
    await Promise.all(times(1_000, (index) => holdOpen(`made-up-${index}`, "192.0.2.1")));
    const attack = (index: number) => holdOpen(`further-${index}`, "192.0.2.1");
    assert.equal(await acknowledged(SCARCE_OPENINGS[0], () => request("honest", "192.0.2.2"), attack), 16);
  });

  test("by strangers take nothing from known peers", async () => {
    const { holdOpen, request } = receiving();
    const all = times(1_000, (index) => holdOpen(`made-up-${index}`, `192.0.2.${index % 250}`));
    await Promise.all(all);
    const attack = (index: number) => holdOpen(`further-${index}`, `198.51.100.${index}`);
    assert.equal(await acknowledged(200, () => request("known-friend", "203.0.113.1"), attack), 200);
  });

  test("by a known peer do not keep out another one", async () => {
    const { holdOpen, request } = receiving();
    await Promise.all(times(64, () => holdOpen("known-hoarder", "192.0.2.1")));
    const attack = () => holdOpen("known-hoarder", "192.0.2.1");
    assert.equal(await acknowledged(39, () => request("known-friend", "192.0.2.1"), attack), 39);
  });

  test("never exceed the share of their class", async () => {
    const { admission, holdOpen } = receiving();
    let open = 0;
    const streams = await Promise.all(times(200, () => holdOpen("greedy", "192.0.2.1")));
    for (const stream of streams) {
      open += 1;
      void stream.ended.then(() => {
        open -= 1;
      });
    }
    await Promise.all(streams.slice(0, 200 - MAX_INCOMING_STREAMS.stranger).map(({ ended }) => ended));
    assert.equal(open, MAX_INCOMING_STREAMS.stranger);
    assert.equal(admission.refusedStreams, 200 - MAX_INCOMING_STREAMS.stranger);
  });
});

describe("streams that are opened often", () => {
  const openings = () => {
    let nowMs = 0;
    const budget = new RateBudget(classOf, OPENINGS, () => nowMs);
    return { budget, pass: (ms: number) => (nowMs += ms) };
  };
  const count = (budget: RateBudget, peerId: string, tries: number) =>
    times(tries, () => budget.take(peerId)).filter(Boolean).length;

  test("are limited for each peer", () => {
    const { budget, pass } = openings();
    assert.equal(count(budget, "greedy", 10_000), STRANGER_OPENINGS[0]);
    assert.equal(count(budget, "known-friend", 10_000), KNOWN_OPENINGS[0]);
    pass(1_000);
    assert.equal(count(budget, "greedy", 10_000), STRANGER_OPENINGS[1]);
  });

  test("by a thousand strangers leave few to each, all to known peers, and enough to one more stranger", () => {
    const { budget, pass } = openings();
    let taken = 0;
    // 10,000 a second for ten seconds.
    for (let step = 0; step < 1_000; step += 1) {
      pass(10);
      for (let index = 0; index < 100; index += 1) {
        if (budget.take(`made-up-${(step * 100 + index) % 128}`)) taken += 1;
      }
      if (step % 100 === 0) assert.equal(count(budget, "honest", 2), 2, `after ${step * 10} ms`);
      assert.ok(budget.take("known-friend"), `after ${step * 10} ms`);
    }
    const [[burst, perSecond], [ownBurst, ownPerSecond]] = [ALL_STRANGERS_OPENINGS, SCARCE_OPENINGS];
    assert.ok(taken <= burst + perSecond * 10 + 128 * (ownBurst + ownPerSecond * 10) + 1, `${taken} in 10 s`);
  });

  test("disconnect a stranger and keep it out for a while, and a known peer only loses streams", async () => {
    const { admission, disconnected, holdOpen } = receiving();
    // The budget refills while a slow machine opens the streams.
    while (disconnected.length === 0) await holdOpen("greedy", "192.0.2.1");
    assert.equal(admission.connections.admits({ peerId: "greedy", address: "192.0.2.1" }, []), false);
    assert.equal(admission.connections.admits({ peerId: "other", address: "192.0.2.1" }, []), true);
    for (let index = 0; index <= KNOWN_OPENINGS[0]; index += 1) await holdOpen("known-friend", "192.0.2.1");
    assert.deepEqual([...new Set(disconnected)], ["greedy"]);
  });
});

describe("connections", () => {
  const never = () => assert.fail("no connection has to make room");
  const from = (peerId: string, address: string) => ({ peerId, address });

  test("of strangers leave places for known peers", () => {
    const budget = new ConnectionBudget(classOf);
    const others = times(MAX_STRANGER_CONNECTIONS, (index) => from(`made-up-${index}`, `192.0.2.${index}`));
    assert.equal(budget.admits(from("honest", "203.0.113.1"), others.slice(1)), true);
    assert.equal(budget.admits(from("honest", "203.0.113.1"), others), false);
    assert.equal(budget.admits(from("known-friend", "203.0.113.1"), others), true);
    assert.deepEqual(
      [budget.mayDial("found", others), budget.mayDial("known-friend", others)],
      [false, true],
    );
    assert.equal(budget.refused, 1);
  });

  test("from one address leave places for strangers elsewhere", () => {
    const budget = new ConnectionBudget(classOf);
    const others = times(MAX_CONNECTIONS_AT_ADDRESS, (index) => from(`made-up-${index}`, "192.0.2.1"));
    assert.equal(budget.admits(from("another", "192.0.2.1"), others), false);
    assert.equal(budget.admits(from("honest", "203.0.113.1"), others), true);
    assert.equal(budget.admits(from("known-friend", "192.0.2.1"), others), true);
  });

  test("that do not finish their handshake keep out nobody elsewhere", () => {
    const budget = new ConnectionBudget(classOf);
    const ends = times(1_000, () => budget.beginHandshake("192.0.2.1", never)).filter((end) => end !== null);
    assert.equal(ends.length, MAX_HANDSHAKES_AT_ADDRESS);
    assert.notEqual(budget.beginHandshake("203.0.113.1", never), null);
    for (const end of ends) {
      end();
      end();
    }
    assert.notEqual(budget.beginHandshake("192.0.2.1", never), null);
  });

  test("that stay silent make room for an honest one, the oldest at the heaviest address first", () => {
    const budget = new ConnectionBudget(classOf);
    const evicted: string[] = [];
    const begin = (address: string, name: string) =>
      budget.beginHandshake(address, () => void evicted.push(name));
    for (let index = 0; index < 2; index += 1) begin("198.51.100.1", `heavy ${index}`);
    for (let index = 2; index < MAX_HANDSHAKES; index += 1) begin(`192.0.2.${index}`, `silent ${index}`);
    assert.deepEqual(evicted, []);
    assert.notEqual(begin("203.0.113.1", "honest"), null);
    assert.notEqual(begin("203.0.113.2", "another"), null);
    assert.deepEqual(evicted, ["heavy 0", "heavy 1"]);
  });

  test("that come all the time leave a few handshakes to every other address", () => {
    let nowMs = 0;
    const budget = new ConnectionBudget(classOf, () => nowMs);
    const begun = (address: string) => {
      const end = budget.beginHandshake(address, never);
      end?.();
      return end !== null;
    };
    let attackers = 0;
    for (; nowMs < 10_000; nowMs += 10) {
      for (let index = 0; index < 10; index += 1) {
        if (begun(`192.0.2.${(nowMs / 10 + index * 25) % 250}`)) attackers += 1;
      }
      if (nowMs === 5_000) assert.ok(begun("203.0.113.1"), `after ${nowMs} ms`);
    }
    const { allStrangers, scarce } = HANDSHAKES;
    const most = allStrangers[0] + 10 * allStrangers[1] + 250 * (scarce[0] + 10 * scarce[1]);
    assert.ok(attackers <= most, `${attackers} handshakes`);
  });

  test("from one IPv6 network count as one address, and relayed ones count for their relay", () => {
    const addresses = [
      ["/ip4/192.0.2.7/tcp/4001", "192.0.2.7"],
      ["/ip6/2001:db8:1:2:3:4:5:6/tcp/4001", "2001:db8:1:2::"],
      ["/ip6/2001:db8:1:2:ffff::1/tcp/4001", "2001:db8:1:2::"],
      ["/ip6/::1/tcp/4001", "::"],
      ["/ip4/192.0.2.9/tcp/1/p2p/12D3KooWRelay/p2p-circuit", "192.0.2.9"],
    ];
    for (const [multiaddr = "", address] of addresses) assert.equal(addressOf(multiaddr), address);
  });
});

describe("gossip", () => {
  test("of one neighbour is not listened to above its rate, and that of a known peer is", () => {
    let nowMs = 0;
    const budget = new GossipBudget(classOf, () => nowMs);
    const taken = (neighbour: string, count: number) =>
      times(count, () => budget.take(neighbour)).filter(Boolean).length;
    assert.equal(taken("greedy", 10_000), GOSSIP.stranger[0]);
    assert.equal(budget.isUsedUp("greedy"), true);
    assert.equal(budget.isUsedUp("honest"), false);
    const others = times(100, (index) => taken(`made-up-${index}`, 1_000)).reduce(
      (sum, count) => sum + count,
      0,
    );
    assert.equal(others, GOSSIP.allStrangers[0] - GOSSIP.stranger[0] + 99 * GOSSIP.scarce[0]);
    assert.equal(taken("honest", 100), GOSSIP.scarce[0]);
    assert.equal(taken("known-friend", 100), 100);
    nowMs = 1_000;
    assert.equal(taken("greedy", 10_000), Math.min(...GOSSIP.stranger));
    assert.equal(budget.isUsedUp("known-friend"), false);
  });
});
