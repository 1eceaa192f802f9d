// The clock of a replay: time stands where the log stands, and a delay ends when the log says that it did. So the
// order of things is the log's, whatever was late in the real run.

import type { AnyActorRef } from "xstate";
import { pathOf } from "./plain.ts";

/** What is needed of xstate's ActorSystem. */
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

  /** Ends the wait of that name. @returns when it was due, or null where the charts wait for nothing of the kind */
  end(to: string, type: string): number | null {
    for (const [handle, wait] of this.#waits) {
      if (wait.to !== to || wait.type !== type) continue;
      this.clearTimeout(handle);
      wait.end();
      return wait.dueMs;
    }
    return null;
  }

  /** Waits that should have ended more than `lateMs` ago; each is told once. */
  overdue(lateMs: number): { to: string; type: string; dueMs: number }[] {
    const late = [...this.#waits].filter(([, wait]) => this.nowMs - wait.dueMs > lateMs);
    for (const [handle] of late) this.clearTimeout(handle);
    return late.map(([, { to, type, dueMs }]) => ({ to, type, dueMs }));
  }
}
