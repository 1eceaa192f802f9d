// Which of Goop²'s messages pass: each once, in order, and none of a call that is over.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readContacts, readEvent } from "../../../plugin/host/goop-bridge/answers.ts";
import { ReplayedMessages } from "../../../plugin/host/goop-bridge/replayed-messages.ts";
import { messageEvent } from "../../support/fakes/scripted-goop.ts";

const PEER = "12D3KooWPeerNumber1abcde";
const OTHER = "12D3KooWPeerNumber2abcde";

function collect() {
  const passed: string[] = [];
  const messages = new ReplayedMessages(({ peerId, topic, payload }) =>
    passed.push(`${peerId === PEER ? "" : "other "}${topic.slice(5)} ${payload.type}`),
  );
  let lastId = 0;
  const take = (callId: string, type: string, { id = `m${++lastId}`, from = PEER } = {}) =>
    messages.receive({ id, peerId: from, topic: `call:${callId}`, payload: { type } });
  return { messages, passed, take };
}

describe("messages outside a replay", () => {
  test("pass at once, in order", () => {
    const { take, passed } = collect();
    for (const type of ["call-request", "ice-candidate", "call-offer", "call-hangup"]) take("c", type);
    assert.deepEqual(passed, ["c call-request", "c ice-candidate", "c call-offer", "c call-hangup"]);
  });

  test("pass once per id, and always without an id", () => {
    const { take, passed } = collect();
    take("c", "call-ack", { id: "same" });
    take("c", "call-ack", { id: "same" });
    take("c", "call-ack", { id: "same", from: OTHER });
    take("c", "call-offer", { id: "" });
    take("c", "call-offer", { id: "" });
    assert.deepEqual(passed, ["c call-ack", "other c call-ack", "c call-offer", "c call-offer"]);
  });

  test("do not ring for a call that either side has hung up, except another peer's call of the same id", () => {
    const { messages, take, passed } = collect();
    take("c", "call-request");
    take("c", "call-hangup");
    take("c", "call-request");
    take("c", "call-request", { from: OTHER });
    messages.noteHangup({ peerId: PEER, topic: "call:d", payload: { type: "call-hangup" } });
    take("d", "call-request");
    assert.deepEqual(passed, ["c call-request", "c call-hangup", "other c call-request"]);
  });
});

describe("messages in a replay", () => {
  test("are held for a call that begins in it, and dropped with its hang-up", () => {
    const { messages, take, passed } = collect();
    messages.beginReplay();
    take("stale", "call-request");
    take("waiting", "call-request");
    take("stale", "call-request");
    take("stale", "ice-candidate");
    take("waiting", "ice-candidate");
    take("stale", "call-hangup");
    take("stale", "ice-candidate");
    take("stale", "call-request");
    assert.deepEqual(passed, ["stale ice-candidate"], "of a call that is already forgotten");
    passed.length = 0;
    messages.endReplay();
    assert.deepEqual(passed, ["waiting call-request", "waiting ice-candidate"]);
  });

  test("pass at once for calls that began before", () => {
    const { messages, take, passed } = collect();
    take("running", "call-request");
    messages.beginReplay();
    take("new", "call-request");
    take("running", "ice-candidate");
    take("running", "call-hangup");
    assert.deepEqual(passed, ["running call-request", "running ice-candidate", "running call-hangup"]);
    messages.endReplay();
    assert.equal(passed.at(-1), "new call-request");
  });

  test("pass once it is over, and are held again in the next one", () => {
    const { messages, take, passed } = collect();
    for (const callId of ["a", "b"]) {
      messages.beginReplay();
      take(callId, "call-request");
      assert.ok(!passed.includes(`${callId} call-request`));
      messages.endReplay();
      assert.ok(passed.includes(`${callId} call-request`));
    }
    take("c", "call-request");
    assert.equal(passed.at(-1), "c call-request");
  });

  test("are bounded, whatever a peer sends", () => {
    const { messages, take, passed } = collect();
    messages.beginReplay();
    for (let nth = 0; nth < 10_000; nth += 1) take(`flood${nth}`, "call-request");
    messages.endReplay();
    assert.ok(passed.length < 5_000, String(passed.length));
  });
});

describe("answers of Goop²", () => {
  const dataOf = (event: string) => (event.split("\ndata: ")[1] ?? "").trim();

  test("are a peer's message only with a sender and a call topic", () => {
    const event = readEvent(dataOf(messageEvent(PEER, "call:c", { type: "call-ack" }, "id-1")));
    assert.deepEqual(event, {
      kind: "message",
      message: { id: "id-1", peerId: PEER, topic: "call:c", payload: { type: "call-ack" } },
    });
    for (const [from, topic] of [
      [undefined, "call:c"],
      ["", "call:c"],
      [PEER, "chat"],
      [PEER, "call:loopback:c"],
      [PEER, "peer:announce"],
      [undefined, "log:call"],
    ] as const) {
      assert.equal(readEvent(dataOf(messageEvent(from, topic, {}))).kind, "other", `${from} ${topic}`);
    }
    for (const topic of ["peer:announce", "peer:gone"]) {
      assert.equal(readEvent(dataOf(messageEvent(undefined, topic, {}))).kind, "peersChanged");
    }
    for (const nonsense of [
      "",
      "{",
      "null",
      "[]",
      '{"type":"delivered","msg_id":"x"}',
      '{"type":"message"}',
    ]) {
      assert.equal(readEvent(nonsense).kind, "other", nonsense);
    }
  });

  test("are contacts where they can be parsed", () => {
    const peer = {
      ID: PEER,
      Content: "Petra",
      VideoDisabled: true,
      Reachable: true,
      Offline: false,
      LastSeen: "x",
    };
    const contact = { peerId: PEER, label: "Petra", addresses: [], reachable: true, videoDisabled: true };
    assert.deepEqual(
      readContacts([
        peer,
        { ...peer, ID: OTHER, Content: "", Offline: true, VideoDisabled: undefined },
        { ...peer, ID: "no id" },
        null,
        7,
      ]),
      [
        contact,
        { ...contact, peerId: OTHER, label: OTHER.slice(-8), reachable: false, videoDisabled: false },
      ],
    );
    assert.deepEqual(readContacts(null), []);
    assert.equal(readContacts({ peers: [] }), undefined);
  });
});
