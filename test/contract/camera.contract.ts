// The contract of every `Cameras`. Run on the test pattern, on the fake, and in the virtual machine of the kernel tests.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CaptureCallbacks, CaptureError, VideoFrame } from "../../native/types.ts";
import type { Cameras, OpenCamera } from "../../plugin/camera/camera.ts";
import { type Device, RpcError } from "../../rpc-schema/index.ts";

export interface CameraSubject {
  readonly name: string;
  /** The settings value that opens it. */
  readonly choice: string;
  create(): Cameras;
  /** Causes a frame where none comes by itself. */
  stimulate?(): void;
  /** Removes a camera and adds it again, where the test can, and settles when that is listed. `cameras` is a result of `create`. */
  readonly exchange?: {
    readonly away: (cameras: Cameras) => void | Promise<void>;
    readonly back: (cameras: Cameras) => void | Promise<void>;
  };
}

const CONSTRAINTS = { width: 640, height: 360, fps: 30 };

/** Returns the next frame. The caller of `next` must release it. */
class NextFrames implements CaptureCallbacks {
  readonly #waiting: ((frame: VideoFrame) => void)[] = [];
  readonly errors: CaptureError[] = [];
  count = 0;

  onFrame(frame: VideoFrame): void {
    this.count++;
    const wanted = this.#waiting.shift();
    if (wanted === undefined) return;
    frame.retain();
    wanted(frame);
  }

  onError(error: CaptureError): void {
    this.errors.push(error);
  }

  next(): Promise<VideoFrame> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Returns the lists that a listener received, in order. */
class NextLists {
  readonly #lists: Device[][] = [];
  #wanted: ((list: Device[]) => void) | undefined;

  readonly onList = (list: Device[]): void => {
    this.#lists.push(list);
    this.#settle();
  };

  next(): Promise<Device[]> {
    return new Promise((resolve) => {
      this.#wanted = resolve;
      this.#settle();
    });
  }

  #settle(): void {
    const list = this.#wanted && this.#lists.shift();
    if (list === undefined) return;
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.(list);
  }
}

export function cameraContract(subject: CameraSubject): void {
  describe(`cameras: ${subject.name}`, { timeout: 60_000 }, () => {
    listing(subject);
    watching(subject);
    delivering(subject);
    closing(subject);
  });
}

function listing(subject: CameraSubject): void {
  test("the list has distinct ids, the test pattern at its end, and one default among the real cameras if there are any", () => {
    const devices = subject.create().list();
    assert.equal(new Set(devices.map(({ id }) => id)).size, devices.length);
    assert.equal(devices.at(-1)?.id, "test-pattern");
    const real = devices.slice(0, -1);
    assert.equal(real.filter(({ isDefault }) => isDefault).length, Math.min(1, real.length));
    assert.equal(devices.at(-1)?.isDefault, false);
  });

  test("an unknown id is refused as unknownDevice", async () => {
    const opening = subject.create().open("no-such-camera", CONSTRAINTS, new NextFrames());
    await assert.rejects(opening, (error) => error instanceof RpcError && error.kind === "unknownDevice");
  });

  test("an open camera has the id and the name of its device", async () => {
    const cameras = subject.create();
    await whileOpen(subject, cameras, async (camera) => {
      const listed = cameras.list().find(({ id }) => id === camera.deviceId);
      assert.equal(listed?.name, camera.deviceName);
    });
  });
}

function watching(subject: CameraSubject): void {
  const { exchange } = subject;
  test("a listener that was removed is not called, and can be removed twice", async () => {
    const cameras = subject.create();
    const stop = cameras.watch(() => assert.fail("called after its removal"));
    stop();
    stop();
    await exchange?.away(cameras);
    await exchange?.back(cameras);
    await new Promise(setImmediate);
  });
  if (exchange === undefined) return;
  test("every listener gets the present list when a camera is removed and added", async () => {
    const cameras = subject.create();
    const before = cameras.list();
    const [one, other] = [new NextLists(), new NextLists()];
    const stops = [cameras.watch(one.onList), cameras.watch(other.onList)];
    try {
      await exchange.away(cameras);
      for (const lists of [one, other]) assert.equal((await lists.next()).length, before.length - 1);
      await exchange.back(cameras);
      for (const lists of [one, other]) assert.deepEqual(await lists.next(), before);
    } finally {
      for (const stop of stops) stop();
    }
  });
}

