// Notices that a camera may have come, gone, or changed who may use it: the kernel tells of every change in /dev
// (inotify(7)). What the cameras are is not known here.

import { type FSWatcher, statSync, watch } from "node:fs";
import { join } from "node:path";

export interface NodeWatch {
  /** Where the nodes are. */
  readonly directory: string;
  /** Calm before it is told, milliseconds. */
  readonly calmMs: number;
}

/**
 * A plugged-in camera brings several nodes, then udev names them and lets the user in, all within some 100 ms;
 * who is told in the midst of it finds a camera that may not be opened yet.
 */
const CALM_MS = 300;
export const SYSTEM_NODES: NodeWatch = { directory: "/dev", calmMs: CALM_MS };

const CAMERA_NODE = /^video\d+$/;
/** udev's folder of lasting names. It comes with the first camera and goes with the last. */
const NAMES_FOLDER = "v4l";
const LASTING_NAMES = "v4l/by-id";

/**
 * Tells of changes until the returned function is called. Never keeps the process alive. Where the directory cannot
 * be watched (no inotify left, no such directory) nothing is ever told.
 */
export function watchNodes({ directory, calmMs }: NodeWatch, onChange: () => void): () => void {
  const nodes = new NodeChanges(directory);
  let calm: NodeJS.Timeout | undefined;
  let names: FSWatcher | undefined;
  const noticed = () => {
    clearTimeout(calm);
    calm = setTimeout(() => {
      names?.close();
      names = watchNames();
      onChange();
    }, calmMs).unref();
  };
  const watchNames = () => watchFolder(join(directory, LASTING_NAMES), noticed);
  names = watchNames();
  const watcher = watchFolder(directory, (event, name) => {
    if (nodes.isChange(event, name)) noticed();
  });
  return () => {
    clearTimeout(calm);
    names?.close();
    watcher?.close();
  };
}

type Listener = (event: string, name: string) => void;

/** Undefined where there is no such folder. */
function watchFolder(path: string, listener: Listener): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, (event, name) => listener(event, name ?? ""));
    // The folder itself has gone; the folder above tells of its return.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined; // ENOENT where no camera ever was; ENOSPC where the user's inotify watches are used up
  }
}

/**
 * Tells changes from mere writing: a program that feeds a loopback camera causes an event for each picture, but
 * leaves the node's status alone. udev touches the node whenever a device says that it has changed.
 */
class NodeChanges {
  readonly #directory: string;
  readonly #known = new Map<string, string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  isChange(event: string, name: string): boolean {
    if (name === NAMES_FOLDER) return true;
    if (!CAMERA_NODE.test(name)) return false;
    const status = this.#statusOf(name);
    const isSame = this.#known.get(name) === status;
    this.#known.set(name, status);
    return event === "rename" || !isSame;
  }

  #statusOf(name: string): string {
    const status = statSync(join(this.#directory, name), { throwIfNoEntry: false });
    return status === undefined ? "" : `${status.mode} ${status.uid} ${status.gid} ${status.ctimeMs}`;
  }
}
