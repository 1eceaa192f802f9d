// Keeps the chosen microphone and speaker open: one sound process while any is, a new one when it ended or got
// stuck, and word to the owner when that does not help. Knows nothing of tone, none and auto's fallback.

import { setTimeout as wait } from "node:timers/promises";
import { errorText } from "../../common/error-text.ts";
import type { Direction } from "../device-names.ts";
import type { ChildOptions } from "../process/sound-child.ts";
import { SoundChild } from "../process/sound-child.ts";
import type { DeviceLists } from "../process/sound-messages.ts";
import type { InterruptionCallbacks, Processing } from "../sound.ts";
import { NO_PROCESSING, SoundError } from "../sound.ts";
import type { MonitoredChild } from "./monitored-child.ts";
import { startMonitoredChild } from "./monitored-child.ts";
import { ServerPresence } from "./server-presence.ts";
import type { StallLimits } from "./stall-detector.ts";
import { DEFAULT_STALL_LIMITS } from "./stall-detector.ts";

export interface DeviceSupervisorOptions extends ChildOptions {
  readonly stallLimits?: StallLimits | undefined;
  /** Waits before the first tries to open lost devices again, milliseconds. */
  readonly retryWaitsMs?: readonly number[] | undefined;
}

/** Together 7 s: an audio server that its supervisor starts again is back within two. */
const DEFAULT_RETRY_WAITS_MS = [100, 400, 1_000, 1_500, 2_000, 2_000];
/** Each further try starts a process, 0.3 s of processor; a server whose return is noticed cuts the wait short. */
const AWAY_WAIT_MS = 5_000;
/** A sound process that ran this long was well, so a later fault gets all tries again. Above every stall limit. */
const STEADY_MS = 10_000;
/** Stopping a device takes 0.1 s, or for ever; killing its process does as well. */
const CLOSE_MS = 300;

export interface DeviceOwner extends InterruptionCallbacks {
  onBlock(block: Int16Array): void;
  onLost(error: SoundError): void;
}

export type Opening =
  | { readonly result: "opened"; readonly id: string; readonly name: string }
  | { readonly result: "unknown"; readonly known: string[] };

interface Kept {
  readonly direction: Direction;
  readonly choice: string;
  readonly id: string;
  readonly name: string;
  readonly owner: DeviceOwner;
  isInterrupted: boolean;
}

interface Reopening {
  readonly watched: MonitoredChild;
  readonly lost: ReadonlyMap<Kept, SoundError>;
  readonly knowsOthers: boolean;
}

export class DeviceSupervisor {
  readonly #options: DeviceSupervisorOptions;
  readonly #kept = new Map<Direction, Kept>();
  readonly #closing = new AbortController();
  #cutWait = new AbortController();
  #watched: MonitoredChild | null = null;
  /** The end of the last process that was at fault. */
  #dying: Promise<void> = Promise.resolve();
  #queue: Promise<unknown> = Promise.resolve();
  /** Why the kept devices are not open; null while they are. */
  #broken: string | null = null;
  /** Whether the sound server is there; looked at while a device is kept. */
  readonly #server: ServerPresence;
  #isMuted = false;
  #processing = NO_PROCESSING;
  #tries = 0;
  /** Openings under way, for which the process must stay. */
  #opening = 0;
  #startedMs = 0;

