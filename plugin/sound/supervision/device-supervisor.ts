// Keeps the chosen microphone and speaker open. They share one sound process, which is replaced when it ends or gets stuck.
// When that does not help the devices' owners are called. create-sound.ts handles tone, none and the fallback of auto.

import { setTimeout as wait } from "node:timers/promises";
import { errorText } from "../../common/error-text.ts";
import type { Direction } from "../device-names.ts";
import type { ChildOptions } from "../process/sound-child.ts";
import { SoundChild } from "../process/sound-child.ts";
import type { DeviceLists } from "../process/sound-messages.ts";
import type { InterruptionCallbacks, Processing } from "../sound.ts";
import { NO_PROCESSING, SoundError } from "../sound.ts";
import type { MonitoredChild, StallLimits } from "./monitored-child.ts";
import { DEFAULT_STALL_LIMITS, startMonitoredChild } from "./monitored-child.ts";
import { ServerMonitor } from "./server-monitor.ts";

interface DeviceSupervisorOptions extends ChildOptions {
  readonly stallLimits?: StallLimits | undefined;
  /** Waits in milliseconds before the first tries to reopen devices. */
  readonly retryWaitsMs?: readonly number[] | undefined;
}

/** 7 s in total. An audio server that its supervisor restarts is back within two. */
const DEFAULT_RETRY_WAITS_MS = [100, 400, 1_000, 1_500, 2_000, 2_000];
/** Each further try starts a process, which takes 0.3 s of processor time. The return of the server ends the wait. */
const AWAY_WAIT_MS = 5_000;
/** A fault after a process ran this long gets all tries again. Longer than every stall limit. */
const STEADY_MS = 10_000;
/** Stopping a device takes 0.1 s or never ends. Then its process is killed, which closes the device too. */
const CLOSE_MS = 300;

export interface DeviceOwner extends InterruptionCallbacks {
  onBlock(block: Int16Array): void;
  onLost(error: SoundError): void;
}

export type Opening =
  | { readonly result: "opened"; readonly id: string; readonly name: string }
  | { readonly result: "unknown"; readonly known: string[] };

interface OwnedDevice {
  readonly direction: Direction;
  readonly choice: string;
  readonly id: string;
  readonly name: string;
  readonly owner: DeviceOwner;
  isInterrupted: boolean;
}

interface Reopening {
  readonly monitored: MonitoredChild;
  readonly lost: ReadonlyMap<OwnedDevice, SoundError>;
  readonly hasOtherDevices: boolean;
}

export class DeviceSupervisor {
  readonly #options: DeviceSupervisorOptions;
  readonly #owned = new Map<Direction, OwnedDevice>();
  readonly #closing = new AbortController();
  #endWait = new AbortController();
  #monitored: MonitoredChild | null = null;
  /** Resolves when the last faulty process has ended. */
  #dying: Promise<void> = Promise.resolve();
  #queue: Promise<unknown> = Promise.resolve();
  /** Why the devices are not open; null while they are. */
  #broken: string | null = null;
  /** Runs while a device is owned. */
  readonly #server: ServerMonitor;
  #isMuted = false;
  #processing = NO_PROCESSING;
  #tries = 0;
  /** The number of openings in progress, which keep the process alive. */
  #opening = 0;
  #startedMs = 0;

