// Fake cameras. Tests emit the frames and switch faults on.

import { NOTHING_CAPTURED } from "../../../native/frame-faults.ts";
import {
  type CameraMode,
  type CaptureConstraints,
  type CaptureCounters,
  CaptureError,
  type VideoFrame,
} from "../../../native/types.ts";
import {
  type CameraCallbacks,
  type Cameras,
  type OpenCamera,
  TEST_PATTERN_ID,
} from "../../../plugin/camera/camera.ts";
import { type Device, RpcError } from "../../../rpc-schema/index.ts";

export const FAKE_CAMERA_ID = "fake-camera";

export class FakeCameras implements Cameras {
  /** Every camera that was opened, in order, including closed ones. */
  readonly opened: FakeOpenCamera[] = [];
  readonly #listeners = new Set<(devices: Device[]) => void>();
  /** The next `open` fails with this error. */
  failNextOpen: CaptureError | undefined;
  /** Until it resolves the desktop asks the user. The signal of `open` closes that dialog. */
  permission: Promise<void> | undefined;
  /** Dialogs that the signal closed. */
  withdrawn = 0;
  /** Those of each camera that is opened from now on. */
  notes: readonly string[] = [];
  devices: Device[] = [
    { id: FAKE_CAMERA_ID, name: "Fake camera", isDefault: true },
    { id: TEST_PATTERN_ID, name: "Test pattern", isDefault: false },
  ];

  ready(): Promise<void> {
    return Promise.resolve();
  }

  modesOf(): readonly CameraMode[] {
    return [];
  }

  list(): Device[] {
    return this.devices;
  }

  async open(
    choice: string,
    constraints: CaptureConstraints,
    callbacks: CameraCallbacks,
    signal?: AbortSignal,
  ): Promise<OpenCamera> {
    await this.#ask(signal);
    const device = this.devices.find(
      ({ id, isDefault }) => id === choice || (choice === "auto" && isDefault && id !== TEST_PATTERN_ID),
    );
    if (device === undefined && choice === "auto") {
      throw new Error("there is no camera");
    }
    if (device === undefined) throw new RpcError("unknownDevice", `There is no camera ${choice}`);
    const failure = this.failNextOpen;
    this.failNextOpen = undefined;
    if (failure !== undefined) throw failure;
    const camera = new FakeOpenCamera(device, constraints, callbacks, this.notes);
    this.opened.push(camera);
    return camera;
  }

  async #ask(signal: AbortSignal | undefined): Promise<void> {
    if (this.permission === undefined) return;
    const closed = Promise.withResolvers<never>();
    signal?.addEventListener("abort", () => {
      this.withdrawn += 1;
      closed.reject(signal.reason);
    });
    await Promise.race([this.permission, closed.promise]);
  }

  watch(onChange: (devices: Device[]) => void): () => void {
    this.#listeners.add(onChange);
    return () => void this.#listeners.delete(onChange);
  }

  /** Simulates a change of the connected cameras, and calls each listener. */
  change(devices: Device[]): void {
    this.devices = devices;
    for (const onChange of [...this.#listeners]) onChange(devices);
  }

  /** The open cameras. */
  get openNow(): FakeOpenCamera[] {
    return this.opened.filter((camera) => !camera.isClosed);
  }

  /** Emits one frame from every open camera. */
  emitFrame(): void {
    for (const camera of this.openNow) camera.emitFrame();
  }
}

class FakeOpenCamera implements OpenCamera {
  readonly deviceId: string;
  readonly deviceName: string;
  readonly mode: CameraMode;
  readonly notes: readonly string[];
  readonly #callbacks: CameraCallbacks;
  readonly #counters = { ...NOTHING_CAPTURED, captured: 0, delivered: 0, whole: 0 };
  #lastUs = 0;
  isClosed = false;

  constructor(
    device: Device,
    constraints: CaptureConstraints,
    callbacks: CameraCallbacks,
    notes: readonly string[],
  ) {
    this.notes = notes;
    this.deviceId = device.id;
    this.deviceName = device.name;
    this.mode = { ...constraints, fourcc: "I420" };
    this.#callbacks = callbacks;
  }

  counters(): CaptureCounters {
    return { ...this.#counters };
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  emitFrame(): void {
    if (this.isClosed) return;
    this.#counters.captured++;
    this.#counters.delivered++;
    this.#counters.whole++;
    this.#lastUs = Math.max(this.#lastUs + 1, Date.now() * 1000);
    const frame = new FakeFrame(this.mode, this.#lastUs, this.#counters.captured);
    try {
      this.#callbacks.onFrame(frame);
    } finally {
      frame.release();
    }
  }

  /** Simulates frames that cannot be shown, for two seconds. */
  interrupt(reason: string): void {
    this.#callbacks.onInterrupted?.(reason);
  }

  /** Simulates frames that can be shown again. */
  resume(): void {
    this.#callbacks.onResumed?.(this.mode);
  }

  /** Simulates unplugging the camera. */
  unplug(): void {
    const details = { operation: "VIDIOC_DQBUF", errno: "ENODEV", path: "/dev/fake" };
    this.#callbacks.onError(new CaptureError("The camera /dev/fake has been unplugged", details));
  }
}

export class FakeFrame implements VideoFrame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly capturedAtUs: number;
  #holders = 1;

  constructor(mode: CameraMode, capturedAtUs: number, shade: number) {
    this.width = mode.width;
    this.height = mode.height;
    this.capturedAtUs = capturedAtUs;
    const chroma = Math.ceil(mode.width / 2) * Math.ceil(mode.height / 2);
    this.data = new Uint8Array(mode.width * mode.height + 2 * chroma).fill(shade & 0xff);
  }

  retain(): void {
    this.#requireHeld();
    this.#holders++;
  }

  release(): void {
    this.#requireHeld();
    this.#holders--;
  }

  #requireHeld(): void {
    if (this.#holders === 0) throw new Error("This frame has been released");
  }
}