function delivering(subject: CameraSubject): void {
  test("frames are complete I420 of the mode's size, each in a buffer of its own", async () => {
    await whileOpen(subject, subject.create(), async (camera, frames) => {
      const frame = await nextFrame(subject, frames);
      const { width, height } = camera.mode;
      const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
      assert.deepEqual([frame.width, frame.height], [width, height]);
      assert.equal(frame.data.length, width * height + 2 * chroma);
      assert.equal(frame.data.buffer.byteLength, frame.data.length);
      frame.release();
    });
  });

  test("capture times are Unix time and rise from frame to frame", async () => {
    const before = Date.now() * 1000;
    await whileOpen(subject, subject.create(), async (_camera, frames) => {
      const first = await nextFrame(subject, frames);
      const second = await nextFrame(subject, frames);
      assert.ok(first.capturedAtUs >= before - 1_000_000, `${first.capturedAtUs} is before the start`);
      assert.ok(second.capturedAtUs > first.capturedAtUs);
      assert.ok(second.capturedAtUs <= Date.now() * 1000 + 1_000_000);
      first.release();
      second.release();
    });
  });

  test("a retained frame does not change while later ones arrive", async () => {
    await whileOpen(subject, subject.create(), async (_camera, frames) => {
      const kept = await nextFrame(subject, frames);
      const copy = Uint8Array.from(kept.data);
      for (let i = 0; i < 8; i++) (await nextFrame(subject, frames)).release();
      assert.deepEqual(kept.data, copy);
      kept.release();
    });
  });

  test("a released frame cannot be released or retained again", async () => {
    await whileOpen(subject, subject.create(), async (_camera, frames) => {
      const frame = await nextFrame(subject, frames);
      // When the callback has returned, only the queue retains the frame.
      await new Promise(setImmediate);
      frame.release();
      assert.throws(() => frame.release());
      assert.throws(() => frame.retain());
    });
  });
}

function closing(subject: CameraSubject): void {
  test("after close no frame arrives, and the counters add up", async () => {
    const frames = new NextFrames();
    const camera = await subject.create().open(subject.choice, CONSTRAINTS, frames);
    (await nextFrame(subject, frames)).release();
    await camera.close();
    const { captured, faulty, dropped, delivered } = camera.counters();
    assert.equal(captured, faulty + dropped + delivered);
    assert.equal(delivered, frames.count);
    subject.stimulate?.();
    await new Promise(setImmediate);
    assert.equal(frames.count, delivered);
    assert.deepEqual(frames.errors, []);
  });

  test("close is idempotent, and a closed camera can be opened again", async () => {
    const cameras = subject.create();
    const camera = await cameras.open(subject.choice, CONSTRAINTS, new NextFrames());
    await Promise.all([camera.close(), camera.close()]);
    await camera.close();
    await whileOpen(subject, cameras, async (_camera, frames) => {
      (await nextFrame(subject, frames)).release();
    });
  });

  test("a frame that is retained beyond close keeps its content and can be released", async () => {
    const frames = new NextFrames();
    const camera = await subject.create().open(subject.choice, CONSTRAINTS, frames);
    const kept = await nextFrame(subject, frames);
    const copy = Uint8Array.from(kept.data);
    await camera.close();
    assert.deepEqual(kept.data, copy);
    kept.release();
  });
}

function nextFrame(subject: CameraSubject, frames: NextFrames): Promise<VideoFrame> {
  const frame = frames.next();
  subject.stimulate?.();
  return frame;
}

async function whileOpen(
  subject: CameraSubject,
  cameras: Cameras,
  work: (camera: OpenCamera, frames: NextFrames) => Promise<void>,
): Promise<void> {
  const frames = new NextFrames();
  const camera = await cameras.open(subject.choice, CONSTRAINTS, frames);
  try {
    await work(camera, frames);
  } finally {
    await camera.close();
  }
}
