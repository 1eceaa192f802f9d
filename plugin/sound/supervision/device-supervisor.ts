// Keeps the chosen device of one direction open. It has a sound process of its own, so that a microphone that fails never touches
// the speaker. The process is replaced when it ends or gets stuck. When that does not help, the device's owner is called.
// create-sound.ts handles tone, none and the fallback of auto.

import { setTimeout as wait } from "node:timers/promises";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { Direction } from "../device-names.ts";
import type { Router, Target } from "../server/router.ts";
import { isServerId } from "../server/server-devices.ts";
import type { SoundServer } from "../server/sound-server.ts";
import { StreamFollower } from "../server/stream-follower.ts";
import type { InterruptionCallbacks, Processing } from "../sound.ts";
import { NO_PROCESSING, SoundError } from "../sound.ts";
import type { MonitoredChild, StallLimits } from "./monitored-child.ts";
import { DEFAULT_STALL_LIMITS, startMonitoredChild } from "./monitored-child.ts";
import { type OpenDevice, type Opening, openDeviceOf } from "./open-device.ts";
import { ServerMonitor } from "./server-monitor.ts";

interface DeviceSupervisorOptions {
  readonly direction: Direction;
  readonly log: Log;
  /** The plugin's environment, which names the sound server. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly router: Router;
  readonly server: SoundServer;
  readonly stallLimits?: StallLimits | undefined;
  readonly requestMs?: number | undefined;
  /** Called before each sound process starts. */
  readonly beforeStart?: (() => void) | undefined;
  /** Called often while the sound process of this id moves blocks. */
  readonly onRunning?: ((pid: number) => void) | undefined;
  /** Waits in milliseconds before the first tries to reopen the device. */
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
  /** Captured blocks of a microphone; of a speaker the blocks that it plays, for the echo canceller. */
  onBlock(block: Int16Array): void;
  /** Peak of what a muted microphone captures, 0 to 1. */
  onMutedLevel?(level: number): void;
  onLost(error: SoundError): void;
}

interface OwnedDevice {
  readonly choice: string;
  readonly id: string;
  readonly name: string;
  readonly owner: DeviceOwner;
  isInterrupted: boolean;
}

/** What prevented a device from being opened. */
interface Problem {
  readonly why: string;
  readonly hasOtherDevices: boolean;
}

/** A sound process with its open device. */
interface Running {
  readonly monitored: MonitoredChild;
  readonly follower: StreamFollower | null;
  device: OpenDevice | null;
}

export class DeviceSupervisor {
  readonly #options: DeviceSupervisorOptions;
  readonly #closing = new AbortController();
  #endWait = new AbortController();
  #device: OwnedDevice | null = null;
  #running: Running | null = null;
  /** Resolves when the last faulty process has ended. */
  #dying: Promise<void> = Promise.resolve();
  #queue: Promise<unknown> = Promise.resolve();
  /** Why the device is not open; null while it is. */
  #broken: string | null = null;
  /** Runs while a device is owned. */
  readonly #server: ServerMonitor;
  #isMuted = false;
  #processing = NO_PROCESSING;
  #tries = 0;
  #startedMs = 0;

