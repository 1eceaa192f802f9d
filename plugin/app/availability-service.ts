// Keeps track of whether calls are possible here: evaluates settings, engine and devices after each change, and reports each
// new result. The rule itself is `judgeAvailability` in statecharts/.

import type { Availability, DeviceList } from "../../rpc-schema/index.ts";
import { AVAILABLE, type ClosedNodes, judgeAvailability } from "../../statecharts/index.ts";
import type { DeviceMonitor } from "../calls/device-monitor.ts";
import type { SettingsSource } from "../calls/settings-change.ts";
import type { Cameras } from "../camera/camera.ts";

export interface AvailabilityOptions {
  readonly settings: SettingsSource;
  /** Why WebRTC or the addon does not load; null when they do. */
  readonly whyNoEngine: string | null;
  /** What to do about a missing engine; null for the general advice. */
  readonly engineRemedy: string | null;
  readonly devices: Pick<DeviceMonitor, "subscribe">;
  /** Also reports changed permissions, which do not change the list of devices. */
  readonly cameras: Pick<Cameras, "watch">;
  readonly access: DeviceAccess;
  /** Runs with the first result, and with each different one. */
  onChange(availability: Availability): void;
  /** The list of devices has changed. Does not run for the first list. */
  onDevices(devices: DeviceList): void;
}

export interface DeviceAccess {
  /** Ids of listed cameras that cannot be opened. */
  closedCameras(): string[];
  closedNodes(): ClosedNodes;
}

export interface AvailabilityService {
  /** The newest result. Calls are assumed to be possible until the devices are known. */
  now(): Availability;
  /** Begins to evaluate and report. */
  start(): void;
  /** Ends every report. Idempotent. */
  stop(): void;
}

/** Observes devices only while they matter: not while the user has calls switched off, nor without an engine. */
export function createAvailabilityService(options: AvailabilityOptions): AvailabilityService {
  return new ObservedAvailability(options);
}

class ObservedAvailability implements AvailabilityService {
  readonly #options: AvailabilityOptions;
  readonly #unsubscribe: () => void;
  #devices: DeviceList | null = null;
  #now: Availability = AVAILABLE;
  /** JSON of the last result that was reported. */
  #lastReported: string | null = null;
  #stopObserving: (() => void) | null = null;
  #isRunning = false;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    this.#unsubscribe = options.settings.subscribe(() => {
      if (this.#isRunning) this.#evaluate();
    });
  }

  now(): Availability {
    return this.#now;
  }

  start(): void {
    this.#isRunning = true;
    this.#evaluate();
  }

  stop(): void {
    this.#isRunning = false;
    this.#unsubscribe();
    this.#ignoreDevices();
  }

  #evaluate(): void {
    const { settings, whyNoEngine, engineRemedy, access } = this.#options;
    const current = settings.get();
    // Checking the permissions touches the devices, so it is left out where they do not matter.
    const needsDevices = !current.videoDisabled && whyNoEngine === null;
    this.#now = judgeAvailability(current, {
      whyNoEngine,
      engineRemedy,
      devices: this.#devices,
      closedCameras: needsDevices ? access.closedCameras() : [],
      closedNodes: needsDevices ? access.closedNodes() : { paths: [], remedy: "" },
    });
    const { cause } = this.#now;
    this.#report();
    // Comes last, because a list that is known already arrives at once.
    if (cause === "user" || cause === "engine") this.#ignoreDevices();
    else this.#observeDevices();
  }

  #report(): void {
    const text = JSON.stringify(this.#now);
    // The first list of devices decides. A machine without devices must not be reported as available before it.
    const isPremature = this.#lastReported === null && this.#devices === null && !this.#now.videoDisabled;
    if (text === this.#lastReported || isPremature) return;
    this.#lastReported = text;
    this.#options.onChange(this.#now);
  }

  #observeDevices(): void {
    if (this.#stopObserving) return;
    const { devices, cameras } = this.#options;
    const stopCameras = cameras.watch(() => this.#evaluate());
    let stopDevices: () => void = () => undefined;
    this.#stopObserving = () => {
      stopCameras();
      stopDevices();
    };
    stopDevices = devices.subscribe((list) => this.#setDevices(list));
  }

  #ignoreDevices(): void {
    this.#stopObserving?.();
    this.#stopObserving = null;
  }

  #setDevices(list: DeviceList): void {
    const isFirst = this.#devices === null;
    const hasChanged = JSON.stringify(list) !== JSON.stringify(this.#devices);
    this.#devices = list;
    if (!isFirst && hasChanged) this.#options.onDevices(list);
    this.#evaluate();
  }
}
