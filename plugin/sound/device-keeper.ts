// Keeps the chosen microphone and speaker open: one sound process while any is, a new one when it ended or got
// stuck, and word to the owner when that does not help. Knows nothing of tone, none and auto's fallback.

import { setTimeout as wait } from "node:timers/promises";
import type { Direction } from "./device-names.ts";
import type { InterruptionCallbacks } from "./sound.ts";
import { SoundError } from "./sound.ts";
import type { ChildOptions } from "./sound-child.ts";
import { SoundChild } from "./sound-child.ts";
import type { DeviceLists } from "./sound-messages.ts";
import type { StallLimits } from "./stall-watch.ts";
import { DEFAULT_STALL_LIMITS } from "./stall-watch.ts";
import { startWatchedChild } from "./watched-child.ts";

export interface KeeperOptions extends ChildOptions {
  readonly stallLimits?: StallLimits | undefined;
  /** Waits before each try to open lost devices again, milliseconds; as many tries as there are waits. */
  readonly retryWaitsMs?: readonly number[] | undefined;
}

/** Together 7 s: an audio server that its supervisor starts again is back within two. */
const DEFAULT_RETRY_WAITS_MS = [100, 400, 1_000, 1_500, 2_000, 2_000];
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
  readonly name: string;
  readonly owner: DeviceOwner;
}

type Watched = ReturnType<typeof startWatchedChild>;

export class DeviceKeeper {
  readonly #options: KeeperOptions;
  readonly #kept = new Map<Direction, Kept>();
  readonly #closing = new AbortController();
  #nothingKept = new AbortController();
  #watched: Watched | null = null;
  /** The end of the last process that was at fault. */
  #dying: Promise<void> = Promise.resolve();
  #queue: Promise<unknown> = Promise.resolve();
  /** Why the kept devices are not open; null while they are. */
  #broken: string | null = null;
  #isMuted = false;
  #tries = 0;
  /** Openings under way, for which the process must stay. */
  #opening = 0;
  #startedMs = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
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
    await this.#repair();
    this.#refuseWhenClosed();
    const other = this.#kept.get(direction);
    if (other) throw new SoundError(`the ${direction} ${other.name} is open already; close it first`);
    if (this.#kept.size === 0) this.#tries = 0;
    const opening = await this.#openFresh(direction, choice);
    this.#refuseWhenClosed();
    if (opening.result === "unknown") return opening;
    if (direction === "microphone") this.#isMuted = false;
    this.#kept.set(direction, { direction, choice, name: opening.name, owner });
    return opening;
  }

  /** Takes 1.3 s at the longest, whatever state the device is in. */
  async close(direction: Direction): Promise<void> {
    if (!this.#kept.delete(direction)) return;
    if (this.#kept.size === 0) this.#nothingKept.abort();
    const watched = this.#watched;
    // Where there is no process, one is being started, which opens only what is still kept.
    if (!watched) return;
    try {
      await watched.child.close(direction, CLOSE_MS);
    } catch (error) {
      this.#fault(watched, messageOf(error));
    }
    await this.#endWhenIdle();
  }

  setMuted(muted: boolean): void {
    this.#isMuted = muted;
    this.#watched?.child.setMuted(muted);
  }

  play(bytes: Uint8Array): void {
    this.#watched?.child.play(bytes);
  }

  /** Ends all within a bounded time, whatever is going on. */
  async closeAll(): Promise<void> {
    this.#kept.clear();
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
    const lost = await this.#reopen();
    for (const [kept, error] of lost) this.#lose(kept, error);
    return this.#running().child.open(direction, choice);
  }

  #running(): Watched {
    if (this.#watched) return this.#watched;
    const watched = startWatchedChild(
      this.#options,
      this.#options.stallLimits ?? DEFAULT_STALL_LIMITS,
      (block) => {
        if (!this.#isMuted) this.#kept.get("microphone")?.owner.onBlock(block);
      },
      (reason) => this.#fault(watched, reason),
    );
    this.#watched = watched;
    this.#startedMs = performance.now();
    return watched;
  }

  #fault(watched: Watched, reason: string): void {
    if (this.#watched !== watched) return;
    this.#watched = null;
    this.#dying = watched.kill();
    if (this.#kept.size === 0) return;
    if (performance.now() - this.#startedMs > STEADY_MS) this.#tries = 0;
    this.#options.log("warn", `sound stopped: ${reason}; opening the devices again`);
    this.#broken = reason;
    void this.#inTurn(() => this.#repair());
  }

  /** Tries until a device opens: as long as none does, the audio server is at fault, not the device. */
  async #repair(): Promise<void> {
    const waits = this.#options.retryWaitsMs ?? DEFAULT_RETRY_WAITS_MS;
    while (this.#broken !== null && this.#kept.size > 0) {
      const waitMs = waits[this.#tries];
      if (waitMs === undefined) return this.#giveUp(waits.length, this.#broken);
      this.#tries += 1;
      this.#nothingKept = new AbortController();
      await this.#endChild();
      await this.#pause(waitMs);
      const wantedCount = this.#kept.size;
      const lost = await this.#reopen();
      if (this.#watched && lost.size < wantedCount) {
        this.#broken = null;
        for (const [kept, error] of lost) this.#lose(kept, error);
        return;
      }
      this.#broken = [...lost.values()][0]?.message ?? this.#broken;
    }
    this.#broken = null;
    await this.#endWhenIdle();
  }

  async #giveUp(tries: number, why: string): Promise<void> {
    this.#broken = null;
    this.#tries = 0;
    await this.#endChild();
    const error = new SoundError(`sound was lost and did not come back in ${tries} tries: ${why}`);
    for (const kept of [...this.#kept.values()]) this.#lose(kept, error);
  }

  /** @returns the devices that could not be opened, with the reason. */
  async #reopen(): Promise<Map<Kept, SoundError>> {
    const lost = new Map<Kept, SoundError>();
    for (const kept of [...this.#kept.values()]) {
      if (this.#kept.get(kept.direction) !== kept) continue;
      const watched = this.#running();
      try {
        const opening = await watched.child.open(kept.direction, kept.choice);
        if (opening.result === "unknown")
          lost.set(kept, new SoundError(`the ${kept.direction} ${kept.name} is gone`));
        else if (!this.#kept.has(kept.direction)) await watched.child.close(kept.direction, CLOSE_MS);
      } catch (error) {
        lost.set(kept, new SoundError(messageOf(error)));
      }
    }
    if (this.#isMuted) this.#watched?.child.setMuted(true);
    return lost;
  }

  #lose(kept: Kept, error: SoundError): void {
    if (this.#kept.get(kept.direction) !== kept) return;
    this.#kept.delete(kept.direction);
    kept.owner.onLost(error);
  }

  async #pause(waitMs: number): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#nothingKept.signal]);
    // The wait is cut short when nothing is kept any more, which the loop then sees.
    await wait(waitMs, undefined, { signal }).catch(() => undefined);
  }

  async #endWhenIdle(): Promise<void> {
    if (this.#kept.size === 0 && this.#opening === 0) await this.#endChild();
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
