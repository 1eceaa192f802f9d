// Waits end by their result, a timeout or a signal, and leave neither timer nor listener behind.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { pause, withDeadline } from "../../../plugin/common/deadline.ts";

const never = () => new Promise<never>(() => undefined);

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

describe("withDeadline", () => {
  test("resolves with the result, and its signal does not abort later", async () => {
    let given: AbortSignal | undefined;
    const result = withDeadline(100, undefined, "work", async (signal) => {
      given = signal;
      return 7;
    });
    assert.equal(await result, 7);
    mock.timers.tick(1_000);
    assert.equal(given?.aborted, false);
  });

  test("rejects with the error of the work", async () => {
    const failing = withDeadline(100, undefined, "work", () => Promise.reject(new Error("refused")));
    await assert.rejects(failing, /^Error: refused$/);
  });

  test("rejects on timeout and aborts the work's signal, even if the work ignores it", async () => {
    let given: AbortSignal | undefined;
    const late = withDeadline(100, undefined, "the dial", (signal) => {
      given = signal;
      return never();
    });
    mock.timers.tick(99);
    assert.equal(given?.aborted, false);
    mock.timers.tick(1);
    await assert.rejects(late, /^Error: the dial took longer than 100 ms$/);
    assert.equal(given?.aborted, true);
  });

  test("rejects with the parent's reason and removes its listener", async () => {
    const parent = new AbortController();
    const work = withDeadline(100, parent.signal, "work", never);
    assert.equal(getEventListeners(parent.signal, "abort").length, 1);
    parent.abort(new Error("closing"));
    await assert.rejects(work, /^Error: closing$/);
    assert.equal(getEventListeners(parent.signal, "abort").length, 0);
  });

  test("does not start the work if the parent has already aborted", async () => {
    let isStarted = false;
    const work = withDeadline(100, AbortSignal.abort(new Error("closed")), "work", async () => {
      isStarted = true;
    });
    await assert.rejects(work, /^Error: closed$/);
    assert.equal(isStarted, false);
  });
});

describe("pause", () => {
  test("resolves after its time and removes its listener", async () => {
    const { signal } = new AbortController();
    const paused = pause(100, signal);
    mock.timers.tick(100);
    await paused;
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  test("rejects with the signal's reason, before or during the pause", async () => {
    const controller = new AbortController();
    const paused = pause(100, controller.signal);
    controller.abort(new Error("closing"));
    await assert.rejects(paused, /^Error: closing$/);
    await assert.rejects(pause(100, controller.signal), /^Error: closing$/);
  });
});
