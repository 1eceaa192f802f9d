// Notices that a camera may have come, gone, or changed its permissions, through inotify(7) on /dev.

import { type FSWatcher, statSync, watch } from "node:fs";
import { join } from "node:path";

export interface NodeMonitorOptions {
  /** The directory of the device nodes. */
  readonly directory: string;
  /** The time without events before a change is reported, milliseconds. */
  readonly quietMs: number;
}

/**
 * Within some 100 ms a plugged-in camera adds several nodes, and udev names them and grants access. A report in between
 * would find a camera that cannot be opened yet.
 */
const QUIET_MS = 300;
export const SYSTEM_NODES: NodeMonitorOptions = { directory: "/dev", quietMs: QUIET_MS };

const CAMERA_NODE = /^video\d+$/;
/** udev's folder of stable names. It exists while there is a camera. */
const NAMES_FOLDER = "v4l";
const STABLE_NAMES = "v4l/by-id";

/**
 * Reports changes until the returned function is called. Does not keep the process alive. Reports nothing when the
 * directory cannot be watched (no inotify watch left, no such directory).
 */
export function monitorNodes({ directory, quietMs }: NodeMonitorOptions, onChange: () => void): () => void {
  const nodes = new NodeChanges(directory);
  let quietTimer: NodeJS.Timeout | undefined;
  let names: FSWatcher | undefined;
  const onEvent = () => {
    clearTimeout(quietTimer);
    quietTimer = setTimeout(() => {
      names?.close();
      names = watchNames();
      onChange();
    }, quietMs).unref();
  };
  const watchNames = () => watchFolder(join(directory, STABLE_NAMES), onEvent);
  names = watchNames();
  const watcher = watchFolder(directory, (event, name) => {
    if (nodes.isChange(event, name)) onEvent();
  });
  return () => {
    clearTimeout(quietTimer);
    names?.close();
    watcher?.close();
  };
}

type Listener = (event: string, name: string) => void;

/** Undefined when there is no such folder. */
function watchFolder(path: string, listener: Listener): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, (event, name) => listener(event, name ?? ""));
    // The folder is gone. The folder above reports its return.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined; // ENOENT without any camera; ENOSPC when the user's inotify watches are used up
  }
}

/**
 * Filters out mere writing. A program that feeds a loopback camera causes an event for each frame, but does not change the
 * node's status. When a device reports a change, udev touches its node.
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
