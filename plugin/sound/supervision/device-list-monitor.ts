// Notices sound devices that come and go. Checks cheap signs often, and lists the devices, which costs a process, only
// when a sign changes.

import { readdirSync, statSync } from "node:fs";

/** A user who plugs in a headset looks for it within a few seconds. */
const CHECK_EVERY_MS = 2_000;
/** A volume that is being dragged changes fifty times a second. */
const HINT_GAP_MS = 200;
/** For changes without a sign, such as a new ALSA configuration. */
const LIST_EVERY_CHECKS = 30;

interface DeviceListMonitorOptions<T> {
  /** The text changes when devices may have come or gone. */
  readSigns(): string;
  list(): Promise<T>;
  /** Calls back when the list has probably changed, until the returned function is called. */
  onHint?(check: () => void): () => void;
  onChange(lists: T): void;
  onError(error: unknown): void;
  /** Runs `check` every `delayMs` milliseconds, until the returned function is called. */
  every?(delayMs: number, check: () => void): () => void;
}

/** Does not report the first list, with which later ones are compared. */
export function monitorDeviceList<T>(options: DeviceListMonitorOptions<T>): () => void {
  let isWatching = true;
  let isListing = false;
  let isOutdated = false;
  let signs: string | null = null;
  let known: string | null = null;
  let checks = 0;
  const compare = (lists: T) => {
    const text = JSON.stringify(lists);
    const hasChanged = known !== null && text !== known;
    known = text;
    if (hasChanged && isWatching) options.onChange(lists);
  };
  const relist = () => {
    // A list that is being made may miss this change.
    isOutdated = isListing;
    if (isListing) return;
    checks = 0;
    isListing = true;
    options
      .list()
      .then(compare)
      .catch(options.onError)
      .finally(() => {
        isListing = false;
        if (isOutdated && isWatching) relist();
      });
  };
  const check = () => {
    if (isListing) return;
    const now = options.readSigns();
    checks += 1;
    if (now === signs && checks < LIST_EVERY_CHECKS) return;
    signs = now;
    relist();
  };
  const stop = (options.every ?? everyTick)(CHECK_EVERY_MS, check);
  const hints = spaced(relist);
  const endHints = options.onHint?.(hints.run);
  check();
  return () => {
    isWatching = false;
    stop();
    endHints?.();
    hints.stop();
  };
}

/** Runs at once, and once more after the gap where it was called again in between. */
function spaced(run: () => void): { run(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isPending = false;
  const start = () => {
    if (timer !== undefined) {
      isPending = true;
      return;
    }
    run();
    timer = setTimeout(() => {
      timer = undefined;
      const isDue = isPending;
      isPending = false;
      if (isDue) start();
    }, HINT_GAP_MS);
  };
  return { run: start, stop: () => clearTimeout(timer) };
}

function everyTick(delayMs: number, check: () => void): () => void {
  const timer = setInterval(check, delayMs);
  return () => clearInterval(timer);
}

/** The names of ALSA's device nodes, which udev makes and removes, and the inode of the sound server's socket. */
export function soundSigns(serverSocket: string | null, directory = "/dev/snd"): string {
  const nodes = tryTo(() => readdirSync(directory).sort().join());
  const socket = serverSocket === null ? "" : tryTo(() => inodeOf(serverSocket));
  return `${nodes};${socket}`;
}

function inodeOf(path: string): string {
  const { ino, ctimeMs } = statSync(path);
  return `${ino}@${ctimeMs}`;
}

/** A missing file is a sign too. */
function tryTo(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}
