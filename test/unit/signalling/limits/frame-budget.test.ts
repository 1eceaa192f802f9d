// What a connection may cost before a protocol handler knows of it. The frames are those of yamux, in pieces of any size.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Frame, FrameScanner } from "../../../../plugin/signalling/libp2p/frame-scanner.ts";
import { FRAMES, FrameBudget, STARTED_STREAMS } from "../../../../plugin/signalling/limits/frame-budget.ts";
import { MAX_MESSAGE_BYTES } from "../../../../plugin/signalling/timings.ts";
import { dataFrame, FLAG, FRAME, frame } from "../../../support/attack/raw-connection.ts";
import { seededRandom } from "../../../support/process/seeded-random.ts";

describe("the frames of a connection", () => {
  const sent = [
    frame(FRAME.window, FLAG.syn, 1, 0),
    dataFrame(0, 1, Buffer.alloc(5_000, 1)),
    frame(FRAME.ping, FLAG.syn, 0, 0xffff_ffff),
    dataFrame(FLAG.syn | FLAG.fin, 3, Buffer.alloc(0)),
    frame(FRAME.window, FLAG.rst, 1, 7),
    dataFrame(0, 3, Buffer.alloc(1)),
  ];
  const expected: Frame[] = [
    { starts: true, bodyBytes: 0 },
    { starts: false, bodyBytes: 5_000 },
    { starts: false, bodyBytes: 0 },
    { starts: true, bodyBytes: 0 },
    { starts: false, bodyBytes: 0 },
    { starts: false, bodyBytes: 1 },
  ];

  test("are found in pieces of any size", () => {
    const random = seededRandom(3);
    const bytes = Buffer.concat(sent);
    for (let round = 0; round < 200; round += 1) {
      const scanner = new FrameScanner();
      const found: Frame[] = [];
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + random.below(round < 100 ? 30 : 6_000);
        assert.ok(scanner.scan(bytes.subarray(at, end), (one) => found.push(one) > 0));
        at = end;
      }
      assert.deepEqual(found, expected);
    }
  });

  test("end the scan when one is refused", () => {
    let found = 0;
    assert.equal(
      new FrameScanner().scan(Buffer.concat(sent), () => {
        found += 1;
        return found < 3;
      }),
      false,
    );
    assert.equal(found, 3);
  });
});

describe("the budget of frames", () => {
  const classOf = (peerId: string) => (peerId.startsWith("known") ? "known" : "stranger");
  const budgetAt = () => {
    let nowMs = 0;
    return { budget: new FrameBudget(classOf, () => nowMs), pass: (ms: number) => (nowMs += ms) };
  };
  const countOf = (act: () => boolean): number => {
    let count = 0;
    while (act()) count += 1;
    return count;
  };

  test("limits the streams that a peer starts", () => {
    const { budget, pass } = budgetAt();
    assert.equal(
      countOf(() => budget.start("greedy")),
      STARTED_STREAMS.stranger[0],
    );
    assert.equal(
      countOf(() => budget.start("known-friend")),
      STARTED_STREAMS.known[0],
    );
    pass(1_000);
    assert.equal(
      countOf(() => budget.start("greedy")),
      STARTED_STREAMS.stranger[1],
    );
  });

  test("leaves a few streams to a stranger, and all to known peers, whatever a thousand identities start", () => {
    const { budget } = budgetAt();
    for (let index = 0; index < 1_000; index += 1) countOf(() => budget.start(`made-up-${index}`));
    assert.equal(
      countOf(() => budget.start("honest")),
      STARTED_STREAMS.scarce[0],
    );
    assert.equal(
      countOf(() => budget.start("known-friend")),
      STARTED_STREAMS.known[0],
    );
  });

  test("counts a long frame as several, and has room for a message of the largest size", () => {
    const { budget } = budgetAt();
    for (let index = 0; index < 1_000; index += 1) countOf(() => budget.take(`made-up-${index}`, 0));
    assert.ok(budget.take("honest", MAX_MESSAGE_BYTES) && budget.take("honest", 0));
    const messages = countOf(() => budget.take("greedy", MAX_MESSAGE_BYTES));
    assert.equal(messages, Math.ceil(FRAMES.scarce[0] / 257));
    assert.ok(countOf(() => budget.take("known-friend", MAX_MESSAGE_BYTES)) >= 60);
  });
});
