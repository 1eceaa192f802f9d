// When we introduce ourselves to a peer, and how often.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { IdentityExchange } from "../../../plugin/signalling/contacts/identity-exchange.ts";
import { defaultTimings, MAX_PACED_PEERS } from "../../../plugin/signalling/timings.ts";

const [firstMs = 0, secondMs = 0] = defaultTimings.introduceAgainMs;

/** Promises settle between two ticks of the mocked clock. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp() {
  const sent: string[] = [];
  const settled = new Set<string>();
  const closing = new AbortController();
  const identities = new IdentityExchange({
    deliver: async (peerId, topic) => void sent.push(`${peerId} ${topic}`),
    own: () => ({}),
    isSettled: (peerId) => settled.has(peerId),
    closing: closing.signal,
    timings: defaultTimings,
    log: () => undefined,
  });
  const introductions = () => sent.filter((text) => text.endsWith(" identity.response")).length;
  const tick = async (ms: number) => {
    mock.timers.tick(ms);
    await settle();
  };
  return { identities, sent, settled, closing, introductions, tick };
}

describe("introductions", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  test("are made when a connection begins, and twice again a while later", async () => {
    const { identities, sent, introductions, tick } = setUp();
    identities.onConnected("bob");
    await settle();
    assert.deepEqual(sent.toSorted(), ["bob identity", "bob identity.response"]);
    await tick(firstMs);
    assert.equal(introductions(), 2);
    await tick(secondMs);
    assert.equal(introductions(), 3);
    await tick(10 * secondMs);
    assert.equal(introductions(), 3);
  });

  test("are not repeated for a peer that has our key or left", async () => {
    const { identities, settled, introductions, tick } = setUp();
    identities.onConnected("bob");
    await settle();
    settled.add("bob");
    await tick(firstMs);
    await tick(secondMs);
    assert.equal(introductions(), 1);
  });

  test("start again with a new connection, and never run twice side by side", async () => {
    const { identities, introductions, tick } = setUp();
    identities.onConnected("bob");
    await settle();
    await tick(firstMs / 2);
    identities.onConnected("bob");
    await settle();
    const before = introductions();
    await tick(firstMs / 2);
    assert.equal(introductions(), before);
    await tick(firstMs / 2);
    assert.equal(introductions(), before + 1);
  });

  test("wait for a limited number of peers, and for none after closing", async () => {
    const { identities, sent, closing, tick } = setUp();
    for (let index = 0; index < 2 * MAX_PACED_PEERS; index += 1) {
      identities.onConnected(`peer${index}`);
      await settle();
    }
    await tick(firstMs);
    assert.ok(sent.length <= 4 * MAX_PACED_PEERS);
    closing.abort(new Error("closed"));
    const before = sent.length;
    await tick(secondMs);
    assert.equal(sent.length, before);
  });
});
