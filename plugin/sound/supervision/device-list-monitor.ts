// Notices sound devices that come and go: signs that cost nothing are looked at often, and the devices are listed, which
// costs a process, only when a sign changed. Knows no device.

import { readdirSync, statSync } from "node:fs";

/** A user who plugs in a headset looks for it after a few seconds. */
const LOOK_EVERY_MS = 2_000;
/** For what gives no sign, such as a changed ALSA configuration. */
const LIST_EVERY_LOOKS = 30;

export interface DeviceListMonitorOptions<T> {
  /** Differs when devices may have come or gone. */
  readSigns(): string;
  list(): Promise<T>;
  onChange(lists: T): void;
  onError(error: unknown): void;
  /** Runs `look` every so many milliseconds, until the result is called. */
  every?(delayMs: number, look: () => void): () => void;
}

/** The first list is the one that later ones are compared with; nobody is told of it. */
export function monitorDeviceList<T>(options: DeviceListMonitorOptions<T>): () => void {
  let isWatching = true;
  let isListing = false;
  let signs: string | null = null;
  let known: string | null = null;
  let looks = 0;
  const take = (lists: T) => {
    const text = JSON.stringify(lists);
    const isNews = known !== null && text !== known;
    known = text;
    if (isNews && isWatching) options.onChange(lists);
  };
  const look = () => {
    if (isListing) return;
    const now = options.readSigns();
    looks += 1;
    if (now === signs && looks < LIST_EVERY_LOOKS) return;
    signs = now;
    looks = 0;
    isListing = true;
    options
      .list()
      .then(take)
      .catch(options.onError)
      .finally(() => {
        isListing = false;
      });
  };
  const stop = (options.every ?? everyTick)(LOOK_EVERY_MS, look);
  look();
  return () => {
    isWatching = false;
    stop();
  };
}

function everyTick(delayMs: number, look: () => void): () => void {
  const timer = setInterval(look, delayMs);
  return () => clearInterval(timer);
}

/** ALSA's device nodes, which udev makes and removes, and the sound server's socket, which is new with each server. */
export function soundSigns(serverSocket: string | null, directory = "/dev/snd"): string {
  const nodes = tryTo(() => readdirSync(directory).sort().join());
  const socket = serverSocket === null ? "" : tryTo(() => inodeOf(serverSocket));
  return `${nodes};${socket}`;
}

function inodeOf(path: string): string {
  const { ino, ctimeMs } = statSync(path);
  return `${ino}@${ctimeMs}`;
}

/** What is not there is a sign as well. */
function tryTo(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}
