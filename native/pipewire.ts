// The addon for PipeWire: its types, its façade, and what happens where it does not load. It is an addon of its own, because
// many machines have no libpipewire.

import { type BoundCapture, type BoundListener, loadAddon } from "./binding.ts";
import { openCapture } from "./capture.ts";
import type { CameraMode, Capture, CaptureCallbacks, CaptureConstraints } from "./types.ts";

/** A video source of the daemon. Texts are empty where the daemon gives none. */
export interface PipeWireNode {
  /** Valid until the node goes, and then given to another one. */
  readonly nodeId: number;
  /** A number that the daemon never gives again. */
  readonly serial: string;
  /** The session manager makes it of the device's place, so it survives restarts of the daemon. */
  readonly name: string;
  readonly description: string;
  /** `Camera` for cameras. A screen that another program shares may be a source too. */
  readonly role: string;
  /** Such as v4l2 or libcamera. */
  readonly deviceApi: string;
  /** The V4L2 node below it, such as /dev/video0. */
  readonly v4l2Path: string;
  /** The numbers (dev_t) of V4L2 nodes below a libcamera device, separated by spaces. */
  readonly deviceIds: string;
  /** libcamera's id of the camera. */
  readonly libcameraId: string;
  /** Those that can be converted. */
  readonly modes: readonly CameraMode[];
  /** Names of what a node without modes offers, such as H264. */
  readonly otherFormats: readonly string[];
}

export interface PipeWireState {
  /** False until the first list or the first failure. */
  readonly isSettled: boolean;
  readonly isConnected: boolean;
  /** The daemon runs, but does not let this process in. */
  readonly isRefused: boolean;
  /** Why it is not connected; empty if it is. */
  readonly problem: string;
  readonly nodes: readonly PipeWireNode[];
}

export interface NodeToOpen {
  readonly nodeId: number;
  /** Names it in errors. */
  readonly path: string;
  /** False for a screen, which sends frames only when something changes. */
  readonly isContinuous: boolean;
  /** A camera that sends no frame for so many milliseconds has failed. Absent: 5000. */
  readonly silenceMs?: number;
}

export interface PipeWireSession {
  state(): PipeWireState;
  /**
   * The capture fails with ENODEV when the node goes, ECONNRESET when the daemon goes, ESTALE when the node changes the size of
   * its frames, and ETIMEDOUT when a camera is silent. @throws CaptureError
   */
  open(node: NodeToOpen, constraints: CaptureConstraints, callbacks: CaptureCallbacks): Promise<Capture>;
  /** Idempotent. Open captures keep the connection until they are closed. */
  close(): Promise<void>;
}

/**
 * Where the daemon is: the path of its socket, which is connected to again whenever it comes back, or a connected descriptor
 * from the desktop's portal, which the session then owns.
 */
export type PipeWireAddress = { readonly socket: string } | { readonly fd: number };

/** A connection to a Unix socket that also receives descriptors (SCM_RIGHTS, unix(7)), which Node's own sockets lose. */
export interface DescriptorSocket {
  /** For short messages. @throws Error when the other side does not read */
  write(bytes: Uint8Array): void;
  /** Idempotent. No callback follows. */
  close(): void;
}

export interface DescriptorSocketCallbacks {
  /** The descriptors came with these bytes or the bytes that follow. The callback owns them. */
  onData(bytes: Uint8Array, descriptors: readonly number[]): void;
  /** The owner must still call `close()`. */
  onEnd(): void;
}

export interface PipeWire {
  /** Returns at once and does not keep the process alive. @param onChange `state()` has changed */
  connect(address: PipeWireAddress, onChange: () => void): PipeWireSession;
}

/** With what the desktop's portal needs, whose connection to PipeWire is a descriptor in a message of D-Bus. */
export interface PipeWireAddon extends PipeWire {
  /** Connects at once. @param path abstract if it begins with NUL. @throws Error without a listener at this path */
  openDescriptorSocket(path: string, callbacks: DescriptorSocketCallbacks): DescriptorSocket;
}

/** The addon's object. */
interface BoundSession {
  state(): PipeWireState;
  open(
    nodeId: number,
    path: string,
    isContinuous: boolean,
    silenceMs: number,
    width: number,
    height: number,
    fps: number,
    fourcc: string,
    listener: BoundListener,
  ): Promise<BoundCapture>;
  close(): Promise<void>;
}

interface PipeWireBinding {
  openSession(socket: string, fd: number, listener: () => void): BoundSession;
  openDescriptorSocket(
    path: string,
    listener: (bytes: ArrayBuffer | null, descriptors: number[]) => void,
  ): DescriptorSocket;
}

/** As for V4L2: slow cameras take two seconds to their first frame. */
const SILENCE_MS = 5_000;
const REMEDY = "install libpipewire-0.3-0";

/** @throws Error that says why the addon does not load: it was not built, or libpipewire is missing */
export function loadPipeWire(): PipeWireAddon {
  const binding = loadAddon<PipeWireBinding>("callpipewire", ["openSession", "openDescriptorSocket"], REMEDY);
  return {
    connect: (address, onChange) => connect(binding, address, onChange),
    openDescriptorSocket: (path, callbacks) => openDescriptorSocket(binding, path, callbacks),
  };
}

/**
 * The daemon's socket as libpipewire finds it: PIPEWIRE_REMOTE in PIPEWIRE_RUNTIME_DIR or XDG_RUNTIME_DIR, pipewire-0 by default.
 * @returns null where the environment names no folder
 */
export function pipeWireSocket(env: NodeJS.ProcessEnv): string | null {
  const name = env.PIPEWIRE_REMOTE || "pipewire-0";
  if (name.startsWith("/")) return name;
  const folder = env.PIPEWIRE_RUNTIME_DIR || env.XDG_RUNTIME_DIR;
  return folder ? `${folder}/${name}` : null;
}

function connect(binding: PipeWireBinding, address: PipeWireAddress, onChange: () => void): PipeWireSession {
  const [socket, fd] = "socket" in address ? [address.socket, -1] : ["", address.fd];
  const bound = binding.openSession(socket, fd, onChange);
  let closed: Promise<void> | null = null;
  return {
    state: () => bound.state(),
    open: (
      { nodeId, path, isContinuous, silenceMs = SILENCE_MS },
      { width, height, fps, fourcc = "" },
      callbacks,
    ) =>
      openCapture(
        (listener) => bound.open(nodeId, path, isContinuous, silenceMs, width, height, fps, fourcc, listener),
        callbacks,
      ),
    close() {
      closed ??= bound.close();
      return closed;
    },
  };
}

function openDescriptorSocket(
  binding: PipeWireBinding,
  path: string,
  { onData, onEnd }: DescriptorSocketCallbacks,
): DescriptorSocket {
  const bound = binding.openDescriptorSocket(path, (bytes, descriptors) => {
    if (bytes === null) onEnd();
    else onData(new Uint8Array(bytes), descriptors);
  });
  let isOpen = true;
  return {
    write: (bytes) => bound.write(bytes),
    close() {
      if (isOpen) bound.close();
      isOpen = false;
    },
  };
}
