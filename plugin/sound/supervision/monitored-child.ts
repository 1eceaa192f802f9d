// A sound process together with the watch over it: calls back once when the process has ended or is stuck.
// What follows from that is decided by the keeper of the devices.

import type { ChildOptions } from "../process/sound-child.ts";
import { SoundChild } from "../process/sound-child.ts";
import type { StallLimits } from "./stall-detector.ts";
import { StallDetector } from "./stall-detector.ts";

/** A few looks within the shortest stall limit. */
const LOOKS_PER_LIMIT = 4;

/** So often while a device may have gone with its server. */
const HURRIED_LOOK_MS = 100;
/** As long as the watch hurries. */
const HURRIED_LOOKS = 20;

export interface MonitoredChild {
  readonly child: SoundChild;
  /** The sound server went: a device that went with it is a fault at once. */
  hurry(): void;
  kill(): Promise<void>;
}

/** @param onFault gets the reason in words, once, and not after the child was killed by `kill()`. */
export function startMonitoredChild(
  options: ChildOptions,
  limits: StallLimits,
  onBlock: (block: Int16Array) => void,
  onFault: (reason: string) => void,
): MonitoredChild {
  const watch = new StallDetector(limits, performance.now());
  let isWatched = true;
  const fault = (reason: string) => {
    if (!isWatched) return;
    unwatch();
    onFault(reason);
  };
  const look = () => {
    const reason = isWatched ? watch.verdict(performance.now()) : null;
    if (reason) fault(reason);
  };
  const everyMs = Math.min(limits.heartbeatMs, limits.captureMs, limits.playbackMs) / LOOKS_PER_LIMIT;
  // Heartbeats that came while this thread was busy are read before setImmediate runs.
  const timer = setInterval(() => setImmediate(look), everyMs);
  let hurried: NodeJS.Timeout | undefined;
  const hurry = () => {
    if (!isWatched) return;
    watch.hurry(performance.now());
    clearInterval(hurried);
    let looks = 0;
    hurried = setInterval(() => {
      setImmediate(look);
      looks += 1;
      if (looks === HURRIED_LOOKS) clearInterval(hurried);
    }, HURRIED_LOOK_MS);
  };
  const unwatch = () => {
    isWatched = false;
    clearInterval(timer);
    clearInterval(hurried);
  };
  const child = new SoundChild(options, {
    onBlock: (block) => {
      if (isWatched) onBlock(block);
    },
    onHeartbeat: (progress) => watch.heartbeat(progress, performance.now()),
    onExit: () => fault("the sound process ended by itself"),
  });
  return {
    child,
    hurry,
    kill() {
      unwatch();
      return child.kill();
    },
  };
}
