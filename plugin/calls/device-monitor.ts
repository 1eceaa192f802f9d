// The machine's cameras, microphones and speakers as one list that is kept while somebody wants to know it. Which of
// them a call uses is decided elsewhere.

import type { Device, DeviceList } from "../../rpc-schema/index.ts";
import type { Cameras } from "../camera/camera.ts";
import type { Log } from "../log.ts";
import type { Sound, SoundDevices } from "../sound/sound.ts";

export interface DeviceMonitorOptions {
  readonly cameras: Pick<Cameras, "list" | "watch">;
  readonly sound: Pick<Sound, "list" | "watch">;
  readonly log: Log;
}

export interface DeviceMonitor {
  /** Lists anew. @throws SoundError */
  list(): Promise<DeviceList>;
  /** Told of every change until the result is called; at once of the list, where it is known. */
  subscribe(listener: (devices: DeviceList) => void): () => void;
  /** Nobody is told anything any more. Idempotent. */
  close(): void;
}

export function createDeviceMonitor(options: DeviceMonitorOptions): DeviceMonitor {
  return new WatchedDevices(options);
}

class WatchedDevices implements DeviceMonitor {
  readonly #options: DeviceMonitorOptions;
  readonly #listeners = new Set<(devices: DeviceList) => void>();
  #stopWatching: (() => void) | null = null;
  /** Null until the first list has come, and while nobody wants to know. */
  #known: DeviceList | null = null;
  #isClosed = false;

  constructor(options: DeviceMonitorOptions) {
    this.#options = options;
  }

  async list(): Promise<DeviceList> {
    const { cameras, sound } = this.#options;
    const { microphones, speakers } = await sound.list();
    return { cameras: cameras.list(), microphones, speakers };
  }

  subscribe(listener: (devices: DeviceList) => void): () => void {
    if (this.#isClosed) return () => undefined;
    // Of its own, so that one function may subscribe twice.
    const own = (devices: DeviceList) => listener(devices);
    this.#listeners.add(own);
    if (!this.#stopWatching) this.#start();
    else if (this.#known) own(this.#known);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#stop();
  }

  #start(): void {
    const { cameras, sound } = this.#options;
    const stops = [
      cameras.watch((devices) => this.#withCameras(devices)),
      sound.watch((devices) => this.#withSound(devices)),
    ];
    this.#stopWatching = () => {
      for (const stop of stops) stop();
    };
    this.#relist();
  }

  #stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#known = null;
  }

  #take(devices: DeviceList): void {
    // Watchers tell of signs of change; people want to hear of changes.
    if (JSON.stringify(devices) === JSON.stringify(this.#known)) return;
    this.#known = devices;
    for (const listener of [...this.#listeners]) listener(devices);
  }

  #relist(): void {
    this.list()
      .then((devices) => {
        if (this.#stopWatching) this.#take(devices);
      })
      .catch((error: unknown) => this.#options.log("warn", `devices could not be listed: ${String(error)}`));
  }

  #withSound({ microphones, speakers }: SoundDevices): void {
    this.#take({ cameras: this.#known?.cameras ?? this.#options.cameras.list(), microphones, speakers });
  }

  #withCameras(cameras: Device[]): void {
    // Without a list of sound devices, which failed then, there is nothing to put the cameras beside.
    if (this.#known) this.#take({ ...this.#known, cameras });
    else this.#relist();
  }
}
