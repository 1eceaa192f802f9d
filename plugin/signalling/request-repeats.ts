// Repeats a call request that nothing answers. Goop²'s page acknowledges a request and drops it if it is still loading, as
// after each click on a link, and a Goop² that restarts has lost the requests of before. A request that this plugin receives is
// answered at once, so it is not repeated.

import type { Signal } from "../../rpc-schema/index.ts";
import { BoundedMap } from "../common/bounded-map.ts";
import { pause, withDeadline } from "../common/deadline.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import { isUndelivered, SignallingError } from "./port.ts";
import { MAX_PACED_PEERS, type Timings } from "./timings.ts";

type CallRequest = Extract<Signal, { type: "call-request" }>;

interface RequestRepeatsOptions {
  /** Resolves when the peer acknowledged the signal. A hang-up must cancel a request that is being sent. */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** The peer's request is about to be repeated. What we know of the peer may be wrong. */
  onRepeat(peerId: string): void;
  readonly timings: Pick<Timings, "repeatRequestMs" | "resendRequestMs" | "peerRestartMs">;
  readonly log: Log;
}

interface Unanswered {
  readonly peerId: string;
  readonly callId: string;
  readonly request: CallRequest;
  /** Aborts what is being sent or waits, when the answer arrives or the call is hung up. */
  readonly answered: AbortController;
  /** Resolves when the peer starts. */
  readonly started: PromiseWithResolvers<void>;
  timer: NodeJS.Timeout | undefined;
  isSending: boolean;
  /** Whether the next receipt starts repeats: once after the first request, and once after each start of the peer. */
  mayRepeat: boolean;
}

/** Bounded. Above the limit, the oldest request is not repeated. */
export class RequestRepeats {
  readonly #options: RequestRepeatsOptions;
  readonly #unanswered = new BoundedMap<string, Unanswered>(MAX_PACED_PEERS);
  /** When the last connection with each peer closed, by a monotonic clock. */
  readonly #goneAtMs = new BoundedMap<string, number>(MAX_PACED_PEERS);
  #isClosed = false;

  constructor(options: RequestRepeatsOptions) {
    this.#options = options;
  }

  /** The number of requests without an answer. */
  get size(): number {
    return this.#unanswered.size;
  }

  /** Sends a signal. Any signal but a request ends the repeats of its call. @throws the errors of `send` */
  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    this.onAnswer(peerId, callId);
    if (signal.type !== "call-request") return this.#options.send(peerId, callId, signal, abort);
    const entry = {
      ...{ peerId, callId, request: signal, answered: new AbortController() },
      started: Promise.withResolvers<void>(),
      ...{ timer: undefined, isSending: true, mayRepeat: true },
    };
    // Before it is sent, because an answer can arrive before the acknowledgement.
    this.#add(entry);
    try {
      await this.#sendFirst(entry, abort);
    } catch (error) {
      this.#end(entry);
      throw error;
    }
    entry.isSending = false;
    if (abort?.aborted) this.#end(entry);
  }

  /** The peer sent a signal of this call. */
  onAnswer(peerId: string, callId: string): void {
    const entry = this.#unanswered.get(keyOf({ peerId, callId }));
    if (entry) this.#end(entry);
  }

  /** A page of the peer took a message. If it was the request, the page shows it, or it was still loading and dropped it. */
  onReceipt(peerId: string): void {
    for (const entry of this.#of(peerId)) {
      if (!entry.mayRepeat) continue;
      entry.mayRepeat = false;
      this.#repeatAfter(entry, this.#options.timings.repeatRequestMs);
    }
  }

  /** A connection with the peer began, or its presence shows that it started. Its page takes the repeat when it loads. */
  onPeerStarted(peerId: string): void {
    for (const entry of this.#of(peerId)) {
      entry.started.resolve();
      if (entry.isSending) continue;
      entry.mayRepeat = true;
      this.#repeatAfter(entry, [this.#options.timings.resendRequestMs]);
    }
  }

  /** The last connection with the peer closed. */
  onPeerGone(peerId: string): void {
    this.#goneAtMs.set(peerId, performance.now());
  }

  close(): void {
    this.#isClosed = true;
    for (const entry of [...this.#unanswered.values()]) this.#end(entry);
  }

  /** A peer that was connected a moment ago may be restarting, so the request waits for its return. */
  async #sendFirst({ peerId, callId, request, ...entry }: Unanswered, abort?: AbortSignal): Promise<void> {
    const { send, timings, log } = this.#options;
    try {
      await send(peerId, callId, request, abort);
      return;
    } catch (error) {
      if (!isUndelivered(error) || !this.#mayReturn(peerId)) throw error;
      const ended = abort ? AbortSignal.any([abort, entry.answered.signal]) : entry.answered.signal;
      try {
        await withDeadline(timings.peerRestartMs, ended, "the peer's restart", () => entry.started.promise);
        await pause(timings.resendRequestMs, ended);
      } catch (reason) {
        log("debug", `${peerId} did not return: ${errorText(reason)}`);
        throw ended.aborted ? this.#endedError(reason) : error;
      }
    }
    await send(peerId, callId, request, abort);
  }

  #endedError(reason: unknown): SignallingError {
    return this.#isClosed
      ? new SignallingError("closed", "signalling is closed", reason)
      : new SignallingError("aborted", "the call ended before its request was sent", reason);
  }

  #mayReturn(peerId: string): boolean {
    const goneAtMs = this.#goneAtMs.get(peerId);
    return goneAtMs !== undefined && performance.now() - goneAtMs < this.#options.timings.peerRestartMs;
  }

  #of(peerId: string): Unanswered[] {
    return [...this.#unanswered.values()].filter((entry) => entry.peerId === peerId);
  }

  #repeatAfter(entry: Unanswered, [pauseMs, ...later]: readonly number[]): void {
    clearTimeout(entry.timer);
    entry.timer = undefined;
    if (pauseMs === undefined || entry.answered.signal.aborted) return;
    entry.timer = setTimeout(() => void this.#repeat(entry, later), pauseMs);
  }

  async #repeat(entry: Unanswered, later: readonly number[]): Promise<void> {
    const { send, onRepeat, log } = this.#options;
    const { peerId, callId, request, answered } = entry;
    entry.timer = undefined;
    onRepeat(peerId);
    try {
      await send(peerId, callId, request, answered.signal);
    } catch (error) {
      log("debug", `repeating the request of call ${callId} to ${peerId}: ${errorText(error)}`);
    }
    // A peer that started meanwhile has a timer already.
    if (entry.timer === undefined) this.#repeatAfter(entry, later);
  }

  #add(entry: Unanswered): void {
    if (this.#isClosed) return;
    const dropped = this.#unanswered.set(keyOf(entry), entry);
    if (dropped) this.#end(dropped[1]);
  }

  #end(entry: Unanswered): void {
    clearTimeout(entry.timer);
    entry.answered.abort();
    const key = keyOf(entry);
    if (this.#unanswered.get(key) === entry) this.#unanswered.delete(key);
  }
}

function keyOf({ peerId, callId }: Pick<Unanswered, "peerId" | "callId">): string {
  return `${peerId}/${callId}`;
}