  constructor(options: DeviceSupervisorOptions) {
    this.#options = options;
    this.#server = new ServerMonitor(options.env ?? {}, {
      onGone: () => this.#serverGone(),
      onBack: () => this.#serverBack(),
    });
  }

  /**
   * Lists in a process of its own. A scan blocks for up to 0.3 s, which would be audible on an open device, and a process
   * with an open device does not see devices that were plugged in later.
   * @throws SoundError
   */
  async list(): Promise<DeviceLists> {
    this.#refuseWhenClosed();
    const child = new SoundChild(this.#options, { onBlock: ignore, onHeartbeat: ignore, onExit: ignore });
    const end = () => void child.kill();
    this.#closing.signal.addEventListener("abort", end);
    try {
      return await child.list();
    } finally {
      this.#closing.signal.removeEventListener("abort", end);
      await child.kill();
    }
  }

  /** @throws SoundError, also when a device of this direction is already open */
  async open(direction: Direction, choice: string, owner: DeviceOwner): Promise<Opening> {
    this.#opening += 1;
    try {
      return await this.#inTurn(() => this.#openInTurn(direction, choice, owner));
    } finally {
      this.#opening -= 1;
      await this.#endWhenIdle();
    }
  }

  async #openInTurn(direction: Direction, choice: string, owner: DeviceOwner): Promise<Opening> {
    if (this.#broken !== null && this.#owned.size > 0) await this.#tryToRepair();
    if (this.#owned.size === 0) this.#broken = null;
    this.#refuseWhenClosed();
    if (this.#broken !== null) throw new SoundError(`the ${direction} cannot be opened: ${this.#broken}`);
    const other = this.#owned.get(direction);
    if (other) throw new SoundError(`the ${direction} ${other.name} is open already; close it first`);
    if (this.#owned.size === 0) this.#tries = 0;
    const opening = await this.#openFresh(direction, choice);
    this.#refuseWhenClosed();
    if (opening.result === "unknown") return opening;
    if (direction === "microphone") this.#isMuted = false;
    const { id, name } = opening;
    this.#owned.set(direction, { direction, choice, id, name, owner, isInterrupted: false });
    this.#server.start();
    return opening;
  }

  /** Takes at most 1.3 s in any state of the device. */
  async close(direction: Direction): Promise<void> {
    if (!this.#owned.delete(direction)) return;
    if (this.#owned.size === 0) this.#endWait.abort();
    const monitored = this.#monitored;
    // Without a process one is being started, which opens only the devices that are still owned.
    if (!monitored) return;
    try {
      await monitored.child.close(direction, CLOSE_MS);
    } catch (error) {
      this.#fault(monitored, errorText(error));
    }
    await this.#endWhenIdle();
  }

  setMuted(muted: boolean): void {
    this.#isMuted = muted;
    this.#monitored?.child.setMuted(muted);
  }

  /** Also applied to every later process. */
  setProcessing(processing: Processing): void {
    this.#processing = processing;
    this.#monitored?.child.setProcessing(processing);
  }

  play(bytes: Uint8Array): void {
    this.#monitored?.child.play(bytes);
  }

  /** Ends everything within a bounded time in any state. */
  async closeAll(): Promise<void> {
    this.#owned.clear();
    this.#server.close();
    this.#closing.abort();
    await this.#endChild();
    await this.#queue;
    await this.#endChild();
  }

  /** A running process has an old scan. If it does not know the device, a new process may. */
  async #openFresh(direction: Direction, choice: string): Promise<Opening> {
    const opening = await this.#running().child.open(direction, choice);
    if (opening.result === "opened" || this.#owned.size === 0) return opening;
    this.#options.log(
      "info",
      `the ${direction} ${choice} is unknown to the running sound process, which is replaced`,
    );
    await this.#endChild();
    const { lost } = await this.#reopen(false);
    for (const [device, error] of lost) this.#lose(device, error);
    return this.#running().child.open(direction, choice);
  }

  #running(): MonitoredChild {
    if (this.#monitored) return this.#monitored;
    const monitored = startMonitoredChild(
      this.#options,
      this.#options.stallLimits ?? DEFAULT_STALL_LIMITS,
      (block) => {
        if (!this.#isMuted) this.#owned.get("microphone")?.owner.onBlock(block);
      },
      (reason) => this.#fault(monitored, reason),
    );
    monitored.child.setProcessing(this.#processing);
    this.#monitored = monitored;
    this.#startedMs = performance.now();
    return monitored;
  }

  /** Detects soon which devices went with the server. A process that is still opening may hang, so it is killed. */
  #serverGone(): void {
    if (this.#broken === null) this.#monitored?.suspect();
    else {
      this.#dying = this.#monitored?.kill() ?? this.#dying;
      this.#monitored = null;
    }
  }

  #serverBack(): void {
    this.#tries = 0;
    this.#endWait.abort();
  }

  #fault(monitored: MonitoredChild, reason: string): void {
    if (this.#monitored !== monitored) return;
    this.#monitored = null;
    this.#dying = monitored.kill();
    if (this.#owned.size === 0) return;
    if (performance.now() - this.#startedMs > STEADY_MS) this.#tries = 0;
    this.#options.log("warn", `sound stopped: ${reason}; opening the devices again`);
    this.#broken = reason;
    void this.#inTurn(() => this.#repair());
  }

  /** Tries until a device opens. Between tries an `open()` that waits for its turn goes first. */
  async #repair(): Promise<void> {
    while (this.#broken !== null && this.#owned.size > 0) {
      await this.#tryToRepair();
      if (this.#broken === null || this.#opening === 0) continue;
      void this.#inTurn(() => this.#repair());
      return;
    }
    this.#broken = null;
    await this.#endWhenIdle();
  }

  async #tryToRepair(): Promise<void> {
    const waits = this.#options.retryWaitsMs ?? DEFAULT_RETRY_WAITS_MS;
    const waitMs = waits[this.#tries] ?? AWAY_WAIT_MS;
    const isLate = this.#tries >= waits.length;
    this.#tries += 1;
    this.#endWait = new AbortController();
    await this.#endChild();
    if (!this.#server.takeReturn()) await this.#pause(waitMs);
    if (this.#owned.size === 0) return;
    const { monitored, lost, hasOtherDevices } = await this.#reopen(isLate);
    if (this.#monitored === monitored && lost.size < this.#owned.size) return this.#onReopened(lost);
    this.#broken = [...lost.values()][0]?.message ?? this.#broken;
    if (isLate && this.#server.isDeviceAtFault(hasOtherDevices)) return this.#giveUp(waits.length);
    const error = new SoundError(this.#broken ?? "sound is interrupted");
    for (const device of [...this.#owned.values()]) this.#interrupt(device, error);
  }

  #onReopened(lost: ReadonlyMap<OwnedDevice, SoundError>): void {
    this.#broken = null;
    for (const [device, error] of lost) this.#lose(device, error);
    for (const device of [...this.#owned.values()]) {
      if (!device.isInterrupted) continue;
      device.isInterrupted = false;
      device.owner.onResumed?.();
    }
  }

  #interrupt(device: OwnedDevice, error: SoundError): void {
    if (device.isInterrupted) return;
    device.isInterrupted = true;
    device.owner.onInterrupted?.(error);
  }

  async #giveUp(tries: number): Promise<void> {
    const error = new SoundError(`sound was lost and did not come back in ${tries} tries: ${this.#broken}`);
    this.#broken = null;
    this.#tries = 0;
    await this.#endChild();
    for (const device of [...this.#owned.values()]) this.#lose(device, error);
  }

  /**
   * Reopens all devices in one process. The first tries use the id of the device that was open: without its server `auto`
   * may choose a bare card, which would then block the returning server.
   * @returns the devices that could not be opened, with the reasons, and whether other devices exist
   */
  async #reopen(isLate: boolean): Promise<Reopening> {
    const lost = new Map<OwnedDevice, SoundError>();
    let hasOtherDevices = false;
    const monitored = this.#running();
    for (const device of [...this.#owned.values()]) {
      if (this.#owned.get(device.direction) !== device) continue;
      try {
        const opening = await monitored.child.open(device.direction, isLate ? device.choice : device.id);
        if (opening.result === "unknown") {
          hasOtherDevices ||= opening.known.length > 0;
          lost.set(device, new SoundError(`the ${device.direction} ${device.name} is gone`));
        } else if (!this.#owned.has(device.direction))
          await monitored.child.close(device.direction, CLOSE_MS);
      } catch (error) {
        lost.set(device, new SoundError(errorText(error)));
      }
    }
    if (this.#isMuted) this.#monitored?.child.setMuted(true);
    return { monitored, lost, hasOtherDevices };
  }

  #lose(device: OwnedDevice, error: SoundError): void {
    if (this.#owned.get(device.direction) !== device) return;
    this.#owned.delete(device.direction);
    device.owner.onLost(error);
  }

  async #pause(waitMs: number): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#endWait.signal]);
    // The wait ends early when the server is back or no device is owned. The caller's loop checks both.
    await wait(waitMs, undefined, { signal }).catch(() => undefined);
  }

  async #endWhenIdle(): Promise<void> {
    if (this.#owned.size > 0 || this.#opening > 0) return;
    this.#server.close();
    await this.#endChild();
  }

  async #endChild(): Promise<void> {
    const monitored = this.#monitored;
    this.#monitored = null;
    await monitored?.kill();
    await this.#dying;
  }

  #refuseWhenClosed(): void {
    if (this.#closing.signal.aborted) throw new SoundError("sound was closed");
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function ignore(): void {
  // A process that only lists has no other events.
}
