// Implements Cameras: chooses between the machine's cameras and the test pattern. The addons capture.

import {
  type CameraInfo,
  type Capture,
  type CaptureConstraints,
  CaptureError,
  type Native,
} from "../../native/types.ts";
import { type Device, RpcError } from "../../rpc-schema/index.ts";
import { isExhaustion } from "../common/system-failure.ts";
import { type CameraCallbacks, type Cameras, type OpenCamera, TEST_PATTERN_ID } from "./camera.ts";
import { type CameraNotes, NO_CAMERA_NOTES } from "./camera-notes.ts";
import { type ListedCamera, problemOf } from "./camera-problems.ts";
import { mayCapture, type ReadSystemFile } from "./capture-nodes.ts";
import { monitorNodes, type NodeMonitorOptions, SYSTEM_NODES } from "./device-nodes.ts";
import { NO_PIPEWIRE, type PipeWireCameras } from "./pipewire-cameras.ts";
import { PORTAL_CAMERA_ID } from "./portal/camera-portal.ts";
import { openUsable, type Repeat, repeatBySystem, type UsableCaptureOptions } from "./usable-capture.ts";

const AUTO = "auto";
const TEST_PATTERN_NAME = "Test pattern";

/** @param readFile reads files of sysfs and udev */
export function createCameras(
  native: Native,
  nodes: NodeMonitorOptions = SYSTEM_NODES,
  readFile?: ReadSystemFile,
  { repeat = repeatBySystem, notes = NO_CAMERA_NOTES, pipewire = NO_PIPEWIRE }: Partial<EngineParts> = {},
): Cameras {
  let lastPresent: ListedCamera[] = [];
  // While no file can be opened, no camera is known to be gone.
  const present = () => {
    try {
      lastPresent = pipewire.listWith(listCameras(native, readFile));
    } catch (error) {
      if (!isExhaustion(error)) throw error;
    }
    return lastPresent;
  };
  const list = () => devicesOf(present());
  return {
    ready: () => pipewire.ready(),
    list,
    modesOf: (deviceId) => present().find(({ id }) => id === deviceId)?.modes ?? [],
    async open(choice, constraints, callbacks, signal) {
      if (choice === TEST_PATTERN_ID) return openPattern(native, constraints, callbacks);
      await pipewire.ready();
      return openChoice({ native, repeat, notes, pipewire, present }, choice, {
        constraints,
        callbacks,
        signal,
      });
    },
    watch: (onChange) => watchList(present, nodes, pipewire, () => onChange(list())),
  };
}

/** The addon also lists every node that may not be opened. Those that are no cameras are left out. */
export function listCameras(native: Pick<Native, "listCameras">, readFile?: ReadSystemFile): CameraInfo[] {
  return native
    .listCameras()
    .filter((camera) => problemOf(camera) !== "permission" || mayCapture(camera.path, readFile));
}

/** Compares the list, because nodes also change without a new camera: a webcam's second node, a renamed link. */
function watchList(
  present: () => ListedCamera[],
  nodes: NodeMonitorOptions,
  pipewire: PipeWireCameras,
  onChange: () => void,
): () => void {
  // A change of permission leaves the id as it is.
  const fingerprint = () =>
    JSON.stringify(present().map((camera) => [camera.id, camera.path, problemOf(camera)]));
  let last = fingerprint();
  const compare = () => {
    const now = fingerprint();
    if (now === last) return;
    last = now;
    onChange();
  };
  const stops = [monitorNodes(nodes, compare), pipewire.watch(compare)];
  return () => {
    for (const stop of stops) stop();
  };
}

function devicesOf(cameras: readonly ListedCamera[]): Device[] {
  const first = cameras.find((camera) => problemOf(camera) === null) ?? cameras[0];
  const devices = cameras.map((camera) => {
    const problem = problemOf(camera);
    const device = { id: camera.id, name: nameAmong(cameras, camera), isDefault: camera === first };
    return problem === null ? device : { ...device, problem };
  });
  return [...devices, { id: TEST_PATTERN_ID, name: TEST_PATTERN_NAME, isDefault: false }];
}

/** Two cameras with the same name get their nodes as a suffix. */
function nameAmong(cameras: readonly CameraInfo[], camera: CameraInfo): string {
  const isShared = cameras.some((other) => other !== camera && other.name === camera.name);
  return isShared ? `${camera.name} (${camera.path})` : camera.name;
}

interface EngineParts {
  /** How open cameras are watched. */
  readonly repeat: Repeat;
  readonly notes: CameraNotes;
  readonly pipewire: PipeWireCameras;
}

interface Engine extends EngineParts {
  readonly native: Native;
  present(): ListedCamera[];
}

interface OpenOptions extends Pick<UsableCaptureOptions, "constraints" | "callbacks"> {
  readonly signal: AbortSignal | undefined;
}

async function openChoice(engine: Engine, choice: string, options: OpenOptions): Promise<OpenCamera> {
  const cameras = engine.present();
  if (choice === AUTO) return openFirst(engine, cameras, cameras, options);
  if (choice === PORTAL_CAMERA_ID) return openAllowed(engine, options);
  const camera = rememberedAs(choice, cameras) ?? (await askedFor(engine, choice, cameras, options));
  if (camera === undefined) throw unknownCamera(choice, cameras);
  return openCamera(engine, camera, nameAmong(cameras, camera), options);
}

