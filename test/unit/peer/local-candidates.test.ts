// Our own candidates: which belong to a description, and how long it waits for them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalCandidates } from "../../../plugin/peer/own-candidates/local-candidates.ts";

const sdpOf = (fragment: string) => `v=0\r\nm=audio 9 X 111\r\na=ice-ufrag:${fragment}\r\n`;
const candidateOf = (usernameFragment: string) => ({ candidate: "candidate:1", usernameFragment });
const { signal: open } = new AbortController();

test("the wait ends as soon as all candidates are gathered", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const own = new LocalCandidates();
  own.describedBy(sdpOf("one"));
  const gathered = own.gathered(300, open);
  own.add(candidateOf("one"));
  own.complete();
  await gathered;
  assert.equal(own.found().length, 1);
});

test("the end of gathering counts only after a candidate, because the engine may report it first", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const own = new LocalCandidates();
  own.describedBy(sdpOf("one"));
  own.complete();
  const gathered = own.gathered(300, open);
  own.add(candidateOf("one"));
  own.add(candidateOf("one"));
  await gathered;
  assert.equal(own.found().length, 2);
});

test("the wait ends at its limit, at once with a limit of 0, and when the connection closes", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const own = new LocalCandidates();
  own.describedBy(sdpOf("one"));
  await own.gathered(0, open);
  const late = own.gathered(300, open);
  t.mock.timers.tick(300);
  await late;
  const closing = new AbortController();
  const cut = own.gathered(300, closing.signal);
  closing.abort();
  await cut;
  await own.gathered(300, closing.signal);
});

test("a description of an ICE restart waits for its own candidates, and contains no others", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const own = new LocalCandidates();
  own.describedBy(sdpOf("one"));
  own.add(candidateOf("one"));
  own.complete();
  own.describedBy(sdpOf("two"));
  own.add(candidateOf("one"));
  assert.deepEqual(own.found(), []);
  const gathered = own.gathered(300, open);
  own.add(candidateOf("two"));
  t.mock.timers.tick(300);
  await gathered;
  assert.deepEqual(own.found(), [candidateOf("two")]);
});

test("a second description without a restart contains the gathered candidates, without a wait", async () => {
  const own = new LocalCandidates();
  own.describedBy(sdpOf("one"));
  own.add(candidateOf("one"));
  own.complete();
  own.describedBy(sdpOf("one"));
  await own.gathered(300_000, open);
  assert.deepEqual(own.found(), [candidateOf("one")]);
});
