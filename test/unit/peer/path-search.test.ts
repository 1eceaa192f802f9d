// What a call without a path says about its search, and when.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { PathSearch } from "../../../plugin/peer/path/path-search.ts";
import { describeTrouble, type PathFacts } from "../../../plugin/peer/path/path-trouble.ts";
import { withoutTunnels } from "../../../plugin/peer/path/tls-tunnels.ts";

const TURN = "turn:turn.example";
const USER = { username: "alice", credential: "secret" };
const lineOf = (type: string) => `candidate:1 1 udp 1 192.0.2.1 50000 typ ${type} ufrag ours`;
const candidateOf = (type: string, ufrag: string) => ({
  candidate: `candidate:1 1 udp 1 192.0.2.1 50000 typ ${type} ufrag ${ufrag}`,
});
const descriptionOf = (ufrag: string) => `v=0\r\na=ice-ufrag:${ufrag}\r\n`;

function startSearch(relayOnly = false, urls = [TURN, "stun:stun.example"]) {
  const told: (string | null)[] = [];
  let hopeless = 0;
  const search = new PathSearch({
    iceServers: [{ urls, ...USER }],
    relayOnly,
    tunnels: withoutTunnels([]),
    onTrouble: (detail) => told.push(detail),
    onHopeless: () => {
      hopeless += 1;
    },
  });
  search.begin();
  return { search, told, hopeless: () => hopeless };
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

describe("a search for a path", () => {
  test("says nothing when a path stands within two seconds, and why not after them", () => {
    const quick = startSearch();
    quick.search.stateChanged("connected");
    mock.timers.tick(60_000);
    assert.deepEqual(quick.told, []);
    const slow = startSearch();
    slow.search.addOwn(lineOf("host"));
    slow.search.addRemote(candidateOf("host", "theirs"));
    slow.search.describedBy(descriptionOf("theirs"));
    mock.timers.tick(2_000);
    const network = "no direct path between the two networks";
    assert.deepEqual(slow.told, [`${network}, and ${TURN} has not answered`]);
    const error = { url: `${TURN}:3478?transport=udp`, errorCode: 401, errorText: "Unauthorized" };
    const ofIpv6 = {
      url: "stun:turn.example:3478",
      errorCode: 701,
      errorText: "STUN server address is incompatible.",
    };
    slow.search.addError(ofIpv6);
    assert.equal(slow.told.length, 1);
    slow.search.addError(error);
    slow.search.addError(error);
    slow.search.addError({ ...error, errorCode: 701, errorText: "" });
    slow.search.stateChanged("failed");
    slow.search.stateChanged("connected");
    assert.deepEqual(slow.told.slice(1), [
      `${network}, and ${TURN} refused username or credential (401 Unauthorized)`,
      null,
    ]);
  });

  test("begins again with a lost path and with an ICE restart, and stops for good when it is closed", () => {
    const { search, told } = startSearch();
    search.addOwn(lineOf("relay"));
    search.stateChanged("connected");
    search.stateChanged("disconnected");
    mock.timers.tick(2_000);
    assert.deepEqual(told, ["the other side named no network address"]);
    search.addRemote(candidateOf("relay", "second"));
    search.begin();
    search.describedBy(descriptionOf("second"));
    mock.timers.tick(2_000);
    assert.deepEqual(told.slice(1), [
      "no packet came through between the two, not even through a TURN server",
    ]);
    search.describedBy(descriptionOf("third"));
    assert.equal(told.at(-1), `no direct path between the two networks, and ${TURN} has not answered`);
    search.close();
    search.stateChanged("connected");
    mock.timers.tick(60_000);
    assert.equal(told.length, 3);
  });

  test("is hopeless when only TURN servers are allowed and none gave an address", () => {
    const { search, told, hopeless } = startSearch(true);
    search.addError({
      url: `${TURN}:3478?transport=udp`,
      errorCode: 701,
      errorText: "STUN host lookup received error.",
    });
    search.gathered();
    assert.deepEqual(told, [
      `the setting relayOnly allows TURN servers only, and ${TURN} has a name without an address`,
    ]);
    assert.equal(hopeless(), 1);
    const relayed = startSearch(true);
    relayed.search.addOwn(lineOf("relay"));
    relayed.search.gathered();
    const direct = startSearch(false);
    direct.search.gathered();
    assert.deepEqual([relayed.hopeless(), direct.hopeless()], [0, 0]);
  });

  test("assigns an error to the server of the setting that the engine means", () => {
    const urls = ["turn:[2001:db8::1]", "turn:a:3478?transport=tcp", "turns:a"];
    for (const [url, named] of [
      ["turn:[2001:db8::1]:3478?transport=udp", urls[0]],
      ["stun:[2001:db8::1]:3478", urls[0]],
      ["turn:A:3478?transport=tcp", urls[1]],
      ["turns:a:5349?transport=tcp", urls[2]],
    ] as const) {
      const { search, told } = startSearch(false, urls);
      search.addError({ url, errorCode: 403, errorText: "Forbidden" });
      search.stateChanged("failed");
      assert.ok(told[0]?.includes(`${named} refused (403 Forbidden)`), url);
    }
  });
});

describe("the words for a call without a path", () => {
  const facts: PathFacts = {
    turnUrls: [],
    answers: new Map(),
    isRelayOnly: false,
    hasRelay: false,
    hasOwn: true,
    hasRemote: true,
  };
  const answered = (url: string, code: number, text = "") =>
    describeTrouble({ ...facts, turnUrls: [url], answers: new Map([[url, { code, text }]]) });

  test("recommend a TURN server when none is set", () => {
    const help =
      "no direct path between the two networks; a TURN server in the setting iceServers would help";
    assert.equal(describeTrouble(facts), help);
  });

  test("tell a refused user, another refusal, a server that is not there, and TLS apart", () => {
    for (const [url, code, text, expected] of [
      ["turn:a", 401, "Unauthorized", "turn:a refused username or credential (401 Unauthorized)"],
      ["turn:a", 486, "Allocation Quota Reached", "turn:a refused (486 Allocation Quota Reached)"],
      ["turn:a", 701, "TURN host lookup received error.", "turn:a has a name without an address"],
      ["turn:a", 701, "TURN allocate request timed out.", "turn:a did not answer"],
      ["turn:a?transport=tcp", 701, "", "turn:a?transport=tcp could not be reached"],
      ["turns:a", 701, "certificate has expired", "turns:a could not be reached (certificate has expired)"],
    ] as const) {
      assert.equal(answered(url, code, text), `no direct path between the two networks, and ${expected}`);
    }
  });

  test("name at most three servers", () => {
    const turnUrls = ["turn:a", "turn:b", "turn:c", "turn:d"];
    assert.doesNotMatch(describeTrouble({ ...facts, turnUrls }), /turn:d/);
  });
});
