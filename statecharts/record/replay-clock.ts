// The clock of a replay. Time follows the log, and a delay ends where the log has its end. The order of events is therefore that
// of the log, even if timers were late in the recorded run.

import type { AnyActorRef } from "xstate";
import { pathOf } from "./plain.ts";

/** The part of xstate's ActorSystem that the clock uses. */
interface Scheduling {
  getSnapshot(): { readonly _scheduledEvents: Readonly<Record<string, Scheduled>> };
}
interface Scheduled {
  readonly target: AnyActorRef;
  readonly event: { readonly type: string };
}

interface Wait {
  readonly id: string;
  readonly to: string;
  readonly type: string;
  readonly dueMs: number;
  end(): void;
}

export class ReplayClock {
  nowMs = 0;
  readonly #waits = new Map<number, Wait>();
  readonly #known = new Set<string>();
  #system: Scheduling | null = null;
  #lastId = 0;

  /** xstate's scheduler asks its clock for a bare delay; what it is for stands in the system's own list. */
  attach(system: Scheduling): void {
    this.#system = system;
  }

  setTimeout(end: (...args: unknown[]) => void, delayMs: number): number {
    this.#lastId += 1;
    const handle = this.#lastId;
    const scheduled = Object.entries(this.#system?.getSnapshot()._scheduledEvents ?? {});
    const [id, newest] = scheduled.find(([key]) => !this.#known.has(key)) ?? [];
    if (id === undefined || newest === undefined) return handle;
    this.#known.add(id);
    const to = pathOf(newest.target);
    this.#waits.set(handle, {
      id,
      to,
      type: newest.event.type,
      dueMs: this.nowMs + delayMs,
      end: () => end(),
    });
    return handle;
  }

  clearTimeout(handle: number): void {
    const wait = this.#waits.get(handle);
    if (wait) this.#known.delete(wait.id);
    this.#waits.delete(handle);
  }

  /** Ends the delay of that name. @returns the time at which it was due, or null if the charts have no such delay */
  end(to: string, type: string): number | null {
    for (const [handle, wait] of this.#waits) {
      if (wait.to !== to || wait.type !== type) continue;
      this.clearTimeout(handle);
      wait.end();
      return wait.dueMs;
    }
    return null;
  }

  /** @returns the delays that should have ended more than `lateMs` ago, each of them once */
  overdue(lateMs: number): { to: string; type: string; dueMs: number }[] {
    const late = [...this.#waits].filter(([, wait]) => this.nowMs - wait.dueMs > lateMs);
    for (const [handle] of late) this.clearTimeout(handle);
    return late.map(([, { to, type, dueMs }]) => ({ to, type, dueMs }));
  }
}
