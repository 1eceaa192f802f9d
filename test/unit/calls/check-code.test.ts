// The check code of a call: what both sides show, when it changes, and what somebody in between can do.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CheckExchange } from "../../../plugin/calls/check-code/check-exchange.ts";
import { COMMITMENT, fingerprintOf, NONCE } from "../../../plugin/calls/check-code/check-lines.ts";
import { checkCode, commitmentTo } from "../../../plugin/calls/check-code/derivation.ts";
import { CHECK_WORDS } from "../../../plugin/calls/check-code/words.ts";

const CALL = "call-1";
const description = (fingerprint: string, ...lines: string[]) =>
  ["v=0", ...lines, "m=audio 9 UDP/TLS/RTP/SAVPF 111", `a=fingerprint:sha-256 ${fingerprint}`, ""].join(
    "\r\n",
  );
const linesOf = (sdp: string, start: string) =>
  sdp.split("\r\n").filter((line) => line.startsWith(`a=${start}:`));
const withoutLine = (sdp: string, start: string) =>
  sdp
    .split("\r\n")
    .filter((line) => !line.startsWith(`a=${start}:`))
    .join("\r\n");

interface Ends {
  readonly offerer: CheckExchange;
  readonly answerer: CheckExchange;
}

const twoEnds = (): Ends => ({ offerer: new CheckExchange(CALL), answerer: new CheckExchange(CALL) });

/** @returns the nonce that the offerer reveals, which did not arrive yet */
function exchange({ offerer, answerer }: Ends, offererPrint: string, answererPrint: string): string | null {
  const offer = offerer.offer(description(offererPrint));
  return offerer.answered(answerer.answer(offer, description(answererPrint)));
}

function connect(ends: Ends, offererPrint = "AA", answererPrint = "BB"): void {
  const nonce = exchange(ends, offererPrint, answererPrint);
  if (nonce !== null) ends.answerer.reveal(nonce);
}

function codesOf({ offerer, answerer }: Ends) {
  return [offerer.report().code, answerer.report().code];
}

function assertSameCode(ends: Ends): string {
  const [ours, theirs] = codesOf(ends);
  assert.ok(ours);
  assert.equal(ours, theirs);
  return ours;
}

describe("the words", () => {
  test("are 256, and no two are easily confused", () => {
    assert.equal(new Set(CHECK_WORDS).size, 256);
    assert.equal(new Set(CHECK_WORDS.map((word) => word.slice(0, 3))).size, 256);
    for (const [index, word] of CHECK_WORDS.entries()) {
      assert.match(word, /^[a-z]{4,9}$/);
      const near = CHECK_WORDS.slice(index + 1).filter((other) => distance(word, other) < 3);
      assert.deepEqual(near, [], word);
    }
  });
});

describe("the code of two plugins", () => {
  test("is the same four words at both ends, and another one for each call", () => {
    const code = assertSameCode(connected());
    assert.match(code, /^[a-z]+ [a-z]+ [a-z]+ [a-z]+$/);
    assert.notEqual(assertSameCode(connected()), code);
  });

  test("depends on the call, on both fingerprints with their roles, and on both nonces", () => {
    const input = {
      ...{ callId: CALL, offererFingerprint: "sha-256 aa", answererFingerprint: "sha-256 bb" },
      ...{ offererNonce: "11", answererNonce: "22" },
    };
    const changed = Object.keys(input).map((name) => checkCode({ ...input, [name]: "x" }));
    const swapped = { offererFingerprint: "sha-256 bb", answererFingerprint: "sha-256 aa" };
    assert.equal(new Set([checkCode(input), checkCode({ ...input, ...swapped }), ...changed]).size, 7);
    assert.equal(checkCode(input), checkCode({ ...input }));
  });

  test("stands at the answering end only after the other one revealed its nonce", () => {
    const ends = twoEnds();
    const nonce = exchange(ends, "AA", "BB");
    assert.deepEqual(ends.answerer.report(), { state: "waiting", code: null, isChanged: false });
    ends.answerer.reveal(nonce ?? "");
    assertSameCode(ends);
  });

  test("stays through ICE restarts and later offers of either side", () => {
    const ends = connected();
    const code = assertSameCode(ends);
    connect(ends);
    connect({ offerer: ends.answerer, answerer: ends.offerer }, "BB", "AA");
    assert.equal(assertSameCode(ends), code);
    assert.equal(ends.offerer.report().isChanged, false);
  });

  test("is completed by the next exchange if the nonce was lost", () => {
    const ends = twoEnds();
    exchange(ends, "AA", "BB");
    connect(ends);
    assertSameCode(ends);
  });

  test("is completed by the next exchange if the answer was lost", () => {
    const ends = twoEnds();
    ends.answerer.answer(ends.offerer.offer(description("AA")), description("BB"));
    connect(ends);
    assertSameCode(ends);
  });

  test("is another one for a new connection, and both ends know that it changed", () => {
    const ends = connected();
    const code = assertSameCode(ends);
    connect(ends, "CC", "DD");
    assert.notEqual(assertSameCode(ends), code);
    assert.deepEqual([ends.offerer.report().isChanged, ends.answerer.report().isChanged], [true, true]);
  });

  test("is gone as soon as an end has another fingerprint", () => {
    const ends = connected();
    ends.offerer.offer(description("CC"));
    ends.answerer.answer(description("CC"), description("BB"));
    assert.deepEqual(codesOf(ends), [null, null]);
  });
});

