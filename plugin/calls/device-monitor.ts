// The machine's cameras, microphones and speakers as one list, kept up to date while there are subscribers.

import type { Device, DeviceList } from "../../rpc-schema/index.ts";
import type { Cameras } from "../camera/camera.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { Sound, SoundDevices } from "../sound/sound.ts";

/** Lists all devices without opening any. @throws SoundError */
export async function listDevices({ cameras, sound }: DeviceEngines): Promise<DeviceList> {
  const [{ microphones, speakers }] = await Promise.all([sound.list(), cameras.ready()]);
  return { cameras: cameras.list(), microphones, speakers };
}

export interface DeviceEngines {
  readonly cameras: Pick<Cameras, "list" | "ready">;
  readonly sound: Pick<Sound, "list">;
}

export interface DeviceMonitorOptions extends DeviceEngines {
  readonly cameras: Pick<Cameras, "list" | "ready" | "watch">;
  readonly sound: Pick<Sound, "list" | "watch">;
  readonly log: Log;
}

export interface DeviceMonitor {
  /** The listener gets the list at once where it is known, and then every change. @returns ends the subscription */
  subscribe(listener: (devices: DeviceList) => void): () => void;
  /** Ends every subscription. Idempotent. */
  close(): void;
}

export function createDeviceMonitor(options: DeviceMonitorOptions): DeviceMonitor {
  return new LazyDeviceMonitor(options);
}

class LazyDeviceMonitor implements DeviceMonitor {
  readonly #options: DeviceMonitorOptions;
  readonly #listeners = new Set<(devices: DeviceList) => void>();
  #stopEngines: (() => void) | null = null;
  /** Null until the first list has come, and while there are no subscribers. */
  #known: DeviceList | null = null;
  #isClosed = false;

  constructor(options: DeviceMonitorOptions) {
    this.#options = options;
  }

  subscribe(listener: (devices: DeviceList) => void): () => void {
    if (this.#isClosed) return () => undefined;
    // A new function for each subscription, so that one listener may subscribe twice.
    const own = (devices: DeviceList) => listener(devices);
    this.#listeners.add(own);
    if (!this.#stopEngines) this.#start();
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
      cameras.watch((devices) => this.#updateCameras(devices)),
      sound.watch((devices) => this.#updateSound(devices)),
    ];
    this.#stopEngines = () => {
      for (const stop of stops) stop();
    };
    this.#relist();
  }

  #stop(): void {
    this.#stopEngines?.();
    this.#stopEngines = null;
    this.#known = null;
  }

  #update(devices: DeviceList): void {
    // The engines also report signs of change that leave the list as it was.
    if (JSON.stringify(devices) === JSON.stringify(this.#known)) return;
    this.#known = devices;
    for (const listener of [...this.#listeners]) listener(devices);
  }

  #relist(): void {
    listDevices(this.#options)
      .then((devices) => {
        if (this.#stopEngines) this.#update(devices);
      })
      .catch((error: unknown) =>
        this.#options.log("warn", `devices could not be listed: ${errorText(error)}`),
      );
  }

  #updateSound({ microphones, speakers }: SoundDevices): void {
    this.#update({ cameras: this.#known?.cameras ?? this.#options.cameras.list(), microphones, speakers });
  }

  #updateCameras(cameras: Device[]): void {
    if (this.#known) this.#update({ ...this.#known, cameras });
    // Listing the sound devices failed before, so there is no list to update.
    else this.#relist();
  }
}
