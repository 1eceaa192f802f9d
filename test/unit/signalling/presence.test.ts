// Presence messages in Goop²'s format, and the limits and expiry of the peers that are online.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { ContactsReporter } from "../../../plugin/rpc/contacts-reporter.ts";
import { Notifier } from "../../../plugin/rpc/notifier.ts";
import { KnownPeers } from "../../../plugin/signalling/contacts/known-peers.ts";
import { Presence } from "../../../plugin/signalling/goop-wire/presence.ts";
import {
  encodePresence,
  isRoutableAddress,
  parsePresence,
} from "../../../plugin/signalling/goop-wire/presence-message.ts";
import { PresentPeers } from "../../../plugin/signalling/goop-wire/present-peers.ts";
import { defaultTimings, MAX_CONTACTS } from "../../../plugin/signalling/timings.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const text = (encoded: Uint8Array) => new TextDecoder().decode(encoded);

describe("presence messages", () => {
  const eva = {
    peerId: "12D3KooWEva",
    label: "Eva",
    videoDisabled: false,
    encryptionSupported: true,
    addresses: ["/ip4/192.0.2.1/tcp/4001"],
    sentAtMs: 1_700_000_000_000,
  };

  test("have Goop²'s format, without empty and false fields", () => {
    assert.equal(
      text(encodePresence({ ...eva, type: "online" })),
      '{"type":"online","peerId":"12D3KooWEva","content":"Eva","addrs":["/ip4/192.0.2.1/tcp/4001"],"encryptionSupported":true,"ts":1700000000000}',
    );
    assert.equal(
      text(encodePresence({ ...eva, type: "update", videoDisabled: true, addresses: [] })),
      '{"type":"update","peerId":"12D3KooWEva","content":"Eva","videoDisabled":true,"encryptionSupported":true,"ts":1700000000000}',
    );
    assert.equal(
      text(encodePresence({ ...eva, type: "offline" })),
      '{"type":"offline","peerId":"12D3KooWEva","ts":1700000000000}',
    );
  });

  test("are parsed as they were written", () => {
    for (const type of ["online", "update"] as const) {
      const presence = { ...eva, type, videoDisabled: true };
      assert.deepEqual(parsePresence(encodePresence(presence)), presence);
    }
  });

  test("an omitted field means empty, false or none", () => {
    assert.deepEqual(parsePresence(bytes({ type: "update", peerId: "x" })), {
      type: "update",
      peerId: "x",
      label: "",
      videoDisabled: false,
      encryptionSupported: false,
      addresses: [],
      sentAtMs: 0,
    });
  });

  test("unknown fields of any form are ignored", () => {
    const host = {
      type: "online",
      peerId: "x",
      email: 3,
      verified: {},
      goopClientVersion: "2.4.1",
      addrs: null,
    };
    assert.equal(parsePresence(bytes(host))?.type, "online");
  });

  test("other types, other forms and messages that are too long are invalid", () => {
    const wrong: unknown[] = [
      { type: "punch", peerId: "x" },
      { type: "online" },
      { type: "online", peerId: "" },
      { type: "online", peerId: "x".repeat(257) },
      { type: "online", peerId: "x", content: 7 },
      { type: "online", peerId: "x", addrs: [7] },
      { type: "online", peerId: "x", email: "x".repeat(20_000) },
      null,
      [],
      "online",
    ];
    for (const one of wrong)
      assert.equal(parsePresence(bytes(one)), undefined, JSON.stringify(one).slice(0, 60));
    assert.equal(parsePresence(Uint8Array.of(0xff, 0x7b)), undefined);
  });

  test("the number and the length of addresses are limited", () => {
    const many = Array.from({ length: 50 }, (_, index) => `/ip4/192.0.2.1/tcp/${index + 1}`);
    const read = parsePresence(bytes({ type: "online", peerId: "x", addrs: ["/".repeat(300), ...many] }));
    assert.deepEqual(read?.addresses, many.slice(0, 20));
  });

  test("names and addresses of one machine or link are not routable", () => {
    const routable = [
      "/ip4/10.0.0.5/tcp/1",
      "/ip6/2001:db8::1/tcp/1",
      "/ip4/127.0.0.1/tcp/1/p2p/x/p2p-circuit",
    ];
    const local = [
      "/dns4/localhost/tcp/1",
      "/dnsaddr/example.org",
      "/ip6/::ffff:127.0.0.1/tcp/1",
      "/ip6/0:0:0:0:0:0:0:1/tcp/1",
      "/ip4/224.0.0.1/tcp/1",
      "/ip4/255.255.255.255/tcp/1",
      "/unix/tmp/socket",
      "/ip4/127.0.0.1/tcp/1",
      "/ip4/127.8.0.1/tcp/1",
      "/ip4/0.0.0.0/tcp/1",
      "/ip4/169.254.3.4/tcp/1",
      "/ip6/::1/tcp/1",
      "/ip6/::/tcp/1",
      "/ip6/fe80::1/tcp/1",
      "/ip6/FE9A:1::2/tcp/1",
    ];
    assert.deepEqual([...routable, ...local].filter(isRoutableAddress), routable);
  });
});

