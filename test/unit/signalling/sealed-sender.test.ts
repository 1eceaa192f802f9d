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

interface FakePeer {
  hasOurKey: boolean;
  /** False loses identity messages, which are acknowledged all the same. */
  listens: boolean;
  /** False for a peer whose answer never arrives. */
  answers: boolean;
  /** Runs when an encrypted or plain signal arrives. */
  onSignal: (text: string) => void;
}

function setUp(peer: Partial<FakePeer> = {}, keyCheckMs = 60_000) {
  const fake: FakePeer = {
    hasOurKey: true,
    listens: true,
    answers: true,
    onSignal: () => undefined,
    ...peer,
  };
  const sent: string[] = [];
  const lacking: string[] = [];
  const proofs = new KeyProofs((peerId) => void lacking.push(peerId));
  const sender = new SealedSender({
    proofs,
    canSeal: (peerId) => peerId !== "unknown",
    seal: (_, signal) => `sealed ${signal.type}`,
    deliver: async (_, __, payload) => {
      const text = typeof payload === "string" ? payload : `plain ${JSON.stringify(payload)}`;
      sent.push(text);
      fake.onSignal(text);
    },
    sendIdentity: async (peerId) => {
      proofs.onKeySent(peerId);
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
  return { fake, sent, lacking, proofs, sender, send };
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

  test("is sent once to a peer that still has our key", async () => {
    const { send, sent, proofs } = setUp();
    proofs.record("bob", "proven");
    await send(request);
    assert.deepEqual(sent, ["sealed call-request"]);
  });

  for (const listens of [true, false]) {
    test(`is repeated plainly for a peer that lost our key after its proof (it ${listens ? "" : "no longer "}listens)`, async () => {
      const { send, sent, proofs } = setUp({ hasOurKey: false, listens });
      proofs.record("bob", "proven");
      await send(request);
      assert.deepEqual(sent, ["sealed call-request", plain(request)]);
    });
  }

  test("is repeated when the peer received our key between the request and its answer", async () => {
    const { fake, send, sent, proofs } = setUp({ hasOurKey: false });
    proofs.record("bob", "proven");
    fake.onSignal = () => {
      proofs.onKeySent("bob");
      fake.hasOurKey = true;
    };
    await send(request);
    assert.deepEqual(sent, ["sealed call-request", "sealed call-request"]);
  });

  test("is repeated plainly when the peer restarts while the request is on its way", async () => {
    const { fake, send, sent, proofs } = setUp({ hasOurKey: false });
    proofs.record("bob", "proven");
    fake.onSignal = () => proofs.forget("bob");
    await send(request);
    assert.deepEqual(sent, ["sealed call-request", plain(request)]);
  });

  test("is not repeated when the peer rings, even if our key is sent later", async () => {
    const { fake, send, sent, proofs } = setUp({ answers: false });
    proofs.record("bob", "proven");
    fake.onSignal = () => {
      proofs.record("bob", "proven");
      proofs.onKeySent("bob");
    };
    await send(request);
    assert.deepEqual(sent, ["sealed call-request"]);
  });

  test("is not sent or repeated after a hang-up cancelled it", async () => {
    for (const proof of [undefined, "proven"] as const) {
      const { send, sent, proofs } = setUp({ answers: false });
      if (proof) proofs.record("bob", proof);
      const controller = new AbortController();
      const sending = send(request, controller.signal);
      controller.abort(new Error("hung up"));
      await assert.rejects(sending, { message: "hung up" });
      assert.deepEqual(sent, proof ? ["sealed call-request"] : []);
    }
  });
});

describe("other signals", () => {
  test("are encrypted until the peer shows that it lost our key, and again after its next proof", async () => {
    const { send, sent, proofs } = setUp();
    await send(ringing);
    proofs.record("bob", "lacking");
    await send(ringing);
    proofs.record("bob", "proven");
    await send(ringing);
    assert.deepEqual(sent, ["sealed call-ringing", plain(ringing), "sealed call-ringing"]);
  });

  test("are encrypted again after a new connection, since the peer may have our key by then", async () => {
    const { send, sent, proofs } = setUp();
    proofs.record("bob", "lacking");
    proofs.forget("bob");
    await send(ringing);
    assert.deepEqual(sent, ["sealed call-ringing"]);
  });
});

describe("proofs", () => {
  test("a plain identity is evidence only after a request for it", () => {
    const proofs = new KeyProofs(() => undefined);
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

  test("a peer that is already known to lack our key starts no further introduction", () => {
    let introductions = 0;
    const proofs = new KeyProofs(() => {
      introductions += 1;
    });
    for (let index = 0; index < 3; index += 1) proofs.record("bob", "lacking");
    assert.equal(introductions, 1);
  });
});
