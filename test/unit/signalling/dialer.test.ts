// When the dialer dials a peer, and when it stops.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Dialer } from "../../../plugin/signalling/contacts/dialer.ts";
import {
  defaultTimings,
  MAX_CONCURRENT_DIALS,
  MAX_DIALS_OF_STRANGERS,
  MAX_DIALS_WHEN_FOUND,
} from "../../../plugin/signalling/timings.ts";

const timings = { ...defaultTimings, redialMs: 1_000, maxRedialMs: 8_000, dialMs: 100_000 };

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

function dialling(options: { given?: boolean; answer?: "refuse" | "hang" } = {}) {
  const dials: string[] = [];
  const connected = new Set<string>();
  const closing = new AbortController();
  let hanging = 0;
  const dialer = new Dialer({
    connect: (peerId, signal) => {
      dials.push(peerId);
      if (options.answer !== "hang") return Promise.reject(new Error("refused"));
      hanging += 1;
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          hanging -= 1;
          reject(signal.reason);
        });
      });
    },
    isConnected: (peerId) => connected.has(peerId),
    isGiven: () => options.given ?? false,
    isKnown: (peerId) => options.given === true || peerId.startsWith("known"),
    closing: closing.signal,
    timings,
    log: () => undefined,
  });
  return { dialer, dials, connected, closing, hanging: () => hanging };
}

/** Advances the clock in steps, so that promises between two timers settle. */
async function pass(timeMs: number): Promise<void> {
  for (let passed = 0; passed < timeMs; passed += 500) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    mock.timers.tick(500);
  }
  await new Promise<void>((resolve) => setImmediate(resolve));
}

test("a given peer is dialled repeatedly, with pauses that increase up to a maximum", async () => {
  const { dialer, dials, closing } = dialling({ given: true });
  dialer.reach("a");
  await pass(500);
  assert.equal(dials.length, 1);
  await pass(1_000);
  assert.equal(dials.length, 2);
  await pass(60_000);
  const soFar = dials.length;
  assert.ok(soFar > 6 && soFar < 16, `${soFar} dials in a minute`);
  await pass(18_000);
  assert.equal(dials.length, soFar + 2);
  closing.abort();
});

test("a discovered peer is dialled a few times, and again when it is discovered again", async () => {
  const { dialer, dials } = dialling();
  dialer.reach("a");
  await pass(200_000);
  assert.equal(dials.length, MAX_DIALS_WHEN_FOUND);
  dialer.reach("a");
  await pass(500);
  assert.equal(dials.length, MAX_DIALS_WHEN_FOUND + 1);
});

test("discovering a peer again shortens a long pause, but not below the minimum", async () => {
  const { dialer, dials, closing } = dialling({ given: true });
  dialer.reach("a");
  await pass(30_000);
  const soFar = dials.length;
  await pass(1_000);
  dialer.reach("a");
  await pass(500);
  assert.ok(dials.length <= soFar + 2);
  const afterCut = dials.length;
  for (let time = 0; time < 900; time += 100) dialer.reach("a");
  await pass(500);
  assert.equal(dials.length, afterCut);
  closing.abort();
});

test("a connected peer is not dialled", async () => {
  const { dialer, dials, connected } = dialling({ given: true });
  connected.add("a");
  dialer.reach("a");
  await pass(5_000);
  assert.deepEqual(dials, []);
});

test("the number of concurrent dials is limited, and each peer is dialled once", async () => {
  const { dialer, dials, closing, hanging } = dialling({ answer: "hang" });
  for (let index = 0; index < 30; index += 1) dialer.reach(`peer ${index}`);
  for (let index = 0; index < 30; index += 1) dialer.reach(`peer ${index}`);
  await pass(1_000);
  assert.equal(hanging(), MAX_DIALS_OF_STRANGERS);
  for (let index = 0; index < 30; index += 1) dialer.reach(`known ${index}`);
  await pass(1_000);
  assert.equal(hanging(), MAX_CONCURRENT_DIALS);
  assert.equal(dials.length, MAX_CONCURRENT_DIALS);
  closing.abort(new Error("closing"));
  await pass(1_000);
  assert.equal(hanging(), 0);
  assert.equal(dials.length, MAX_CONCURRENT_DIALS);
});

test("strangers whose addresses never answer do not delay the dial of a known peer", async () => {
  const { dialer, dials, closing } = dialling({ answer: "hang" });
  for (let index = 0; index < 300; index += 1) dialer.reach(`stranger ${index}`);
  await pass(500);
  dialer.reach("known peer");
  await pass(500);
  assert.equal(dials.at(-1), "known peer");
  closing.abort(new Error("closing"));
  await pass(500);
});

test("dials of strangers that fail at once keep a pace, and a known peer is dialled meanwhile", async () => {
  const { dialer, dials, closing } = dialling();
  for (let index = 0; index < 300; index += 1) dialer.reach(`stranger ${index}`);
  await pass(0);
  assert.equal(dials.length, MAX_DIALS_OF_STRANGERS);
  dialer.reach("known peer");
  await pass(0);
  assert.equal(dials.at(-1), "known peer");
  await pass(500);
  assert.equal(dials.length, 2 * MAX_DIALS_OF_STRANGERS + 1);
  closing.abort(new Error("closing"));
  await pass(500);
});
