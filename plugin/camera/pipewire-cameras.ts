// Cameras that PipeWire offers: those of libcamera, of virtual cameras, and of programs. Many laptops' built-in cameras have no
// usable V4L2 device. A machine without PipeWire or its library has none of them.

import { statSync } from "node:fs";
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

/** Their ids and paths begin so. */
const PREFIX = "pipewire:";
const CAMERA_ROLE = "Camera";
const GREY = "GREY";
/** A daemon on the same machine answers within milliseconds. One that hangs must not delay calls. */
const MOST_WAIT_MS = 500;

export interface PipeWireCameras {
  /** Settles when the first list is there, when it is known that there is none, or after half a second. */
  ready(): Promise<void>;
  /** One list of both. A camera that both offer is taken from V4L2, unless it cannot be opened there. */
  listWith(v4l2: readonly CameraInfo[]): CameraInfo[];
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

export interface PipeWireReport {
  /** Names. */
  readonly cameras: readonly string[];
  /** Why the library cannot be used; null if it can, whether a daemon runs or not. */
  readonly libraryProblem: string | null;
}

export const NO_PIPEWIRE: PipeWireCameras = {
  ready: () => Promise.resolve(),
  listWith: (v4l2) => [...v4l2],
  has: () => false,
  open: (path) => Promise.reject(new Error(`${path}: PipeWire is not used`)),
  watch: () => () => undefined,
  report: () => ({ cameras: [], libraryProblem: null }),
  close: () => Promise.resolve(),
};

export interface PipeWireCamerasOptions {
  /** The process's environment, which names the daemon. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** @throws Error that says why PipeWire cannot be used */
  readonly load?: () => PipeWire;
  /** The number of a device node; null if there is no such node. stat(2), st_rdev. */
  readonly deviceNumberOf?: (path: string) => number | null;
}

/** Connects at the first use, and stays connected until the process ends. */
export function createPipeWireCameras(options: PipeWireCamerasOptions): PipeWireCameras {
  return new ConnectedCameras(options);
}

class ConnectedCameras implements PipeWireCameras {
  readonly #options: PipeWireCamerasOptions;
  readonly #listeners = new Set<() => void>();
  readonly #settled = Promise.withResolvers<void>();
  #session: PipeWireSession | null = null;
  #whyNone: string | null = null;
  #hasStarted = false;

  constructor(options: PipeWireCamerasOptions) {
    this.#options = options;
  }

  async ready(): Promise<void> {
    this.#start();
    const timer = setTimeout(() => this.#settled.resolve(), MOST_WAIT_MS);
    await this.#settled.promise;
    clearTimeout(timer);
  }

  listWith(v4l2: readonly CameraInfo[]): CameraInfo[] {
    this.#start();
    const { deviceNumberOf = deviceNumber } = this.#options;
    return joinLists(v4l2, this.#session?.state().nodes ?? [], deviceNumberOf);
  }

  has(path: string): boolean {
    return path.startsWith(PREFIX);
  }

  async open(path: string, constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture> {
    this.#start();
    const nodes = identify(this.#session?.state().nodes ?? []);
    const node = nodes.find(({ id }) => id === path)?.node;
    if (this.#session === null || node === undefined) {
      const details = { operation: "open", errno: "ENOENT", path };
      throw new CaptureError(`There is no camera at ${path} (open: ENOENT)`, details);
    }
    const { nodeId } = node;
    return this.#session.open({ nodeId, path, isContinuous: true }, constraints, callbacks);
  }

  watch(onChange: () => void): () => void {
    this.#start();
    const own = () => onChange();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  report(): PipeWireReport {
    return { cameras: this.listWith([]).map(({ name }) => name), libraryProblem: this.#whyNone };
  }

  async close(): Promise<void> {
    this.#hasStarted = true;
    this.#settled.resolve();
    this.#listeners.clear();
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const { env, log, load = loadPipeWire } = this.#options;
    try {
      const library = load();
      const socket = pipeWireSocket(env);
      if (socket === null) this.#settled.resolve();
      else this.#session = library.connect({ socket }, () => this.#onChange());
    } catch (error) {
      this.#whyNone = errorText(error);
      log("debug", `no cameras of PipeWire: ${this.#whyNone}`);
      this.#settled.resolve();
    }
  }

  #onChange(): void {
    const state = this.#session?.state();
    if (!state?.isSettled) return;
    if (state.problem !== "") this.#options.log("debug", `no cameras of PipeWire: ${state.problem}`);
    this.#settled.resolve();
    for (const listener of [...this.#listeners]) listener();
  }
}

interface IdentifiedNode {
  readonly id: string;
  readonly node: PipeWireNode;
}

/** Cameras only: a screen that another program shares is a source too. Of two nodes with one name the later gets a number. */
function identify(nodes: readonly PipeWireNode[]): IdentifiedNode[] {
  const counts = new Map<string, number>();
  return nodes
    .filter(({ role, modes, name }) => role === CAMERA_ROLE && modes.length > 0 && name !== "")
    .map((node) => {
      const count = (counts.get(node.name) ?? 0) + 1;
      counts.set(node.name, count);
      return { id: `${PREFIX}${node.name}${count > 1 ? `#${count}` : ""}`, node };
    });
}

/** @returns V4L2's cameras before PipeWire's, and those without colours last */
export function joinLists(
  v4l2: readonly CameraInfo[],
  nodes: readonly PipeWireNode[],
  deviceNumberOf: (path: string) => number | null,
): CameraInfo[] {
  const cameras = identify(nodes);
  const nodesOf = ({ path }: CameraInfo) => {
    const number = deviceNumberOf(path);
    return cameras.filter(
      ({ node }) =>
        node.v4l2Path === path || (number !== null && node.deviceIds.split(" ").includes(String(number))),
    );
  };
  const isUsable = ({ modes }: CameraInfo) => modes.length > 0;
  const doubled = new Set(v4l2.filter(isUsable).flatMap((camera) => nodesOf(camera)));
  const joined = [
    // Its id of PipeWire may be remembered from a time when V4L2 could not open it.
    ...v4l2
      .filter((camera) => isUsable(camera) || nodesOf(camera).length === 0)
      .map((camera) => ({
        ...camera,
        otherIds: [...camera.otherIds, ...nodesOf(camera).map(({ id }) => id)],
      })),
    ...cameras.filter((camera) => !doubled.has(camera)).map(infoOf),
  ];
  return [...joined.filter((camera) => !isGrey(camera)), ...joined.filter(isGrey)];
}

function infoOf({ id, node }: IdentifiedNode): CameraInfo {
  return { path: id, id, otherIds: [], name: node.description || node.name, modes: node.modes };
}

function isGrey({ modes }: CameraInfo): boolean {
  return modes.length > 0 && modes.every(({ fourcc }) => fourcc === GREY);
}

function deviceNumber(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.rdev ?? null;
}
