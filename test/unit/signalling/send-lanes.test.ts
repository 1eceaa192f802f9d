// The order in which signals are sent, and how sends end.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SendLanes } from "../../../plugin/signalling/send-lanes.ts";
import { MAX_CONCURRENT_CANDIDATES, MAX_PENDING_PER_CALL } from "../../../plugin/signalling/timings.ts";
import type { Signal } from "../../../rpc-schema/index.ts";

const offer: Signal = { type: "call-offer", sdp: "v=0" };
const ack: Signal = { type: "call-ack" };
const hangup: Signal = { type: "call-hangup" };
const candidate: Signal = { type: "ice-candidate", candidate: { candidate: "candidate:1" } };

/** Lanes whose deliveries the test settles. */
function lanes() {
  const started: { what: string; done: () => void; fail: (error: Error) => void }[] = [];
  const sends = new SendLanes((peerId, callId, signal, abort) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    abort.addEventListener("abort", () => reject(abort.reason), { once: true });
    started.push({ what: `${peerId} ${callId} ${signal.type}`, done: resolve, fail: reject });
    return promise;
  });
  return { sends, started, what: () => started.map((each) => each.what.replace("p c ", "")) };
}

/** Lets pending promise callbacks run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the order of a call's signals", () => {
  test("the next signal starts after the acknowledgement of the one before", async () => {
    const { sends, started, what } = lanes();
    const sent = [sends.send("p", "c", ack), sends.send("p", "c", offer)];
    await settle();
    assert.deepEqual(what(), ["call-ack"]);
    started[0]?.done();
    await sent[0];
    assert.deepEqual(what(), ["call-ack", "call-offer"]);
    started[1]?.done();
    await sent[1];
    assert.equal(sends.pending, 0);
  });

  test("the next signal also starts after the failure of the one before", async () => {
    const { sends, started, what } = lanes();
    const first = sends.send("p", "c", ack);
    const second = sends.send("p", "c", offer);
    started[0]?.fail(new Error("no answer"));
    await assert.rejects(first, /no answer/);
    assert.deepEqual(what(), ["call-ack", "call-offer"]);
    started[1]?.done();
    await second;
  });

  test("candidates wait for the signals before them, then several run at once", async () => {
    const { sends, started, what } = lanes();
    const sent = [offer, ...Array.from({ length: 6 }, () => candidate)].map((signal) =>
      sends.send("p", "c", signal),
    );
    await settle();
    assert.deepEqual(what(), ["call-offer"]);
    started[0]?.done();
    await sent[0];
    assert.equal(started.length, 1 + MAX_CONCURRENT_CANDIDATES);
    started[2]?.done();
    await sent[2];
    assert.equal(started.length, 2 + MAX_CONCURRENT_CANDIDATES);
    for (let index = 1; index < sent.length; index += 1) {
      started[index]?.done();
      await sent[index];
    }
  });

  test("calls and peers do not wait for each other", async () => {
    const { sends, started, what } = lanes();
    const sent = [sends.send("p", "c", ack), sends.send("p", "d", ack), sends.send("q", "c", ack)];
    await settle();
    assert.deepEqual(what(), ["call-ack", "p d call-ack", "q c call-ack"]);
    for (const each of started) each.done();
    await Promise.all(sent);
  });

  test("a hang-up starts at once and cancels waiting and running signals, but not another hang-up", async () => {
    const { sends, started, what } = lanes();
    const [running, waiting] = [sends.send("p", "c", ack), sends.send("p", "c", offer)];
    const hangups = [sends.send("p", "c", hangup), sends.send("p", "c", hangup)];
    await assert.rejects(running, { code: "aborted", message: /hung up/ });
    await assert.rejects(waiting, { code: "aborted" });
    assert.deepEqual(what(), ["call-ack", "call-hangup", "call-hangup"]);
    for (const each of started) each.done();
    await Promise.all(hangups);
  });
});

describe("how sends end", () => {
  test("closing rejects waiting, running and later sends", async () => {
    const { sends } = lanes();
    const pending = [sends.send("p", "c", ack), sends.send("p", "c", offer), sends.send("p", "c", candidate)];
    sends.close();
    for (const each of pending) await assert.rejects(each, { code: "closed" });
    await assert.rejects(sends.send("p", "c", ack), { code: "closed" });
    assert.equal(sends.pending, 0);
  });

  test("the caller's signal cancels a waiting send without affecting the others", async () => {
    const { sends, started, what } = lanes();
    const controller = new AbortController();
    const first = sends.send("p", "c", ack);
    const given = sends.send("p", "c", offer, controller.signal);
    const last = sends.send("p", "c", ack);
    controller.abort();
    await assert.rejects(given, { code: "aborted" });
    started[0]?.done();
    await first;
    assert.deepEqual(what(), ["call-ack", "call-ack"]);
    started[1]?.done();
    await last;
    await assert.rejects(sends.send("p", "c", ack, controller.signal), { code: "aborted" });
  });

  test("the number of pending signals of a call is limited, and a hang-up is still accepted", async () => {
    const { sends, started, what } = lanes();
    const pending = Array.from({ length: MAX_PENDING_PER_CALL }, () =>
      assert.rejects(sends.send("p", "c", candidate), { code: "aborted" }),
    );
    await assert.rejects(sends.send("p", "c", candidate), {
      code: "unreachable",
      message: /too many signals/,
    });
    const last = sends.send("p", "c", hangup);
    await Promise.all(pending);
    assert.equal(what().at(-1), "call-hangup");
    started.at(-1)?.done();
    await last;
  });
});
