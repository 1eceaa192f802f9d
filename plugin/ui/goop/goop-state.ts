// `Goop.callState`: what the page's call is doing, as one small store that can be watched. Knows no link and no session.

import type { CallInfo, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { callListener } from "../listeners.ts";
import { isRingingIncoming } from "./goop-calls.ts";
import { isFailure, type SessionState, stateOf } from "./goop-session.ts";

/** Those that Goop²'s pages watch for, and beside them the raw states of a connection. */
export type CallPhase = "idle" | "requesting" | "incoming" | "error" | SessionState;

export interface CallStateValues {
  readonly phase: CallPhase;
  /** Empty when there is no call; after an error that of the call that failed. */
  readonly channelId: string;
  readonly peerID: string;
}

type Key = keyof CallStateValues;
type Watcher = (value: string, before: string) => void;

const IDLE: CallStateValues = { phase: "idle", channelId: "", peerID: "" };

export class CallState implements CallStateValues {
  #values: CallStateValues = IDLE;
  readonly #watchers = new Set<{ key: Key; watcher: Watcher }>();

  get phase(): CallPhase {
    return this.#values.phase;
  }

  get channelId(): string {
    return this.#values.channelId;
  }

  get peerID(): string {
    return this.#values.peerID;
  }

  get(key: Key): string {
    return this.#values[key];
  }

  /** @param immediate calls at once with the present value. @returns a function that ends the watching */
  watch(key: Key, watcher: Watcher, immediate = false): () => void {
    const entry = { key, watcher };
    this.#watchers.add(entry);
    if (immediate) callListener(() => watcher(this.#values[key], this.#values[key]), undefined);
    return () => this.#watchers.delete(entry);
  }

  /** For whoever knows the calls: these there are now, and this one has just ended. */
  update(calls: readonly CallInfo[], ended?: PluginNotificationParams<"call.ended">): void {
    const current = calls.findLast((one) => !isRingingIncoming(one)) ?? calls.at(-1);
    if (current) this.#set(valuesOf(current));
    else if (ended && isFailure(ended))
      this.#set({ phase: "error", channelId: ended.callId, peerID: ended.peerId });
    else if (ended || this.phase !== "error") this.#set(IDLE);
  }

  /** All values are new before anybody is told of one. */
  #set(values: CallStateValues): void {
    const before = this.#values;
    this.#values = values;
    for (const { key, watcher } of [...this.#watchers]) {
      if (values[key] !== before[key]) callListener(() => watcher(values[key], before[key]), undefined);
    }
  }
}

function valuesOf(info: CallInfo): CallStateValues {
  return { phase: phaseOf(info), channelId: info.callId, peerID: info.peerId };
}

function phaseOf(info: CallInfo): CallPhase {
  if (isRingingIncoming(info)) return "incoming";
  return info.phase === "requesting" || info.phase === "ringing" ? "requesting" : stateOf(info);
}
