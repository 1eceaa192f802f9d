// The order of the written lines, and what happens when they are not read.

import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, mock, test } from "node:test";
import { MAX_LINE_BYTES } from "../../../plugin/rpc/line-reader.ts";
import { createStdioLink, LineTooLongError, LinkLostError } from "../../../plugin/rpc/stdio-link.ts";

/** An output that takes one write at a time, and completes it when the test calls `take`. */
class SlowOutput extends Writable {
  text = "";
  /** The number of system calls that a real output would have made. */
  calls = 0;
  #taken: ((error?: Error | null) => void)[] = [];

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this._writev([{ chunk }], callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.calls += 1;
    this.text += Buffer.concat(chunks.map(({ chunk }) => chunk)).toString();
    this.#taken.push(callback);
  }

  /** Completes the present write. The stream calls back in a later tick, so this waits for it. */
  async take(error?: Error): Promise<void> {
    const callback = this.#taken.shift();
    assert.ok(callback, "something is being written");
    callback(error);
    await new Promise(setImmediate);
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

function setUp(options: { maxQueuedBytes?: number; maxPostedBytes?: number; stallMs?: number } = {}) {
  const output = new SlowOutput();
  const lost: LinkLostError[] = [];
  const link = createStdioLink({ output, onLost: (error) => lost.push(error), ...options });
  return { output, lost, link };
}

const body = (text: string) => Buffer.from(text);

describe("stdio link", () => {
  test("the three parts of a frame become one line, in one system call", async () => {
    const { output, link } = setUp();
    const written = link.writeFrame("head,", body("body,"), "tail");
    assert.equal(output.text, "head,body,tail\n");
    assert.equal(output.calls, 1);
    await output.take();
    await written;
  });

  test("control messages that are sent during the write of a frame go before the next frame", async () => {
    const { output, link } = setUp();
    const frames = [link.writeFrame("f", body("1"), ""), link.writeFrame("f", body("2"), "")];
    link.send("c1");
    link.send("c2");
    await output.take();
    link.send("c3");
    await output.take();
    await output.take();
    assert.deepEqual(output.lines, ["f1", "c1", "c2", "c3", "f2"]);
    await output.take();
    await Promise.all(frames);
  });

  test("a control message waits for one frame at most, however many streams write", async () => {
    const { output, link } = setUp();
    let frameCount = 0;
    const stream = async (name: string) => {
      for (let seq = 0; seq < 20; seq += 1) {
        await link.writeFrame(name, body(String(seq)), "");
        frameCount += 1;
      }
    };
    const streams = [stream("a"), stream("b"), stream("c")];
    for (let step = 0; step < 80 && frameCount < 60; step += 1) {
      const linesBefore = output.lines.length;
      if (step % 4 === 0) link.send(`c${step}`);
      await output.take();
      if (step % 4 === 0) assert.equal(output.lines[linesBefore], `c${step}`, "the next line");
    }
    await Promise.all(streams);
    assert.equal(frameCount, 60);
  });

  test("streams take turns", async () => {
    const { output, link } = setUp();
    const stream = async (name: string) => {
      for (let seq = 0; seq < 3; seq += 1) await link.writeFrame(name, body(String(seq)), "");
    };
    const streams = [stream("a"), stream("b"), stream("c")];
    for (let step = 0; step < 9; step += 1) await output.take();
    await Promise.all(streams);
    assert.equal(output.lines.join(" "), "a0 b0 c0 a1 b1 c1 a2 b2 c2");
  });

  test("a reader that leaves too many answers to its own requests unread loses the link", async () => {
    const { output, lost, link } = setUp({ maxQueuedBytes: 100 });
    const frame = link.writeFrame("f", body("1"), "");
    for (let count = 0; count < 20; count += 1) link.send("0123456789");
    assert.equal(lost.length, 1);
    await assert.rejects(frame, LinkLostError);
    await assert.rejects(link.writeFrame("f", body("2"), ""), LinkLostError);
    assert.equal(output.destroyed, true);
    assert.equal(output.text, "f1\n", "nothing is written after the loss");
  });

  test("lines that the reader did not ask for never end the link, and are left out above a limit", async () => {
    const { output, lost, link } = setUp({ maxPostedBytes: 100 });
    const frame = link.writeFrame("f", body("1"), "");
    const isKept = Array.from({ length: 1_000 }, () => link.post("0123456789"));
    assert.deepEqual(lost, []);
    assert.equal(isKept.filter(Boolean).length, 9, "eleven bytes each");
    link.send("answer");
    await output.take();
    await frame;
    assert.equal(output.lines.at(-1), "answer");
    assert.equal(link.post("again"), true, "the reader has taken the others");
    await output.take();
  });

  test("a line that is made when it is written replaces the earlier one of its key, and keeps the order", async () => {
    const { output, link } = setUp();
    link.send("first");
    let count = 0;
    for (let times = 0; times < 1_000; times += 1) {
      link.sendLatest("state", () => {
        count += 1;
        return `state ${times}`;
      });
      if (times === 500) link.send("between");
    }
    link.sendLatest("nothing left", () => null);
    await output.take();
    assert.deepEqual(output.lines, ["first", "between", "state 999"]);
    assert.equal(count, 1);
    await output.take();
  });

  test("a reader that takes one long line slowly is not hung", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { output, lost, link } = setUp({ stallMs: 10_000 });
      const line = "x".repeat(5.5 * 1024 * 1024);
      link.send(line);
      for (let piece = 0; piece < 6; piece += 1) {
        mock.timers.tick(9_999);
        await output.take();
      }
      assert.deepEqual(lost, []);
      assert.equal(output.text, `${line}\n`);
      link.send("next");
      mock.timers.tick(10_000);
      assert.equal(lost.length, 1);
    } finally {
      mock.timers.reset();
    }
  });

  test("a reader that takes nothing for the stall time loses the link, a slower reader does not", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { output, lost, link } = setUp({ stallMs: 10_000 });
      link.send("c1");
      mock.timers.tick(9_999);
      await output.take();
      link.send("c2");
      mock.timers.tick(9_999);
      assert.equal(lost.length, 0);
      mock.timers.tick(1);
      assert.match(lost[0]?.message ?? "", /took nothing for 10000 ms/);
    } finally {
      mock.timers.reset();
    }
  });

  test("an idle link is never lost", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { output, lost, link } = setUp();
      link.send("c");
      await output.take();
      mock.timers.tick(3_600_000);
      assert.deepEqual(lost, []);
    } finally {
      mock.timers.reset();
    }
  });

  test("a broken pipe loses the link once and rejects the waiting frames", async () => {
    const { output, lost, link } = setUp();
    const frames = [link.writeFrame("f", body("1"), ""), link.writeFrame("f", body("2"), "")];
    const rejected = Promise.allSettled(frames);
    await output.take(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    assert.deepEqual(
      (await rejected).map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal(lost.length, 1);
    assert.match(lost[0]?.message ?? "", /EPIPE/);
    link.send("not written");
  });

  test("lines over the limit are refused, and the next line is written", async () => {
    const { output, link } = setUp();
    assert.throws(() => link.send("x".repeat(MAX_LINE_BYTES + 1)), LineTooLongError);
    await assert.rejects(link.writeFrame("h", Buffer.alloc(MAX_LINE_BYTES), "t"), LineTooLongError);
    link.send("next");
    assert.deepEqual(output.lines, ["next"]);
  });

  test("flush waits until the last byte was taken, or for its time limit", async () => {
    const { output, link } = setUp();
    assert.equal(await link.flush(1000), true, "nothing to wait for");
    link.send("c1");
    assert.equal(await link.flush(1), false, "not taken yet");
    link.send("c2");
    const flushed = link.flush(60_000);
    await output.take();
    await output.take();
    assert.equal(await flushed, true);
  });

  test("close ends the output after the present write, and is not reported as a loss", async () => {
    const { output, lost, link } = setUp();
    link.send("last");
    link.close();
    link.close();
    const finished = new Promise((resolve) => output.once("finish", resolve));
    await output.take();
    await finished;
    assert.deepEqual(output.lines, ["last"]);
    assert.deepEqual(lost, []);
  });
});