  constructor(options: DeviceSupervisorOptions) {
    this.#options = options;
    this.#server = new ServerMonitor(options.env ?? {}, {
      onGone: () => this.#serverGone(),
      onBack: () => this.#serverBack(),
    });
  }

  /** @throws SoundError, also when a device is already open */
  open(choice: string, owner: DeviceOwner): Promise<Opening> {
    return this.#inTurn(() => this.#openInTurn(choice, owner));
  }

  async #openInTurn(choice: string, owner: DeviceOwner): Promise<Opening> {
    this.#refuseWhenClosed();
    const { direction } = this.#options;
    if (this.#device)
      throw new SoundError(`the ${direction} ${this.#device.name} is open already; close it first`);
    this.#tries = 0;
    this.#broken = null;
    this.#isMuted = false;
    const opening = await this.#start(choice, owner);
    if (this.#closing.signal.aborted) await this.#endProcess();
    this.#refuseWhenClosed();
    if (opening.result === "unknown") return opening;
    this.#device = { choice, id: opening.id, name: opening.name, owner, isInterrupted: false };
    this.#server.start();
    return opening;
  }

  /** The device while it is open; null otherwise. */
  get current(): OpenDevice | null {
    return this.#running?.device ?? null;
  }

  /** Takes at most 1.3 s in any state of the device. */
  async close(): Promise<void> {
    if (this.#device === null) return;
    this.#device = null;
    this.#endWait.abort();
    this.#server.close();
    const running = this.#running;
    // Without a process one may be starting, which ends itself when the device is no longer owned.
    if (running === null) return;
    running.follower?.stop();
    try {
      await running.monitored.child.close(this.#options.direction, CLOSE_MS);
    } catch (error) {
      this.#options.log(
        "debug",
        `the ${this.#options.direction} is ended with its process: ${errorText(error)}`,
      );
    }
    if (this.#running === running) await this.#endProcess();
  }

  setMuted(muted: boolean): void {
    this.#isMuted = muted;
    this.#running?.monitored.child.setMuted(muted);
  }

  /** Also applied to every later process. */
  setProcessing(processing: Processing): void {
    this.#processing = processing;
    this.#running?.monitored.child.setProcessing(processing);
  }

  /** The delay between the played and the captured blocks has changed. */
  restartVoice(): void {
    this.#running?.monitored.child.restartVoice();
  }

  /** Blocks for the speaker; for a microphone those that the speaker plays. */
  play(bytes: Uint8Array): void {
    this.#running?.monitored.child.play(bytes);
  }

  /** Ends everything within a bounded time in any state. */
  async closeAll(): Promise<void> {
    this.#device = null;
    this.#server.close();
    this.#closing.abort();
    await this.#endProcess();
    await this.#queue;
    await this.#endProcess();
  }

  /** Opens the device in a new process. Without success no process is left. */
  async #start(choice: string, owner: DeviceOwner, needsServer = false): Promise<Opening> {
    const { direction, router } = this.#options;
    await this.#endProcess();
    const resolution = await router.resolve(direction, choice, needsServer);
    if (resolution.result === "unknown") return resolution;
    const { target } = resolution;
    const running = this.#launch(target, owner);
    try {
      const opening = await running.monitored.child.open(direction, target.choice, target.server !== null);
      if (opening.result === "unknown") {
        await this.#endProcess();
        return target.server === null ? opening : { result: "unknown", known: [target.server.device.id] };
      }
      this.#applyState(running);
      running.device = openDeviceOf(opening, target, this.#options.log);
      return { result: "opened", ...running.device };
    } catch (error) {
      await this.#endProcess();
      throw this.#broken === null ? error : new SoundError(this.#broken);
    }
  }

  #applyState({ monitored }: Running): void {
    if (this.#isMuted) monitored.child.setMuted(true);
  }

  #launch(target: Target, owner: DeviceOwner): Running {
    const {
      direction,
      log,
      requestMs,
      beforeStart,
      server,
      stallLimits = DEFAULT_STALL_LIMITS,
    } = this.#options;
    const isCurrent = () => this.#running === running;
    const deliver = (block: Int16Array) => {
      if (isCurrent() && !this.#isMuted) owner.onBlock(block);
    };
    const pass = (block: Int16Array) => {
      // Only captured blocks can come from a wrong source.
      if (follower === null || direction === "speaker") deliver(block);
      else follower.pass(block);
    };
    const monitored = startMonitoredChild({ log, env: target.env, requestMs, beforeStart }, stallLimits, {
      onBlock: pass,
      onMutedLevel: (level) => {
        if (isCurrent() && this.#isMuted) owner.onMutedLevel?.(level);
      },
      onRunning: (pid) => this.#options.onRunning?.(pid),
      onFault: (reason) => {
        if (isCurrent()) this.#fault(reason);
      },
    });
    const follower =
      target.server === null
        ? null
        : new StreamFollower(server, direction, target.server, {
            onBlock: deliver,
            onStatus: (status) => {
              if (isCurrent()) owner.onStatus?.(status);
            },
            onSuspended: (reason) => {
              if (isCurrent()) this.#onSuspended(reason);
            },
            onGone: (reason) => {
              if (isCurrent()) this.#onGone(reason);
            },
            onUnverified: () =>
              log("warn", `the sound server does not report the stream of the ${direction}`),
          });
    const running: Running = { monitored, follower, device: null };
    monitored.child.setProcessing(this.#processing);
    this.#running = running;
    this.#startedMs = performance.now();
    return running;
  }

  /** Without blocks from a suspended device nothing is stuck. The server reports when it goes on. */
  #onSuspended(reason: string | null): void {
    this.#running?.monitored.setSuspended(reason !== null);
    const device = this.#device;
    if (device === null || this.#broken !== null) return;
    if (reason !== null) this.#interrupt(device, new SoundError(reason));
    else this.#resume(device);
  }

  /** Another process cannot bring the device back. */
  #onGone(reason: string): void {
    const device = this.#device;
    // A device that is being opened fails with its process.
    if (device === null) this.#fault(reason);
    else void this.#giveUp(device, new SoundError(reason));
  }

  /** Detects soon whether the device went with the server. A process that is still opening may hang, so it is killed. */
  #serverGone(): void {
    if (this.#broken === null) this.#running?.monitored.suspect();
    else this.#dropProcess();
  }

  #serverBack(): void {
    this.#tries = 0;
    this.#endWait.abort();
  }

  #fault(reason: string): void {
    this.#dropProcess();
    this.#broken = reason;
    const device = this.#device;
    if (device === null) return;
    if (performance.now() - this.#startedMs > STEADY_MS) this.#tries = 0;
    this.#options.log("warn", `the ${this.#options.direction} stopped: ${reason}; opening it again`);
    void this.#inTurn(() => this.#repair(device));
  }

  /** Tries until the device opens, is closed, or is lost. */
  async #repair(device: OwnedDevice): Promise<void> {
    while (this.#broken !== null && this.#device === device) await this.#tryToRepair(device);
  }

  async #tryToRepair(device: OwnedDevice): Promise<void> {
    const waits = this.#options.retryWaitsMs ?? DEFAULT_RETRY_WAITS_MS;
    const waitMs = waits[this.#tries] ?? AWAY_WAIT_MS;
    const isLate = this.#tries >= waits.length;
    this.#tries += 1;
    this.#endWait = new AbortController();
    await this.#endProcess();
    if (!this.#server.takeReturn()) await this.#pause(waitMs);
    if (this.#device !== device) return;
    const problem = await this.#reopen(device, isLate);
    if (this.#device !== device) return this.#endProcess();
    if (problem === null) return this.#resume(device);
    this.#broken = problem.why;
    const isOver = isLate && this.#server.isDeviceAtFault(problem.hasOtherDevices);
    const error = new SoundError(problem.why);
    if (isOver) {
      const text = `the ${this.#options.direction} did not come back in ${waits.length} tries: ${problem.why}`;
      await this.#giveUp(device, new SoundError(text));
    } else this.#interrupt(device, error);
  }

  /**
   * The first tries open the same device as before: without its server `auto` may choose a bare card, which would then block the
   * returning server.
   * @returns what prevented it; null when the device is open again
   */
  async #reopen(device: OwnedDevice, isLate: boolean): Promise<Problem | null> {
    const isServers = isServerId(device.id);
    try {
      this.#broken = null;
      const choice = isServers || isLate ? device.choice : device.id;
      const opening = await this.#start(choice, device.owner, isServers && !isLate);
      if (opening.result === "opened") {
        // The process may have failed at once.
        return this.#running === null
          ? { why: this.#broken ?? "the sound process ended", hasOtherDevices: false }
          : null;
      }
      const why = `the ${this.#options.direction} ${device.name} is gone`;
      return { why, hasOtherDevices: opening.known.length > 0 };
    } catch (error) {
      return { why: errorText(error), hasOtherDevices: false };
    }
  }

  #resume(device: OwnedDevice): void {
    if (!device.isInterrupted) return;
    device.isInterrupted = false;
    device.owner.onResumed?.();
  }

  #interrupt(device: OwnedDevice, error: SoundError): void {
    if (device.isInterrupted) return;
    device.isInterrupted = true;
    device.owner.onInterrupted?.(error);
  }

  async #giveUp(device: OwnedDevice, error: SoundError): Promise<void> {
    this.#broken = null;
    this.#tries = 0;
    this.#device = null;
    this.#server.close();
    this.#dropProcess();
    device.owner.onLost(error);
    await this.#dying;
  }

  async #pause(waitMs: number): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#endWait.signal]);
    // The wait ends early when the server is back or the device is closed. The caller's loop checks both.
    await wait(waitMs, undefined, { signal }).catch(() => undefined);
  }

  /** Kills the process without waiting. */
  #dropProcess(): void {
    const running = this.#running;
    this.#running = null;
    if (running === null) return;
    running.follower?.stop();
    const killed = running.monitored.kill();
    this.#dying = Promise.all([this.#dying, killed]).then(() => undefined);
  }

  async #endProcess(): Promise<void> {
    this.#dropProcess();
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
