// The machine's cameras, microphones and speakers as one list that is kept while somebody wants to know it. Which of
// them a call uses is decided elsewhere.

import type { Device, DeviceList } from "../../rpc-schema/index.ts";
import type { Cameras } from "../camera/camera.ts";
import type { Log } from "../log.ts";
import type { Sound, SoundDevices } from "../sound/sound.ts";

export interface DeviceWatchOptions {
  readonly cameras: Pick<Cameras, "list" | "watch">;
  readonly sound: Pick<Sound, "list" | "watch">;
  readonly log: Log;
}

export interface DeviceWatch {
  /** Lists anew. @throws SoundError */
  list(): Promise<DeviceList>;
  /** Told of every change until the result is called; at once of the list, where it is known. */
  subscribe(listener: (devices: DeviceList) => void): () => void;
}

export function createDeviceWatch({ cameras, sound, log }: DeviceWatchOptions): DeviceWatch {
  const listeners = new Set<(devices: DeviceList) => void>();
  let stopWatching: (() => void) | null = null;
  let known: DeviceList | null = null;

  const take = (devices: DeviceList): void => {
    if (JSON.stringify(devices) === JSON.stringify(known)) return;
    known = devices;
    for (const listener of [...listeners]) listener(devices);
  };
  const list = async (): Promise<DeviceList> => {
    const { microphones, speakers } = await sound.list();
    return { cameras: cameras.list(), microphones, speakers };
  };
  const relist = (): void => {
    list()
      .then((devices) => {
        if (stopWatching) take(devices);
      })
      .catch((error: unknown) => log("warn", `devices could not be listed: ${String(error)}`));
  };
  const withSound = ({ microphones, speakers }: SoundDevices) =>
    take({ cameras: known?.cameras ?? cameras.list(), microphones, speakers });
  const withCameras = (devices: Device[]) => {
    if (known) take({ ...known, cameras: devices });
    else relist();
  };

  function start(): void {
    const stops = [cameras.watch(withCameras), sound.watch(withSound)];
    stopWatching = () => {
      for (const stop of stops) stop();
    };
    relist();
  }

  return {
    list,
    subscribe(listener) {
      const own = (devices: DeviceList) => listener(devices);
      listeners.add(own);
      if (!stopWatching) start();
      else if (known) own(known);
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        stopWatching?.();
        stopWatching = null;
        known = null;
      };
    },
  };
}
