import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnNetworks } from "../../../plugin/common/ip-address.ts";
import type { PeerPlace } from "../../../plugin/common/peer-place.ts";
import {
  CandidateBuffer,
  type CandidateInit,
  MAX_CANDIDATES,
  MAX_WAITING_CANDIDATES,
} from "../../../plugin/peer/candidate-buffer.ts";

const FIRST_PORT = 50_000;
const DESCRIPTION = "v=0\r\nm=audio 9 X 0\r\na=ice-ufrag:abcd\r\nm=video 9 X 0\r\na=ice-ufrag:efgh\r\n";

let nowMs = 0;
/** As reported; the counts must agree. */
let refused = 0;

function recording(
  apply: (init: CandidateInit) => Promise<void> = async () => undefined,
  lookUp: (name: string) => Promise<readonly string[]> = async () => [],
  place: PeerPlace = "machine",
) {
  const given: CandidateInit[] = [];
  nowMs = 0;
  refused = 0;
  const buffer = new CandidateBuffer({
    apply: (init) => {
      given.push(init);
      return apply(init);
    },
    view: () => ({ place, own: new OwnNetworks({}) }),
    onRefused: () => {
      refused += 1;
    },
    lookUp,
    nowMs: () => nowMs,
  });
  return { buffer, given };
}

function numbered(port: number) {
  return {
    candidate: `candidate:1 1 udp 1 127.0.0.1 ${FIRST_PORT + port} typ host`,
    sdpMid: "0",
    sdpMLineIndex: 0,
  };
}

test("candidates wait for a description and are then applied in order", () => {
  const { buffer, given } = recording();
  buffer.add(numbered(1));
  buffer.add(numbered(2));
  assert.equal(given.length, 0);
  assert.equal(buffer.counts().waiting, 2);
  buffer.describedBy(DESCRIPTION);
  buffer.add(numbered(3));
  assert.deepEqual(
    given.map(({ candidate }) => candidate.split(" ")[5]),
    ["50001", "50002", "50003"],
  );
  assert.equal(buffer.counts().waiting, 0);
});

test("the full buffer drops its oldest candidate and counts it", () => {
  const { buffer, given } = recording();
  for (let port = 1; port <= MAX_WAITING_CANDIDATES + 3; port++) buffer.add(numbered(port));
  assert.equal(buffer.counts().waiting, MAX_WAITING_CANDIDATES);
  assert.equal(buffer.counts().overflowed, 3);
  buffer.describedBy(DESCRIPTION);
  assert.match(given[0]?.candidate ?? "", / 50004 typ host$/);
});

test("a candidate of a restart waits for the description with its username fragment", () => {
  const { buffer, given } = recording();
  buffer.describedBy(DESCRIPTION);
  buffer.add({ ...numbered(1), usernameFragment: "new1" });
  buffer.add({ candidate: `${numbered(2).candidate} ufrag new1 network-id 1`, sdpMid: "0" });
  buffer.add({ ...numbered(3), usernameFragment: "efgh" });
  assert.equal(given.length, 1);
  buffer.describedBy(DESCRIPTION.replaceAll("abcd", "new1").replaceAll("efgh", "new1"));
  assert.equal(given.length, 3);
});

test("absent, null and empty fields are omitted, and the first m-line is the default", () => {
  const { buffer, given } = recording();
  buffer.describedBy(DESCRIPTION);
  const candidate = "candidate:1 1 udp 1 127.0.0.1 50000 typ host";
  buffer.add({ candidate, sdpMid: "", sdpMLineIndex: 1, usernameFragment: null });
  buffer.add({ candidate, sdpMid: null, sdpMLineIndex: null });
  buffer.add({ candidate, sdpMid: "1" });
  assert.deepEqual(given, [
    { candidate, sdpMLineIndex: 1 },
    { candidate, sdpMLineIndex: 0 },
    { candidate, sdpMid: "1" },
  ]);
});

test("an empty candidate is counted and not applied", () => {
  const { buffer, given } = recording();
  buffer.describedBy(DESCRIPTION);
  buffer.add({ candidate: "", sdpMid: "0" });
  assert.equal(given.length, 0);
  assert.equal(buffer.counts().empty, 1);
});

