// Which call requests are repeated, on fake timers. The fake peer acknowledges what arrives, and sends receipts as Goop²'s page
// does when the test says so.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { SignallingError } from "../../../plugin/signalling/port.ts";
import { RequestRepeats } from "../../../plugin/signalling/request-repeats.ts";
import type { Signal } from "../../../rpc-schema/index.ts";

const timings = { repeatRequestMs: [600, 900], resendRequestMs: 500, peerRestartMs: 4_000 };
const request: Signal = { type: "call-request", mediaType: "video" };
const hangup: Signal = { type: "call-hangup" };

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

/** Lets the promises of what a timer started run. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms);
  await settle();
}

function setUp() {
  const sent: string[] = [];
  const doubted: string[] = [];
  const peer: { failure: Error | undefined; onSend: (abort: AbortSignal | undefined) => Promise<void> } = {
    failure: undefined,
    onSend: async () => undefined,
  };
  const repeats = new RequestRepeats({
    send: async (peerId, callId, signal, abort) => {
      if (peer.failure) throw peer.failure;
      sent.push(`${peerId} ${callId} ${signal.type}`);
      await peer.onSend(abort);
    },
    onRepeat: (peerId) => void doubted.push(peerId),
    timings,
    log: () => undefined,
  });
  const send = (signal: Signal, abort?: AbortSignal) => repeats.send("bob", "c", signal, abort);
  return { repeats, sent, doubted, peer, send };
}

const first = "bob c call-request";

describe("an unanswered request", () => {
  test("is repeated twice after the peer's page took it, and no more", async () => {
    const { repeats, sent, doubted, send } = setUp();
    await send(request);
    await pass(60_000);
    assert.deepEqual(sent, [first]);
    for (let count = 0; count < 5; count += 1) repeats.onReceipt("bob");
    await pass(599);
    assert.deepEqual(sent, [first]);
    await pass(1);
    assert.deepEqual([sent, doubted], [[first, first], ["bob"]]);
    await pass(900);
    repeats.onReceipt("bob");
    await pass(60_000);
    assert.deepEqual(sent, [first, first, first]);
  });

  test("is repeated each time the peer starts, and again after a page took it", async () => {
    const { repeats, sent, send } = setUp();
    await send(request);
    for (let start = 0; start < 2; start += 1) {
      sent.length = 0;
      repeats.onPeerStarted("bob");
      repeats.onPeerStarted("bob");
      await pass(500);
      assert.deepEqual(sent, [first]);
      repeats.onReceipt("bob");
      await pass(600);
      await pass(900);
      await pass(60_000);
      assert.deepEqual(sent, [first, first, first]);
    }
  });

  test("is not repeated for what another peer or another call does", async () => {
    const { repeats, sent, send } = setUp();
    await send(request);
    repeats.onReceipt("eve");
    repeats.onPeerStarted("eve");
    await pass(60_000);
    assert.deepEqual(sent, [first]);
    repeats.onReceipt("bob");
    repeats.onAnswer("bob", "other");
    repeats.onAnswer("eve", "c");
    await pass(600);
    assert.deepEqual(sent, [first, first]);
  });

  test("is repeated although one repeat fails", async () => {
    const { repeats, sent, peer, send } = setUp();
    await send(request);
    repeats.onReceipt("bob");
    peer.failure = new SignallingError("unreachable", "gone");
    await pass(600);
    peer.failure = undefined;
    await pass(900);
    assert.deepEqual(sent, [first, first]);
  });
});

describe("a request is not repeated", () => {
  const ends: [string, (set: ReturnType<typeof setUp>) => unknown][] = [
    ["after the peer answered", ({ repeats }) => repeats.onAnswer("bob", "c")],
    ["after we hung up", ({ send }) => send(hangup)],
    ["after signalling closed", ({ repeats }) => repeats.close()],
  ];
  for (const [when, end] of ends) {
    test(when, async () => {
      const set = setUp();
      await set.send(request);
      set.repeats.onReceipt("bob");
      await end(set);
      set.repeats.onReceipt("bob");
      set.repeats.onPeerStarted("bob");
      await pass(60_000);
      assert.deepEqual(
        set.sent.filter((text) => text === first),
        [first],
      );
      assert.equal(set.repeats.size, 0);
    });
  }

  test("if the answer arrives before the acknowledgement", async () => {
    const { repeats, sent, peer, send } = setUp();
    peer.onSend = async () => repeats.onAnswer("bob", "c");
    await send(request);
    repeats.onReceipt("bob");
    await pass(60_000);
    assert.deepEqual(sent, [first]);
  });

  test("if it was refused or cancelled", async () => {
    const { repeats, peer, send } = setUp();
    peer.failure = new SignallingError("unreachable", "no stream");
    await assert.rejects(send(request), peer.failure);
    assert.equal(repeats.size, 0);
  });

  test("any further when the answer arrives while a repeat is being sent", async () => {
    const { repeats, peer, send } = setUp();
    await send(request);
    repeats.onReceipt("bob");
    let repeatAbort: AbortSignal | undefined;
    peer.onSend = async (abort) => {
      repeatAbort = abort;
    };
    await pass(600);
    assert.equal(repeatAbort?.aborted, false);
    repeats.onAnswer("bob", "c");
    assert.equal(repeatAbort?.aborted, true);
  });
});

describe("a request to a peer that was connected a moment ago", () => {
  const gone = new SignallingError("unreachable", "no stream");

  function setUpGone() {
    const set = setUp();
    set.peer.failure = gone;
    set.repeats.onPeerGone("bob");
    return set;
  }

  test("waits until the peer has started again", async () => {
    const { repeats, sent, peer, send } = setUpGone();
    const sending = send(request);
    await settle();
    peer.failure = undefined;
    repeats.onPeerStarted("bob");
    await settle();
    await pass(500);
    await sending;
    assert.deepEqual(sent, [first]);
  });

  test("fails with the first error if the peer does not return", async () => {
    const { repeats, send } = setUpGone();
    const failed = assert.rejects(send(request), gone);
    await settle();
    await pass(timings.peerRestartMs);
    await failed;
    assert.equal(repeats.size, 0);
  });

  test("ends when the user hangs up, or when signalling closes", async () => {
    const hungUp = setUpGone();
    const aborted = assert.rejects(hungUp.send(request), { code: "aborted" });
    await settle();
    await assert.rejects(hungUp.send(hangup), gone);
    await aborted;
    const closing = setUpGone();
    const closed = assert.rejects(closing.send(request), { code: "closed" });
    await settle();
    closing.repeats.close();
    await closed;
  });

  test("fails at once with any other error", async () => {
    const { peer, send } = setUpGone();
    peer.failure = new SignallingError("closed", "signalling is closed");
    await assert.rejects(send(request), peer.failure);
  });
});

test("the number of unanswered requests is limited", async () => {
  const { repeats } = setUp();
  for (let index = 0; index < 600; index += 1) await repeats.send("bob", `call-${index}`, request);
  assert.equal(repeats.size, 512);
});