describe("peers that are online", () => {
  let events: string[] = [];
  let contacts = new Set<string>();
  beforeEach(() => {
    events = [];
    contacts = new Set(["eva"]);
  });

  function present(becomesContact = true) {
    const peers = new PresentPeers({
      sweepsOnline: 20,
      sweepsKnown: 30,
      isContact: (peerId) => contacts.has(peerId),
      onSilent: (peerId) => void events.push(`${peerId} silent`),
      onForgotten: (peerId) => void events.push(`${peerId} forgotten`),
    });
    const record = (peerId: string, sentAtMs = 0, isHere = true) => {
      const verdict = peers.record(peerId, sentAtMs, isHere);
      if (verdict === "accepted" && becomesContact) contacts.add(peerId);
      return verdict;
    };
    const sweep = (times: number) => {
      for (let index = 0; index < times; index += 1) peers.sweep();
    };
    return { peers, record, sweep };
  }

  test("a silent peer goes offline, and is forgotten later", () => {
    const { peers, record, sweep } = present();
    record("eva");
    sweep(19);
    assert.deepEqual(events, []);
    record("eva");
    sweep(19);
    assert.deepEqual(events, []);
    sweep(1);
    assert.deepEqual(events, ["eva silent"]);
    sweep(29);
    assert.equal(peers.size, 1);
    sweep(1);
    assert.deepEqual(events, ["eva silent", "eva forgotten"]);
    assert.equal(peers.size, 0);
  });

  test("a peer that announced that it leaves is not reported as silent, and can return", () => {
    const { record, sweep } = present();
    record("eva", 1);
    record("eva", 2, false);
    sweep(25);
    assert.deepEqual(events, []);
    assert.equal(record("eva", 3), "accepted");
    sweep(20);
    assert.deepEqual(events, ["eva silent"]);
  });

  test("a message older than the newest is stale while the peer is online, and accepted after it was offline", () => {
    const { record, sweep } = present();
    assert.equal(record("eva", 100), "accepted");
    assert.equal(record("eva", 99), "stale");
    assert.equal(record("eva", 99, false), "stale");
    assert.equal(record("eva", 100), "accepted");
    assert.equal(record("eva", 0), "accepted");
    sweep(20);
    assert.equal(record("eva", 50), "accepted");
  });

  test("the messages of one peer are rate-limited", () => {
    const { record, sweep } = present();
    const verdicts = Array.from({ length: 100 }, (_, index) => record("eva", index + 1));
    assert.equal(verdicts.filter((verdict) => verdict === "accepted").length, 10);
    sweep(1);
    assert.deepEqual(
      [record("eva", 200), record("eva", 201), record("eva", 202)],
      ["accepted", "accepted", "tooMany"],
    );
  });

  test("forged peers are rate-limited, limited in number, and do not keep contacts out", () => {
    const { peers, record, sweep } = present();
    const admitted = Array.from({ length: 10_000 }, (_, index) => record(`forged-${index}`));
    assert.equal(admitted.filter((verdict) => verdict === "accepted").length, 64);
    assert.equal(record("eva"), "accepted");
    sweep(1);
    assert.equal(record("stranger"), "accepted");
    for (let round = 0; round < 1_000; round += 1) {
      record(`more-${round}-1`);
      record(`more-${round}-2`);
      for (const peerId of contacts) if (contacts.size > MAX_CONTACTS) contacts.delete(peerId);
      sweep(1);
    }
    assert.ok(peers.size <= 2 * MAX_CONTACTS);
  });

  test("a peer that did not become a contact is forgotten", () => {
    const { peers, record, sweep } = present(false);
    record("nobody");
    sweep(1);
    assert.equal(peers.size, 0);
    assert.deepEqual(events, []);
  });
});

test("a peer has started when it says online, or anything after it was offline", () => {
  const starts: boolean[] = [];
  const presence = new Presence({
    publish: async () => true,
    own: () => ({ peerId: "we", label: "We", videoDisabled: false, addresses: [] }),
    isContact: () => true,
    onPresent: (_, hasStarted) => void starts.push(hasStarted),
    onGone: () => undefined,
    onForgotten: () => undefined,
    closing: new AbortController().signal,
    timings: defaultTimings,
    log: () => undefined,
  });
  for (const type of ["update", "update", "online", "update", "offline", "update"]) {
    assert.equal(presence.receive("bob", bytes({ type, peerId: "bob" })), true);
  }
  assert.deepEqual(starts, [true, false, true, false, true]);
});

test("presence of 64 made-up identities reaches the host as a few messages a second", async () => {
  const closing = new AbortController();
  const lines: string[] = [];
  const notifier = new Notifier({ send: (line) => void lines.push(line), log: () => undefined });
  const peers = new KnownPeers(() => reporter.changed());
  const reporter = new ContactsReporter({
    contacts: () => peers.all(),
    isKnown: () => false,
    asksForChanges: () => true,
    notifyLatest: notifier.notifyLatest,
  });
  const presence = new Presence({
    publish: async () => true,
    own: () => ({ peerId: "we", label: "We", videoDisabled: false, addresses: [] }),
    isContact: (peerId) => peers.has(peerId),
    onPresent: ({ peerId, addresses }) => void peers.add({ peerId, addresses }, "found", false),
    onGone: () => undefined,
    onForgotten: () => undefined,
    closing: closing.signal,
    timings: defaultTimings,
    log: () => undefined,
  });
  const startedAt = performance.now();
  for (let message = 0; message < 4_000; message += 1) {
    const peerId = `12D3KooWMadeUp${"ABCDEFGH"[message % 8]}${"ABCDEFGH"[Math.floor(message / 8) % 8]}`;
    const addrs = Array.from(
      { length: 16 },
      (_, index) => `/ip4/192.0.2.1/tcp/${index + 1}/p2p/${"x".repeat(180)}${message}`,
    );
    presence.receive(peerId, bytes({ type: "update", peerId, ts: message + 1, addrs }));
  }
  notifier.flushAll();
  const seconds = (performance.now() - startedAt) / 1_000;
  assert.ok(lines.length >= 1 && lines.length <= 4 + 2 * seconds + 1, `${lines.length} in ${seconds} s`);
  assert.ok(Math.max(...lines.map(({ length }) => length)) < 80_000);
  closing.abort();
});