/** A camera of PipeWire that is remembered from a time when the user had let the program in. */
async function askedFor(
  engine: Engine,
  choice: string,
  cameras: readonly ListedCamera[],
  options: OpenOptions,
): Promise<ListedCamera | undefined> {
  const isHidden = engine.pipewire.has(choice) && cameras.some(({ id }) => id === PORTAL_CAMERA_ID);
  if (!isHidden) return undefined;
  await engine.pipewire.allow(options.signal);
  return rememberedAs(choice, engine.present());
}

/** Opens the first camera behind the desktop's portal. */
async function openAllowed(engine: Engine, options: OpenOptions): Promise<OpenCamera> {
  const { pipewire } = engine;
  await pipewire.allow(options.signal);
  const cameras = engine.present();
  const allowed = cameras.filter(({ path, otherIds }) => pipewire.has(path) || otherIds.some(pipewire.has));
  if (allowed.length === 0) throw unknownCamera(PORTAL_CAMERA_ID, cameras);
  return openFirst(engine, cameras, allowed, options);
}

/**
 * The camera with this remembered id. It may be the current id, or another of the camera's ids if udev named it
 * differently then. At another port only the name matches, which counts if no other camera has that name.
 */
function rememberedAs(choice: string, cameras: readonly CameraInfo[]): CameraInfo | undefined {
  const known =
    cameras.find(({ id }) => id === choice) ?? cameras.find(({ otherIds }) => otherIds.includes(choice));
  if (known !== undefined) return known;
  const namesakes = cameras.filter(({ name }) => choice.endsWith(` ${name}`));
  return namesakes.length === 1 ? namesakes[0] : undefined;
}

async function openPattern(
  native: Native,
  constraints: CaptureConstraints,
  callbacks: CameraCallbacks,
): Promise<OpenCamera> {
  const capture = await native.openPattern(constraints, callbacks);
  return named(capture, TEST_PATTERN_ID, TEST_PATTERN_NAME);
}

/** @param listedName the name in the list of devices */
async function openCamera(
  { native, repeat, notes, pipewire }: Engine,
  camera: CameraInfo,
  listedName: string,
  { constraints, callbacks }: OpenOptions,
): Promise<OpenCamera> {
  const open: UsableCaptureOptions["open"] = (asked, events) =>
    pipewire.has(camera.path)
      ? pipewire.open(camera.path, asked, events)
      : openShared({ native, pipewire }, camera, asked, events);
  const noting = notingTrouble(camera.name, notes, callbacks);
  const capture = await openUsable({ camera, constraints, callbacks: noting, open, repeat });
  return named(capture, camera.id, listedName);
}

/**
 * Opens a camera of V4L2. Where it is in use, PipeWire may be the other program: it keeps a camera some seconds after its last
 * use, and can give it to several programs at once.
 */
async function openShared(
  { native, pipewire }: Pick<Engine, "native" | "pipewire">,
  { path, otherIds }: CameraInfo,
  ...[constraints, callbacks]: Parameters<UsableCaptureOptions["open"]>
): Promise<Capture> {
  try {
    return await native.openCamera(path, constraints, callbacks);
  } catch (error) {
    const shared = otherIds.find((id) => pipewire.has(id));
    if (!(error instanceof CaptureError) || error.errno !== "EBUSY" || shared === undefined) throw error;
    // When PipeWire cannot open it either, the first error names the cause.
    return await pipewire.open(shared, constraints, callbacks).catch(() => Promise.reject(error));
  }
}

/** Also keeps the reason of an interruption for `doctor`, until a camera of that name gives a frame in its first mode. */
function notingTrouble(name: string, notes: CameraNotes, callbacks: CameraCallbacks): CameraCallbacks {
  let isFirst = true;
  return {
    onError: (error) => callbacks.onError(error),
    onResumed: (mode) => callbacks.onResumed?.(mode),
    onTrouble: (message) => callbacks.onTrouble?.(message),
    onFrame(frame) {
      if (isFirst) notes.clear(name);
      isFirst = false;
      callbacks.onFrame(frame);
    },
    onInterrupted(reason) {
      isFirst = false;
      notes.keep(name, reason);
      callbacks.onInterrupted?.(reason);
    },
  };
}

/**
 * Never falls back to the test pattern, which would deceive.
 * @param cameras all, of which `candidates` are tried
 * @throws the first camera's error
 */
async function openFirst(
  engine: Engine,
  cameras: readonly ListedCamera[],
  candidates: readonly ListedCamera[],
  options: OpenOptions,
): Promise<OpenCamera> {
  let firstError: CaptureError | undefined;
  for (const camera of candidates) {
    try {
      if (camera.id === PORTAL_CAMERA_ID) return await openAllowed(engine, options);
      return await openCamera(engine, camera, nameAmong(cameras, camera), options);
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      firstError ??= error;
    }
  }
  throw firstError ?? new Error("there is no camera");
}

function named(capture: Capture, deviceId: string, deviceName: string): OpenCamera {
  return {
    deviceId,
    deviceName,
    get mode() {
      return capture.mode;
    },
    get notes() {
      return capture.notes;
    },
    counters: () => capture.counters(),
    close: () => capture.close(),
  };
}

function unknownCamera(choice: string, cameras: readonly CameraInfo[]): RpcError {
  const known = [AUTO, TEST_PATTERN_ID, ...cameras.map(({ id }) => id)].join(", ");
  return new RpcError("unknownDevice", `There is no camera ${choice}`, {
    issues: [{ field: "camera", value: JSON.stringify(choice), expected: `one of: ${known}` }],
  });
}
