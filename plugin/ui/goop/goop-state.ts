// `Goop.callState`: the state of the page's call as a small store. Pages read its values, or watch one of them for changes.

import type { CallInfo, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { callListener } from "../listeners.ts";
import { isRingingIncoming } from "./goop-calls.ts";
import { isFailure, type SessionState, stateOf } from "./goop-session.ts";

/** The phases that Goop²'s pages watch for, and the states of RTCPeerConnection. */
export type CallPhase = "idle" | "requesting" | "incoming" | "error" | SessionState;

interface CallStateValues {
  readonly phase: CallPhase;
  /** Empty without a call. After an error it is the channel of the failed call. */
  readonly channelId: string;
  readonly peerID: string;
}

type Key = keyof CallStateValues;
type Watcher = (value: string, previous: string) => void;

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

  /** @param immediate runs the watcher at once with the present value. @returns a function that removes the watcher */
  watch(key: Key, watcher: Watcher, immediate = false): () => void {
    const entry = { key, watcher };
    this.#watchers.add(entry);
    if (immediate) callListener(() => watcher(this.#values[key], this.#values[key]), undefined);
    return () => this.#watchers.delete(entry);
  }

  /** @param calls all present calls. @param ended the call that has just ended, if any */
  update(calls: readonly CallInfo[], ended?: PluginNotificationParams<"call.ended">): void {
    const current = calls.findLast((call) => !isRingingIncoming(call)) ?? calls.at(-1);
    if (current) this.#set(valuesOf(current));
    else if (ended && isFailure(ended))
      this.#set({ phase: "error", channelId: ended.callId, peerID: ended.peerId });
    else if (ended || this.phase !== "error") this.#set(IDLE);
  }

  /** Sets all values before the first watcher runs. */
  #set(values: CallStateValues): void {
    const previous = this.#values;
    this.#values = values;
    for (const { key, watcher } of [...this.#watchers]) {
      if (values[key] !== previous[key]) callListener(() => watcher(values[key], previous[key]), undefined);
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