describe("a peer of another program", () => {
  test("gets a commitment that it ignores, and there is no code", () => {
    const plugin = new CheckExchange(CALL);
    const offer = plugin.offer(description("AA"));
    assert.equal(linesOf(offer, COMMITMENT).length, 1);
    assert.equal(plugin.answered(description("BB")), null);
    assert.deepEqual(plugin.report(), { state: "unsupported", code: null, isChanged: false });
  });

  test("that offers gets its answer unchanged, and there is no code", () => {
    const plugin = new CheckExchange(CALL);
    assert.equal(plugin.answer(description("AA"), description("BB")), description("BB"));
    assert.equal(plugin.report().state, "unsupported");
  });
});

describe("somebody in between", () => {
  test("with certificates of its own makes the two codes differ", () => {
    const [alice, bob, mallory] = [new CheckExchange(CALL), new CheckExchange(CALL), new CheckExchange(CALL)];
    const toAlice = { offerer: alice, answerer: mallory };
    const toBob = { offerer: new CheckExchange(CALL), answerer: bob };
    connect(toAlice, "AA", "MM");
    connect(toBob, "M2", "BB");
    assert.notEqual(alice.report().code, bob.report().code);
  });

  test("that passes nonces and commitments on, with other fingerprints, gets two codes too", () => {
    const { offerer, answerer } = twoEnds();
    const swapped = (sdp: string, from: string, to: string) =>
      sdp.replace(`sha-256 ${from}`, `sha-256 ${to}`);
    const offer = swapped(offerer.offer(description("AA")), "AA", "M2");
    const answer = swapped(answerer.answer(offer, description("BB")), "BB", "MM");
    answerer.reveal(offerer.answered(answer) ?? "");
    assert.ok(offerer.report().code && answerer.report().code);
    assert.notEqual(offerer.report().code, answerer.report().code);
  });

  test("cannot choose the offerer's nonce after it has seen the answerer's", () => {
    const answerer = new CheckExchange(CALL);
    const offer = description("M2", `a=${COMMITMENT}:${commitmentTo(CALL, "11".repeat(32))}`);
    answerer.answer(offer, description("BB"));
    answerer.reveal("22".repeat(32));
    assert.deepEqual(answerer.report(), { state: "failed", code: null, isChanged: false });
  });

  test("gets no second nonce for the same connection, so another offer is no second guess", () => {
    const answerer = new CheckExchange(CALL);
    const answers = ["11", "22"].map((nonce) =>
      answerer.answer(description("M2", `a=${COMMITMENT}:${commitmentTo(CALL, nonce)}`), description("BB")),
    );
    assert.equal(answers[0], answers[1]);
    answerer.reveal("22");
    assert.equal(answerer.report().code, null);
  });

  test("gets few guesses in one call with fingerprints that it never uses", () => {
    const answerer = new CheckExchange(CALL);
    const isAnswered = Array.from({ length: 200 }, (_, index) => {
      const offer = description(`M${index}`, `a=${COMMITMENT}:${commitmentTo(CALL, String(index))}`);
      return linesOf(answerer.answer(offer, description("BB")), NONCE).length === 1;
    });
    assert.equal(isAnswered.filter(Boolean).length, 32);
    assert.equal(answerer.report().state, "failed");
  });

  test("that removes the lines leaves no code at either end", () => {
    const { offerer, answerer } = twoEnds();
    const offer = withoutLine(offerer.offer(description("AA")), COMMITMENT);
    offerer.answered(answerer.answer(offer, description("BB")));
    assert.deepEqual([offerer.report().state, answerer.report().state], ["unsupported", "unsupported"]);
  });
});

describe("a description", () => {
  test("with several certificates, or without one, gives no code", () => {
    const several = `${description("AA")}a=fingerprint:sha-256 BB\r\n`;
    assert.equal(fingerprintOf(several), null);
    assert.equal(fingerprintOf("v=0\r\n"), null);
    assert.equal(fingerprintOf(`${description("aa")}a=fingerprint:SHA-256 AA\r\n`), "sha-256 aa");
    const { offerer, answerer } = twoEnds();
    answerer.answer(
      offerer.offer(description("AA")).concat("a=fingerprint:sha-256 CC\r\n"),
      description("BB"),
    );
    assert.equal(answerer.report().state, "failed");
  });

  test("with several or malformed values of one line counts as one without", () => {
    for (const lines of [
      [`a=${COMMITMENT}:xyz`],
      [`a=${COMMITMENT}:${"1".repeat(64)}`, `a=${COMMITMENT}:${"2".repeat(64)}`],
    ]) {
      const answerer = new CheckExchange(CALL);
      assert.equal(answerer.answer(description("AA", ...lines), description("BB")), description("BB"));
      assert.equal(answerer.report().state, "unsupported");
    }
  });
});

function connected(): Ends {
  const ends = twoEnds();
  connect(ends);
  return ends;
}

/** Levenshtein's distance. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [place, against] of [...other].entries()) {
      const [above = 0, diagonal = 0, left = 0] = [row[place + 1], row[place], next[place]];
      next.push(Math.min(above + 1, left + 1, diagonal + (letter === against ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
