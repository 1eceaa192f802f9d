// Cameras that PipeWire offers: those of libcamera, of virtual cameras, and of programs. Many laptops' built-in cameras have no
// usable V4L2 device. A machine without PipeWire or its library has none of them.

import {
  loadPipeWire,
  type PipeWire,
  type PipeWireNode,
  type PipeWireSession,
  pipeWireSocket,
} from "../../native/pipewire.ts";
import {
  type CameraInfo,
  type Capture,
  type CaptureCallbacks,
  type CaptureConstraints,
  CaptureError,
} from "../../native/types.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import { type ListedCamera, unreadableText } from "./camera-problems.ts";
import { type DevicePlace, placeOf } from "./device-place.ts";
import { identify, joinLists, PIPEWIRE_PREFIX } from "./join-cameras.ts";
import { AskedCameras } from "./portal/asked-cameras.ts";
import type { CameraPortal } from "./portal/camera-portal.ts";

/** A daemon on the same machine answers within milliseconds. One that hangs must not delay calls. */
const MOST_WAIT_MS = 500;

export interface PipeWireCameras {
  /** Settles when the first list is there, when it is known that there is none, or after half a second. */
  ready(): Promise<void>;
  /**
   * One list of both. A camera that both offer is taken from V4L2, unless it cannot be opened there. Last comes the device of the
   * desktop's portal, where cameras need the user's permission.
   */
  listWith(v4l2: readonly CameraInfo[]): ListedCamera[];
  /**
   * Asks the user where cameras need a permission. Returns at once where they need none, or have it.
   * @param signal closes the dialog
   * @throws CaptureError when it is refused or there is no camera, or the signal's reason
   */
  allow(signal?: AbortSignal): Promise<void>;
  /** Whether `open` is to be used for a camera of this path. */
  has(path: string): boolean;
  /** @throws CaptureError */
  open(path: string, constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture>;
  /** @returns ends the subscription */
  watch(onChange: () => void): () => void;
  /** What `doctor` has to say of them, after `ready`. */
  report(): PipeWireReport;
  /** Ends the connection. Idempotent. The plugin's own lasts as long as its process. */
  close(): Promise<void>;
}

export interface UnreadableCamera {
  readonly name: string;
  /** All that it offers. */
  readonly formats: readonly string[];
}

export interface PipeWireReport {
  /** Names of those that can be opened. */
  readonly cameras: readonly string[];
  readonly unreadable: readonly UnreadableCamera[];
  /** Why the library cannot be used; null if it can, whether a daemon runs or not. */
  readonly libraryProblem: string | null;
  /** Why a daemon that runs lets this program see nothing; null if it does not run, or answered. */
  readonly accessProblem: string | null;
  /** The desktop's portal; null where it is not asked, because PipeWire itself lets this program in. */
  readonly portal: PortalReport | null;
}

export interface PortalReport {
  /** Why it offers no camera, to complete "the desktop's portal …"; null if it offers one. */
  readonly problem: string | null;
}

export const NO_PIPEWIRE: PipeWireCameras = {
  ready: () => Promise.resolve(),
  listWith: (v4l2) => [...v4l2],
  has: () => false,
  allow: () => Promise.resolve(),
  open: (path) => Promise.reject(new Error(`${path}: PipeWire is not used`)),
  watch: () => () => undefined,
  report: () => ({ cameras: [], unreadable: [], libraryProblem: null, accessProblem: null, portal: null }),
  close: () => Promise.resolve(),
};

export interface PipeWireCamerasOptions {
  /** The process's environment, which names the daemon. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** @throws Error that says why PipeWire cannot be used */
  readonly load?: () => PipeWire;
  /** Where a device node is. */
  readonly placeOf?: (path: string) => DevicePlace;
  /** A camera that sends no frame for so many milliseconds has failed. Absent: the addon's own limit. */
  readonly silenceMs?: number;
  /** Connects to the desktop's portal, for programs that PipeWire does not let in. Absent: it is not asked. */
  readonly openPortal?: (onChange: () => void) => CameraPortal;
  /** What `ready()` waits at most, in milliseconds. Absent: 500. */
  readonly mostWaitMs?: number;
}

/** Connects at the first use, and stays connected until the process ends. */
export function createPipeWireCameras(options: PipeWireCamerasOptions): PipeWireCameras {
  return new ConnectedCameras(options);
}

class ConnectedCameras implements PipeWireCameras {
  readonly #options: PipeWireCamerasOptions;
  readonly #listeners = new Set<() => void>();
  readonly #settled = Promise.withResolvers<void>();
  /** By the daemon's socket. */
  #session: PipeWireSession | null = null;
  #asked: AskedCameras | null = null;
  #wasLetIn = false;
  #whyNone: string | null = null;
  #hasStarted = false;

