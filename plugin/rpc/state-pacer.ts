// Merges notifications about state, so that changes that others cause cannot flood the host: a short burst of each state, then
// a few a second. A newer state replaces the one that waits.

import type { PluginNotificationName } from "../../rpc-schema/index.ts";
import { TokenBucket } from "../common/token-bucket.ts";

export interface Pace {
  /** Notifications in a row. */
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * The notifications that tell a state. The bursts are above what one user and one call cause, so a host sees each phase of an
 * ordinary call.
 */
export const STATE_PACES = {
  "signalling.changed": { burst: 8, perSecond: 4 },
  "availability.changed": { burst: 8, perSecond: 4 },
  "devices.changed": { burst: 8, perSecond: 4 },
  "contacts.changed": { burst: 4, perSecond: 2 },
  "call.changed": { burst: 20, perSecond: 5 },
  "calls.missedChanged": { burst: 8, perSecond: 4 },
  "calls.persisted": { burst: 20, perSecond: 5 },
  "call.statistics": { burst: 2, perSecond: 2 },
  // The contract promises ten a second, for a meter that moves.
  "call.levels": { burst: 10, perSecond: 10 },
} as const satisfies Partial<Record<PluginNotificationName, Pace>>;

/** A longer line counts as several, so that a long list comes less often than a short one. */
export const CHARS_PER_TOKEN = 128 * 1024;

type StateName = keyof typeof STATE_PACES;

export function isState(name: PluginNotificationName): name is StateName {
  return Object.hasOwn(STATE_PACES, name);
}

/** Runs when it is the state's turn. @param charge call it with the characters of the line, once it is known */
type SendState = (charge: (chars: number) => void) => void;

interface PacedState {
  readonly bucket: TokenBucket;
  /** Undefined for a state that belongs to no call. */
  readonly callId: string | undefined;
  /** The newest state that waits. */
  waiting: SendState | null;
  timer: NodeJS.Timeout | null;
}

export class StatePacer {
  /** By name, and by call where the state is that of a call. `forgetCall` bounds it. */
  readonly #states = new Map<string, PacedState>();
  readonly #now: () => number;

  /** @param now a monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Sends the state now, or later if no newer one comes before. */
  update(name: StateName, callId: string | undefined, send: SendState): void {
    const state = this.#stateOf(name, callId);
    if (state.waiting === null && state.bucket.take()) {
      this.#send(state, send);
      return;
    }
    state.waiting = send;
    state.timer ??= setTimeout(() => this.#sendWaiting(state), state.bucket.waitMs()).unref();
  }

  /** The call has ended: states of it that wait are dropped. */
  forgetCall(callId: string): void {
    for (const [key, state] of this.#states) {
      if (state.callId !== callId) continue;
      clearTimeout(state.timer ?? undefined);
      this.#states.delete(key);
    }
  }

  /** Sends everything that waits, for the end of the link. */
  flush(): void {
    for (const state of this.#states.values()) {
      clearTimeout(state.timer ?? undefined);
      this.#sendWaiting(state);
    }
  }

  #stateOf(name: StateName, callId: string | undefined): PacedState {
    const key = `${name} ${callId ?? ""}`;
    const known = this.#states.get(key);
    if (known) return known;
    const { burst, perSecond } = STATE_PACES[name];
    const bucket = new TokenBucket(burst, perSecond, this.#now);
    const created: PacedState = { bucket, callId, waiting: null, timer: null };
    this.#states.set(key, created);
    return created;
  }

  #sendWaiting(state: PacedState): void {
    state.timer = null;
    const { waiting } = state;
    state.waiting = null;
    if (!waiting) return;
    state.bucket.charge(1);
    this.#send(state, waiting);
  }

  #send(state: PacedState, send: SendState): void {
    send((chars) => state.bucket.charge(chars / CHARS_PER_TOKEN));
  }
}
