// Which signals are encrypted, with a fake Goop² peer that loses our key. It acknowledges everything, and answers a request for
// its identity encrypted if it has our key.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KeyProofs } from "../../../plugin/signalling/encryption/key-proofs.ts";
import { SealedSender } from "../../../plugin/signalling/encryption/sealed-sender.ts";
import type { Signal } from "../../../rpc-schema/index.ts";

const request: Signal = { type: "call-request", mediaType: "video" };
const ringing: Signal = { type: "call-ringing" };
const open = new AbortController().signal;
const MAX_AGE_MS = 30_000;

interface FakePeer {
  hasOurKey: boolean;
  /** False loses identity messages, which are acknowledged all the same. */
  listens: boolean;
  /** False for a peer whose answer never arrives. */
  answers: boolean;
  /** Runs before each attempt to deliver a signal. */
  onAttempt: () => void;
}

function setUp(peer: Partial<FakePeer> = {}, keyCheckMs = 60_000) {
  const fake: FakePeer = {
    hasOurKey: true,
    listens: true,
    answers: true,
    onAttempt: () => undefined,
    ...peer,
  };
  const sent: string[] = [];
  const lacking: string[] = [];
  const clock = { ms: 0 };
  const proofs = new KeyProofs({
    onLacking: (peerId) => void lacking.push(peerId),
    maxAgeMs: MAX_AGE_MS,
    now: () => clock.ms,
  });
  const sender = new SealedSender({
    proofs,
    canSeal: (peerId) => peerId !== "unknown",
    seal: (_, signal) => `sealed ${signal.type}`,
    deliver: async (_, __, payload) => {
      fake.onAttempt();
      const value = payload();
      sent.push(typeof value === "string" ? value : `plain ${JSON.stringify(value)}`);
    },
    sendIdentity: async () => {
      if (fake.listens) fake.hasOurKey = true;
    },
    requestIdentity: async (peerId) => {
      if (!fake.answers) return;
      if (fake.hasOurKey) proofs.record(peerId, "proven");
      else proofs.onPlainIdentity(peerId);
    },
    keyCheckMs,
    log: () => undefined,
  });
  const send = (signal: Signal, abort = open) => sender.send("bob", "c", signal, abort);
  return { fake, sent, lacking, proofs, sender, send, clock };
}

const plain = (signal: Signal) => `plain ${JSON.stringify(signal)}`;

describe("a call request", () => {
  test("is encrypted after the peer proved that it has our key", async () => {
    const { send, sent } = setUp();
    await send(request);
    assert.deepEqual(sent, ["sealed call-request"]);
  });

  test("is encrypted after the peer learned our key again", async () => {
    const { send, sent, lacking } = setUp({ hasOurKey: false });
    await send(request);
    assert.deepEqual([sent, lacking], [["sealed call-request"], []]);
  });

  test("is plain for a peer that loses our identity, and we introduce ourselves again", async () => {
    const { send, sent, lacking } = setUp({ hasOurKey: false, listens: false });
    await send(request);
    assert.deepEqual([sent, lacking], [[plain(request)], ["bob"]]);
  });

  test("is plain for a peer that answers nothing", async () => {
    const { send, sent, proofs } = setUp({ answers: false }, 1);
    await send(request);
    assert.deepEqual([sent, proofs.get("bob")], [[plain(request)], "lacking"]);
  });

  test("is plain without a check for a peer whose key is unknown", async () => {
    const { sender, sent, proofs } = setUp();
    await sender.send("unknown", "c", request, open);
    assert.deepEqual([sent, proofs.get("unknown")], [[plain(request)], undefined]);
  });

  test("is encrypted at once for a peer with a proof, and after a check if the proof is old", async () => {
    const { fake, send, sent, proofs, clock } = setUp({ answers: false }, 1);
    proofs.record("bob", "proven");
    clock.ms = MAX_AGE_MS;
    await send(request);
    clock.ms += 1;
    await send(request);
    fake.answers = true;
    await send(request);
    assert.deepEqual(sent, ["sealed call-request", plain(request), "sealed call-request"]);
  });

  test("is not sent after a hang-up cancelled its check", async () => {
    const { send, sent } = setUp({ answers: false });
    const controller = new AbortController();
    const sending = send(request, controller.signal);
    controller.abort(new Error("hung up"));
    await assert.rejects(sending, { message: "hung up" });
    assert.deepEqual(sent, []);
  });
});

describe("every signal", () => {
  test("is plain in a second attempt if the peer restarted after the first", async () => {
    const { fake, send, sent, proofs } = setUp();
    proofs.record("bob", "proven");
    fake.onAttempt = () => proofs.forget("bob");
    await send(request);
    await send(ringing);
    assert.deepEqual(sent, [plain(request), plain(ringing)]);
  });

  test("is encrypted while the newest evidence proves that the peer has our key", async () => {
    const { send, sent, proofs, clock } = setUp();
    await send(ringing);
    proofs.record("bob", "proven");
    await send(ringing);
    proofs.record("bob", "lacking");
    await send(ringing);
    proofs.record("bob", "proven");
    await send(ringing);
    clock.ms = MAX_AGE_MS + 1;
    await send(ringing);
    const sealed = "sealed call-ringing";
    assert.deepEqual(sent, [plain(ringing), sealed, plain(ringing), sealed, plain(ringing)]);
  });

  test("is plain if it is a hang-up, so that a peer that lost our key unnoticed reads it", async () => {
    const { send, sent, proofs } = setUp();
    proofs.record("bob", "proven");
    await send({ type: "call-hangup" });
    assert.deepEqual(sent, [plain({ type: "call-hangup" })]);
  });
});

describe("proofs", () => {
  const makeProofs = (onLacking: () => void = () => undefined) =>
    new KeyProofs({ onLacking, maxAgeMs: MAX_AGE_MS });

  test("a plain identity is evidence only after a request for it", () => {
    const proofs = makeProofs();
    proofs.onPlainIdentity("bob");
    const wait = proofs.waitFor("bob");
    proofs.onPlainIdentity("bob");
    assert.equal(proofs.get("bob"), undefined);
    wait.isIdentityRequested = true;
    proofs.onPlainIdentity("eve");
    assert.equal(proofs.get("eve"), undefined);
    proofs.onPlainIdentity("bob");
    assert.equal(proofs.get("bob"), "lacking");
    wait.end();
  });

  test("a plain message is evidence, but not from this plugin, whose identity tells which key it has", () => {
    const proofs = makeProofs();
    proofs.onPlainMessage("bob");
    assert.equal(proofs.get("bob"), "lacking");
    proofs.onPluginIdentity("bob", true);
    proofs.onPlainMessage("bob");
    assert.equal(proofs.get("bob"), "proven");
    proofs.onPluginIdentity("bob", false);
    assert.equal(proofs.get("bob"), "lacking");
  });

  test("a peer that is already known to lack our key starts no further introduction", () => {
    let introductions = 0;
    const proofs = makeProofs(() => {
      introductions += 1;
    });
    for (let index = 0; index < 3; index += 1) proofs.record("bob", "lacking");
    assert.equal(introductions, 1);
  });
});
