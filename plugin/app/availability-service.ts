// Whether calls can be made here, at every moment: looks at settings, engine and devices, judges anew whenever one of
// them changes, and tells when the judgement differs. The judgement itself is a rule of the charts.

import type { Availability, DeviceList, Settings } from "../../rpc-schema/index.ts";
import { AVAILABLE, type ClosedNodes, judgeAvailability } from "../../statecharts/index.ts";
import type { DeviceMonitor } from "../calls/device-monitor.ts";
import type { Cameras } from "../camera/camera.ts";

export interface AvailabilityOptions {
  settings(): Settings;
  /** Why WebRTC or the addon does not load; null when they do. */
  readonly whyNoEngine: string | null;
  readonly devices: Pick<DeviceMonitor, "subscribe">;
  /** Tells of permissions, too, which leave the list of devices as it is. */
  readonly cameras: Pick<Cameras, "watch">;
  readonly access: DeviceAccess;
  /** First once it is known, then at every change. */
  onChange(availability: Availability): void;
  /** The list of devices changed; not told of the first one. */
  onDevices(devices: DeviceList): void;
}

export interface DeviceAccess {
  /** Ids of listed cameras that this user may not open. */
  closedCameras(): string[];
  closedNodes(): ClosedNodes;
}

export interface AvailabilityService {
  /** As far as it is known; never null, since nothing is held against a machine that was not looked at. */
  now(): Availability;
  /** Begins to look and to tell. */
  start(): void;
  /** Judges anew, and tells before it returns. */
  settingsChanged(): void;
  /** Nothing is told any more. Idempotent. */
  stop(): void;
}

/** Looks at devices only while they matter: not while the user has calls switched off, nor without an engine. */
export function createAvailabilityService(options: AvailabilityOptions): AvailabilityService {
  return new WatchedAvailability(options);
}

class WatchedAvailability implements AvailabilityService {
  readonly #options: AvailabilityOptions;
  #devices: DeviceList | null = null;
  #now: Availability = AVAILABLE;
  /** JSON of what was told last. */
  #told: string | null = null;
  #stopLooking: (() => void) | null = null;
  #isRunning = false;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
  }

  now(): Availability {
    return this.#now;
  }

  start(): void {
    this.#isRunning = true;
    this.#judge();
  }

  settingsChanged(): void {
    if (this.#isRunning) this.#judge();
  }

  stop(): void {
    this.#isRunning = false;
    this.#lookAway();
  }

  #judge(): void {
    const { settings, whyNoEngine, access } = this.#options;
    const wishes = settings();
    // To ask who may open a camera is to touch it.
    const isTouching = !wishes.videoDisabled && whyNoEngine === null;
    this.#now = judgeAvailability(wishes, {
      whyNoEngine,
      devices: this.#devices,
      closedCameras: isTouching ? access.closedCameras() : [],
      closedNodes: isTouching ? access.closedNodes() : { paths: [], remedy: "" },
    });
    const { cause } = this.#now;
    this.#tell();
    // Last, since a list that is known already is told at once.
    if (cause === "user" || cause === "engine") this.#lookAway();
    else this.#look();
  }

  #tell(): void {
    const text = JSON.stringify(this.#now);
    // At the start the first list decides, so that a machine without devices is not told to be well for a moment.
    const isEarly = this.#told === null && this.#devices === null && !this.#now.videoDisabled;
    if (text === this.#told || isEarly) return;
    this.#told = text;
    this.#options.onChange(this.#now);
  }

  #look(): void {
    if (this.#stopLooking) return;
    const { devices, cameras } = this.#options;
    const stopCameras = cameras.watch(() => this.#judge());
    let stopDevices: () => void = () => undefined;
    this.#stopLooking = () => {
      stopCameras();
      stopDevices();
    };
    stopDevices = devices.subscribe((list) => this.#listed(list));
  }

  #lookAway(): void {
    this.#stopLooking?.();
    this.#stopLooking = null;
  }

  #listed(list: DeviceList): void {
    const isFirst = this.#devices === null;
    const isChanged = JSON.stringify(list) !== JSON.stringify(this.#devices);
    this.#devices = list;
    if (!isFirst && isChanged) this.#options.onDevices(list);
    this.#judge();
  }
}
