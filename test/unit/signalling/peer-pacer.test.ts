// Work for each peer runs at once, and then at most once per pause, however often it is scheduled.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { PeerPacer } from "../../../plugin/signalling/contacts/peer-pacer.ts";
import { MAX_PACED_PEERS } from "../../../plugin/signalling/timings.ts";

const PAUSE_MS = 100;
let done: string[] = [];
let closing = new AbortController();
let logged: string[] = [];

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  done = [];
  logged = [];
  closing = new AbortController();
});
afterEach(() => {
  closing.abort();
  mock.timers.reset();
});

function pacer(work = async (peerId: string) => void done.push(peerId)) {
  return new PeerPacer({
    what: "greeting",
    work,
    pauseMs: PAUSE_MS,
    closing: closing.signal,
    log: (level, message) => void logged.push(`${level} ${message}`),
  });
}

/** Lets pending promise callbacks run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
async function pass(timeMs: number) {
  mock.timers.tick(timeMs);
  await settle();
}

test("a peer is served at once, and many requests during the pause cause one more run", async () => {
  const paced = pacer();
  paced.schedule("bob");
  assert.deepEqual(done, ["bob"]);
  for (let index = 0; index < 1_000; index += 1) paced.schedule("bob");
  await settle();
  await pass(PAUSE_MS - 1);
  assert.equal(done.length, 1);
  await pass(1);
  assert.equal(done.length, 2);
  await pass(PAUSE_MS);
  paced.schedule("bob");
  assert.equal(done.length, 3);
});

test("one peer does not delay another", async () => {
  const paced = pacer(async (peerId) => {
    done.push(peerId);
    if (peerId === "slow") await new Promise(() => undefined);
  });
  paced.schedule("slow");
  paced.schedule("quick");
  paced.schedule("slow");
  assert.deepEqual(done, ["slow", "quick"]);
});

test("a failure is logged, and the work runs again when scheduled", async () => {
  const paced = pacer(async () => Promise.reject(new Error("no stream")));
  paced.schedule("bob");
  paced.schedule("bob");
  await settle();
  await pass(PAUSE_MS);
  assert.deepEqual(logged, Array(2).fill("debug greeting bob failed: no stream"));
});

test("the number of peers that are served at once is limited", async () => {
  const paced = pacer();
  for (let index = 0; index <= MAX_PACED_PEERS; index += 1) paced.schedule(`peer${index}`);
  assert.equal(done.length, MAX_PACED_PEERS);
  await settle();
  await pass(PAUSE_MS);
  paced.schedule("late");
  assert.equal(done.at(-1), "late");
});

test("nothing runs after closing", async () => {
  const paced = pacer();
  paced.schedule("bob");
  paced.schedule("bob");
  closing.abort();
  await settle();
  await pass(10 * PAUSE_MS);
  paced.schedule("eva");
  assert.deepEqual(done, ["bob"]);
});
