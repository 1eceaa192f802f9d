// A camera whose frames cannot be shown: when that is reported, and which modes are tried. The capture is scripted.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addCounters, NOTHING_CAPTURED } from "../../../native/frame-faults.ts";
import {
  type CameraMode,
  type Capture,
  type CaptureCallbacks,
  type CaptureConstraints,
  type CaptureCounters,
  CaptureError,
} from "../../../native/types.ts";
import { nextMode, openUsable } from "../../../plugin/camera/usable-capture.ts";
import { settle } from "../../support/plugin/call-bench.ts";

const CONSTRAINTS = { width: 640, height: 480, fps: 30 };
const mode = (fourcc: string, width: number, height: number): CameraMode => ({
  fourcc,
  width,
  height,
  fps: 30,
});
const MODES = [
  mode("MJPG", 640, 480),
  mode("MJPG", 1280, 720),
  mode("MJPG", 320, 240),
  mode("YUYV", 640, 480),
];

class ScriptedCapture implements Capture {
  isClosed = false;
  readonly mode: CameraMode;
  readonly notes: readonly string[] = [];
  readonly callbacks: CaptureCallbacks;
  #counters = NOTHING_CAPTURED;

  constructor(opened: CameraMode, callbacks: CaptureCallbacks) {
    this.mode = opened;
    this.callbacks = callbacks;
  }

  counters(): CaptureCounters {
    return this.#counters;
  }

  add(more: Partial<CaptureCounters>): void {
    this.#counters = addCounters(this.#counters, { ...NOTHING_CAPTURED, ...more });
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

const DAMAGED = { captured: 15, damaged: 15, faulty: 15, faults: { cutShort: 15 } };
const WHOLE = { captured: 15, delivered: 15, whole: 15 };

async function openBench(modes: readonly CameraMode[] = MODES, refused: readonly string[] = []) {
  const opened: ScriptedCapture[] = [];
  const events: string[] = [];
  let check: () => void = () => assert.fail("no checks");
  let isChecking = false;
  const open = async (asked: CaptureConstraints, callbacks: CaptureCallbacks) => {
    const { fourcc = "MJPG", width, height } = asked;
    const name = `${fourcc} ${width}x${height}`;
    if (refused.includes(name))
      throw new CaptureError("busy", { operation: "open", errno: "EBUSY", path: "/dev/video0" });
    events.push(`open ${name}`);
    const capture = new ScriptedCapture(mode(fourcc, width, height), callbacks);
    opened.push(capture);
    return capture;
  };
  const capture = await openUsable({
    camera: { path: "/dev/video0", name: "Webcam", modes },
    constraints: CONSTRAINTS,
    open,
    repeat: (_ms, action) => {
      check = action;
      isChecking = true;
      return () => {
        isChecking = false;
      };
    },
    callbacks: {
      onFrame: () => events.push("frame"),
      onError: ({ message }) => events.push(`error ${message}`),
      onInterrupted: (reason) => events.push(`interrupted ${reason}`),
      onResumed: ({ fourcc }) => events.push(`resumed ${fourcc}`),
      onTrouble: (message) => events.push(`trouble ${message}`),
    },
  });
  /** Four checks are two seconds. */
  const checks = async (count: number, each: Partial<CaptureCounters>) => {
    for (let i = 0; i < count; i++) {
      opened.at(-1)?.add(each);
      check();
      await settle();
    }
  };
  return { capture, opened, events, checks, isChecking: () => isChecking };
}

describe("a camera whose frames are damaged", () => {
  test("is left alone while some of them can be shown", async () => {
    const bench = await openBench();
    for (let i = 0; i < 5; i++) {
      await bench.checks(3, DAMAGED);
      await bench.checks(1, { captured: 1, damaged: 1, faults: { cutShort: 1 } });
    }
    assert.deepEqual(bench.events, ["open MJPG 640x480"]);
  });

  test("is reported after two seconds, is tried in a raw format, and works again there", async () => {
    const bench = await openBench();
    await bench.checks(3, DAMAGED);
    assert.deepEqual(bench.events, ["open MJPG 640x480"]);
    await bench.checks(1, DAMAGED);
    await bench.checks(1, WHOLE);
    assert.deepEqual(bench.events.slice(1), [
      "interrupted its pictures are damaged: they are cut short",
      "open YUYV 640x480",
      "resumed YUYV",
    ]);
    assert.deepEqual(
      bench.opened.map(({ isClosed }) => isClosed),
      [true, false],
    );
    assert.equal(bench.capture.mode.fourcc, "YUYV");
    assert.equal(bench.capture.counters().captured, 75);
  });

  test("is tried in another size after the raw format, and is given up after three modes", async () => {
    const bench = await openBench();
    await bench.checks(12, DAMAGED);
    assert.deepEqual(
      bench.events.filter((event) => !event.startsWith("interrupted")),
      [
        "open MJPG 640x480",
        "open YUYV 640x480",
        "open MJPG 320x240",
        "error The camera Webcam cannot be shown, because its pictures are damaged: they are cut short",
      ],
    );
    await bench.capture.close();
    assert.ok(bench.opened.every(({ isClosed }) => isClosed));
  });

  test("with one mode only is given up after two seconds", async () => {
    const bench = await openBench([mode("MJPG", 640, 480)]);
    await bench.checks(4, DAMAGED);
    assert.match(bench.events.at(-1) ?? "", /^error The camera Webcam cannot be shown/);
  });

  test("is tried in the next mode when one does not open", async () => {
    const bench = await openBench(MODES, ["YUYV 640x480"]);
    await bench.checks(4, DAMAGED);
    assert.deepEqual(bench.events.slice(2), [
      "trouble YUYV 640x480 does not open: busy",
      "open MJPG 320x240",
    ]);
  });

  test("that is closed in mid-switch leaves nothing open", async () => {
    const bench = await openBench();
    await bench.checks(3, DAMAGED);
    const last = bench.checks(1, DAMAGED);
    await bench.capture.close();
    await last;
    assert.ok(bench.opened.every(({ isClosed }) => isClosed));
    assert.equal(bench.isChecking(), false);
    assert.ok(bench.events.every((event) => !event.startsWith("error")));
  });
});

describe("a silent camera", () => {
  test("is left to the capture's own limit, and reported when damaged frames follow", async () => {
    const bench = await openBench();
    await bench.checks(8, {});
    assert.deepEqual(bench.events, ["open MJPG 640x480"]);
    await bench.checks(1, DAMAGED);
    assert.equal(bench.events[1], "interrupted its pictures are damaged: they are cut short");
  });
});

describe("the next mode", () => {
  test("of a raw camera is JPEG, then the raw format in another size", () => {
    const modes = [mode("YUYV", 640, 480), mode("YUYV", 320, 240), mode("MJPG", 1280, 720)];
    const [first] = modes;
    assert.ok(first);
    assert.deepEqual(nextMode(modes, [first], CONSTRAINTS), { ...CONSTRAINTS, fourcc: "MJPG" });
    assert.deepEqual(nextMode(modes, [first, mode("MJPG", 1280, 720)], CONSTRAINTS), mode("YUYV", 320, 240));
    assert.equal(nextMode(modes, [first, first, first], CONSTRAINTS), null);
  });
});