  constructor(options: PipeWireCamerasOptions) {
    this.#options = options;
  }

  async ready(): Promise<void> {
    this.#start();
    const timer = setTimeout(() => this.#settled.resolve(), this.#options.mostWaitMs ?? MOST_WAIT_MS);
    await this.#settled.promise;
    clearTimeout(timer);
  }

  listWith(v4l2: readonly CameraInfo[]): ListedCamera[] {
    this.#start();
    const joined = joinLists(v4l2, this.#nodes(), this.#options.placeOf ?? placeOf);
    const asked = this.#asked?.listed();
    return asked ? [...joined, asked] : joined;
  }

  async allow(signal?: AbortSignal): Promise<void> {
    this.#start();
    await this.#asked?.allow(signal);
  }

  has(path: string): boolean {
    return path.startsWith(PIPEWIRE_PREFIX);
  }

  async open(path: string, constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture> {
    this.#start();
    const session = this.#asked?.session() ?? this.#session;
    const node = identify(this.#nodes()).find(({ id }) => id === path)?.node;
    if (session === null || node === undefined) {
      const details = { operation: "open", errno: "ENOENT", path };
      throw new CaptureError(`There is no camera at ${path} (open: ENOENT)`, details);
    }
    const { nodeId, otherFormats } = node;
    if (otherFormats.length > 0) {
      const details = { operation: "open", errno: "EPROTO", path };
      throw new CaptureError(`The camera ${path} ${unreadableText(otherFormats)}`, details);
    }
    const { silenceMs } = this.#options;
    const limit = silenceMs === undefined ? {} : { silenceMs };
    return session.open({ nodeId, path, isContinuous: true, ...limit }, constraints, callbacks);
  }

  watch(onChange: () => void): () => void {
    this.#start();
    const own = () => onChange();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  report(): PipeWireReport {
    const cameras = this.listWith([]);
    return {
      cameras: cameras.filter(({ modes }) => modes.length > 0).map(({ name }) => name),
      unreadable: cameras.flatMap(({ name, otherFormats = [] }) =>
        otherFormats.length > 0 ? [{ name, formats: otherFormats }] : [],
      ),
      libraryProblem: this.#whyNone,
      accessProblem: this.#accessProblem(),
      portal: this.#asked && { problem: this.#asked.problem() },
    };
  }

  async close(): Promise<void> {
    this.#hasStarted = true;
    this.#settled.resolve();
    this.#listeners.clear();
    const [session, asked] = [this.#session, this.#asked];
    this.#session = null;
    this.#asked = null;
    await asked?.close();
    await session?.close();
  }

  #nodes(): readonly PipeWireNode[] {
    return this.#asked?.nodes() ?? this.#session?.state().nodes ?? [];
  }

  #accessProblem(): string | null {
    const state = this.#session?.state();
    if (state === undefined) return null;
    if (!state.isSettled) return "PipeWire does not answer this program";
    return state.isRefused ? state.problem : null;
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const { env, log, load = loadPipeWire } = this.#options;
    try {
      const library = load();
      const socket = pipeWireSocket(env);
      if (socket === null) this.#askPortal(library);
      else this.#session = library.connect({ socket }, () => this.#onChange(library));
    } catch (error) {
      this.#whyNone = errorText(error);
      log("debug", `no cameras of PipeWire: ${this.#whyNone}`);
      this.#settled.resolve();
    }
  }

  #onChange(library: PipeWire): void {
    const state = this.#session?.state();
    if (!state?.isSettled) return;
    if (state.problem !== "") this.#options.log("debug", `no cameras of PipeWire: ${state.problem}`);
    if (state.isConnected) this.#onLetIn();
    else this.#askPortal(library);
    if (this.#asked === null) this.#settled.resolve();
    this.#tell();
  }

  /** From now on the daemon's socket counts, also while the daemon starts again. */
  #onLetIn(): void {
    this.#wasLetIn = true;
    const asked = this.#asked;
    this.#asked = null;
    asked?.close().catch((error) => this.#options.log("warn", `the portal's cameras: ${errorText(error)}`));
  }

  #askPortal(pipeWire: PipeWire): void {
    const { openPortal } = this.#options;
    if (this.#wasLetIn || this.#asked !== null) return;
    if (openPortal === undefined) {
      this.#settled.resolve();
      return;
    }
    this.#asked = new AskedCameras({ pipeWire, openPortal, onChange: () => this.#tell() });
    void this.#asked.ready().then(() => this.#settled.resolve());
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