test("the engine's rejections and exceptions are counted", async () => {
  const rejecting = recording(() => Promise.reject(new Error("no such m-line")));
  const throwing = recording(() => {
    throw new TypeError("cannot parse");
  });
  for (const { buffer } of [rejecting, throwing]) {
    buffer.describedBy(DESCRIPTION);
    buffer.add(numbered(1));
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(rejecting.buffer.counts().refused, 1);
  assert.equal(throwing.buffer.counts().refused, 1);
  assert.equal(rejecting.buffer.counts().applied, 0);
});

const inDescription = (sdp: string) => sdp.split("a=candidate:").length - 1;
const generation = (fragment: string, candidates: number) =>
  `v=0\r\nm=audio 9 X 0\r\na=ice-ufrag:${fragment}\r\n${Array.from(
    { length: candidates },
    (_, port) => `a=${numbered(port).candidate}\r\n`,
  ).join("")}`;

test("the engine gets a limited number of candidates, whether they are sent alone or in a description", () => {
  const { buffer, given } = recording();
  const filtered = buffer.filter(generation("abcd", 40));
  assert.equal(inDescription(filtered), 40);
  buffer.describedBy(filtered);
  for (let port = 0; port < 1000; port++) buffer.add(numbered(port));
  assert.equal(given.length, MAX_CANDIDATES - 40);
  assert.equal(buffer.counts().refused, 1000 - given.length);
  assert.equal(inDescription(buffer.filter(generation("abcd", 5))), 0, "the same transport again");
});

test("an ICE restart brings candidates of its own, but restarts in a row bring no more", () => {
  const { buffer } = recording();
  const kept = ["a", "b", "c", "d", "e"].map((fragment) => {
    const filtered = buffer.filter(generation(fragment, MAX_CANDIDATES));
    buffer.describedBy(filtered);
    return inDescription(filtered);
  });
  assert.deepEqual(kept, [64, 64, 64, 0, 0]);
  nowMs += 10_000;
  assert.equal(inDescription(buffer.filter(generation("f", MAX_CANDIDATES))), 20);
});

test("each candidate that is refused or dropped is reported once", () => {
  const { buffer } = recording();
  for (let port = 1; port <= 2 * MAX_WAITING_CANDIDATES; port++) buffer.add(numbered(port));
  buffer.add({ candidate: "candidate:1 1 udp 1 127.0.0.1 80 typ host", sdpMid: "0" });
  buffer.filter(`v=0\r\na=candidate:1 1 tcp 1 127.0.0.1 5000 typ host\r\n${DESCRIPTION}`);
  buffer.describedBy(DESCRIPTION);
  for (let port = 1; port <= 2 * MAX_CANDIDATES; port++) buffer.add(numbered(port));
  const { refused: counted, overflowed } = buffer.counts();
  assert.deepEqual([refused, overflowed], [counted + overflowed, MAX_WAITING_CANDIDATES]);
  assert.equal(counted, 2 + 2 * MAX_CANDIDATES);
});

const named = (name: string) => ({ candidate: `candidate:1 1 udp 1 ${name} 50000 typ host`, sdpMid: "0" });
/** Lookups of a test answer at once, but not in the same turn. */
const lookedUp = () => new Promise(setImmediate);

test("a name leads the engine only to addresses that the peer could name itself", async () => {
  const addresses: Record<string, string[]> = {
    "honest.local": ["192.0.2.7", "2001:db8::7"],
    "loopback.local": ["127.0.0.1", "::1", "::ffff:127.0.0.1"],
    "mixed.local": ["0.0.0.0", "169.254.1.1", "fe80::1%eth0", "no address", "192.0.2.8"],
    "many.local": Array.from({ length: 50 }, (_, n) => `192.0.2.${n + 1}`),
  };
  const asked: string[] = [];
  const lookUp = async (name: string) => {
    asked.push(name);
    return addresses[name] ?? [];
  };
  const { buffer, given } = recording(undefined, lookUp, "network");
  buffer.describedBy(DESCRIPTION);
  for (const name of [...Object.keys(addresses), "nobody.local", "not-a-label.example"])
    buffer.add(named(name));
  await lookedUp();
  const reached = given.map(({ candidate }) => candidate.split(" ")[4]).sort();
  const ofMany = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  assert.deepEqual(reached, [...ofMany, "192.0.2.7", "192.0.2.8", "2001:db8::7"]);
  assert.ok(!asked.includes("not-a-label.example"));
  const { applied, refused: counted, unknown } = buffer.counts();
  assert.deepEqual([applied, counted, unknown, refused], [3, 2, 1, 2]);
});

test("a name within a description is looked up too, and the engine gets its address for the same section", async () => {
  const { buffer, given } = recording(undefined, async () => ["127.0.0.1"]);
  const sdp = DESCRIPTION.replace("m=video", `a=${named("a.local").candidate}\r\nm=video`);
  const kept = buffer.filter(`${sdp}a=${named("b.local").candidate}\r\n`);
  assert.equal(kept, DESCRIPTION);
  assert.equal(given.length, 0);
  buffer.describedBy(kept);
  await lookedUp();
  assert.deepEqual(given, [
    { candidate: "candidate:1 1 udp 1 127.0.0.1 50000 typ host", sdpMLineIndex: 0 },
    { candidate: "candidate:1 1 udp 1 127.0.0.1 50000 typ host", sdpMLineIndex: 1 },
  ]);
});

test("an answer that comes after the end reaches nobody", async () => {
  const { buffer, given } = recording(undefined, async () => ["127.0.0.1"]);
  buffer.describedBy(DESCRIPTION);
  buffer.add(named("a.local"));
  buffer.close();
  await lookedUp();
  assert.deepEqual([given.length, refused], [0, 0]);
});