  constructor(options: DeviceSupervisorOptions) {
    this.#options = options;
    this.#server = new ServerPresence(options.env ?? {}, {
      onGone: () => this.#serverGone(),
      onBack: () => this.#serverBack(),
    });
  }

  /**
   * Lists in a process of its own: a scan blocks for up to 0.3 s, which would be heard on an open device, and a
   * process with an open device does not see what was plugged in since.
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

  /** @throws SoundError, also where a device of this direction is open already. */
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
    if (this.#broken !== null && this.#kept.size > 0) await this.#tryToRepair();
    if (this.#kept.size === 0) this.#broken = null;
    this.#refuseWhenClosed();
    if (this.#broken !== null) throw new SoundError(`the ${direction} cannot be opened: ${this.#broken}`);
    const other = this.#kept.get(direction);
    if (other) throw new SoundError(`the ${direction} ${other.name} is open already; close it first`);
    if (this.#kept.size === 0) this.#tries = 0;
    const opening = await this.#openFresh(direction, choice);
    this.#refuseWhenClosed();
    if (opening.result === "unknown") return opening;
    if (direction === "microphone") this.#isMuted = false;
    const { id, name } = opening;
    this.#kept.set(direction, { direction, choice, id, name, owner, isInterrupted: false });
    this.#server.watch();
    return opening;
  }

  /** Takes 1.3 s at the longest, whatever state the device is in. */
  async close(direction: Direction): Promise<void> {
    if (!this.#kept.delete(direction)) return;
    if (this.#kept.size === 0) this.#cutWait.abort();
    const watched = this.#watched;
    // Where there is no process, one is being started, which opens only what is still kept.
    if (!watched) return;
    try {
      await watched.child.close(direction, CLOSE_MS);
    } catch (error) {
      this.#fault(watched, errorText(error));
    }
    await this.#endWhenIdle();
  }

  setMuted(muted: boolean): void {
    this.#isMuted = muted;
    this.#watched?.child.setMuted(muted);
  }

  /** Kept for every process that opens the microphone from now on. */
  setProcessing(processing: Processing): void {
    this.#processing = processing;
    this.#watched?.child.setProcessing(processing);
  }

  play(bytes: Uint8Array): void {
    this.#watched?.child.play(bytes);
  }

  /** Ends all within a bounded time, whatever is going on. */
  async closeAll(): Promise<void> {
    this.#kept.clear();
    this.#server.close();
    this.#closing.abort();
    await this.#endChild();
    await this.#queue;
    await this.#endChild();
  }

  /** A device that is unknown to a process with an older scan may be known to a new one. */
  async #openFresh(direction: Direction, choice: string): Promise<Opening> {
    const opening = await this.#running().child.open(direction, choice);
    if (opening.result === "opened" || this.#kept.size === 0) return opening;
    this.#options.log(
      "info",
      `the ${direction} ${choice} is unknown to the running sound process: starting another`,
    );
    await this.#endChild();
    const { lost } = await this.#reopen(false);
    for (const [kept, error] of lost) this.#lose(kept, error);
    return this.#running().child.open(direction, choice);
  }

  #running(): MonitoredChild {
    if (this.#watched) return this.#watched;
    const watched = startMonitoredChild(
      this.#options,
      this.#options.stallLimits ?? DEFAULT_STALL_LIMITS,
      (block) => {
        if (!this.#isMuted) this.#kept.get("microphone")?.owner.onBlock(block);
      },
      (reason) => this.#fault(watched, reason),
    );
    watched.child.setProcessing(this.#processing);
    this.#watched = watched;
    this.#startedMs = performance.now();
    return watched;
  }

  /** Devices that went with it are found out soon; a process that is still opening may hang for ever. */
  #serverGone(): void {
    if (this.#broken === null) this.#watched?.hurry();
    else {
      this.#dying = this.#watched?.kill() ?? this.#dying;
      this.#watched = null;
    }
  }

  #serverBack(): void {
    this.#tries = 0;
    this.#cutWait.abort();
  }

  #fault(watched: MonitoredChild, reason: string): void {
    if (this.#watched !== watched) return;
    this.#watched = null;
    this.#dying = watched.kill();
    if (this.#kept.size === 0) return;
    if (performance.now() - this.#startedMs > STEADY_MS) this.#tries = 0;
    this.#options.log("warn", `sound stopped: ${reason}; opening the devices again`);
    this.#broken = reason;
    void this.#inTurn(() => this.#repair());
  }

  /** Tries until a device opens; makes way for whoever waits for a turn. */
  async #repair(): Promise<void> {
    while (this.#broken !== null && this.#kept.size > 0) {
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
    this.#cutWait = new AbortController();
    await this.#endChild();
    if (!this.#server.takeReturn()) await this.#pause(waitMs);
    if (this.#kept.size === 0) return;
    const { watched, lost, knowsOthers } = await this.#reopen(isLate);
    if (this.#watched === watched && lost.size < this.#kept.size) return this.#mended(lost);
    this.#broken = [...lost.values()][0]?.message ?? this.#broken;
    if (isLate && this.#server.isDeviceAtFault(knowsOthers)) return this.#giveUp(waits.length);
    const error = new SoundError(this.#broken ?? "sound is interrupted");
    for (const kept of [...this.#kept.values()]) this.#interrupt(kept, error);
  }

  #mended(lost: ReadonlyMap<Kept, SoundError>): void {
    this.#broken = null;
    for (const [kept, error] of lost) this.#lose(kept, error);
    for (const kept of [...this.#kept.values()]) {
      if (!kept.isInterrupted) continue;
      kept.isInterrupted = false;
      kept.owner.onResumed?.();
    }
  }

  #interrupt(kept: Kept, error: SoundError): void {
    if (kept.isInterrupted) return;
    kept.isInterrupted = true;
    kept.owner.onInterrupted?.(error);
  }

  async #giveUp(tries: number): Promise<void> {
    const error = new SoundError(`sound was lost and did not come back in ${tries} tries: ${this.#broken}`);
    this.#broken = null;
    this.#tries = 0;
    await this.#endChild();
    for (const kept of [...this.#kept.values()]) this.#lose(kept, error);
  }

  /**
   * All in one process, or none. The device that was open is taken first: without its server `auto` may mean a bare
   * card, which would then keep the server from that card.
   * @returns the devices that could not be opened, with the reason, and whether there were others.
   */
  async #reopen(isLate: boolean): Promise<Reopening> {
    const lost = new Map<Kept, SoundError>();
    let knowsOthers = false;
    const watched = this.#running();
    for (const kept of [...this.#kept.values()]) {
      if (this.#kept.get(kept.direction) !== kept) continue;
      try {
        const opening = await watched.child.open(kept.direction, isLate ? kept.choice : kept.id);
        if (opening.result === "unknown") {
          knowsOthers ||= opening.known.length > 0;
          lost.set(kept, new SoundError(`the ${kept.direction} ${kept.name} is gone`));
        } else if (!this.#kept.has(kept.direction)) await watched.child.close(kept.direction, CLOSE_MS);
      } catch (error) {
        lost.set(kept, new SoundError(errorText(error)));
      }
    }
    if (this.#isMuted) this.#watched?.child.setMuted(true);
    return { watched, lost, knowsOthers };
  }

  #lose(kept: Kept, error: SoundError): void {
    if (this.#kept.get(kept.direction) !== kept) return;
    this.#kept.delete(kept.direction);
    kept.owner.onLost(error);
  }

  async #pause(waitMs: number): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#cutWait.signal]);
    // The wait is cut short when the server is back or nothing is kept any more, which the loop then sees.
    await wait(waitMs, undefined, { signal }).catch(() => undefined);
  }

  async #endWhenIdle(): Promise<void> {
    if (this.#kept.size > 0 || this.#opening > 0) return;
    this.#server.close();
    await this.#endChild();
  }

  async #endChild(): Promise<void> {
    const watched = this.#watched;
    this.#watched = null;
    await watched?.kill();
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
  // A process that only lists has nothing else to tell.
}
