// The list of missed calls, one entry for each peer. Peers decide how often they call, so everything here is bounded.

import type { MediaKind, MissedCaller, Params } from "../../rpc-schema/index.ts";
import { RINGS } from "../calls/environment.ts";
import { PeerBudget } from "../calls/peer-budget.ts";

/** An older caller is forgotten. */
const MAX_CALLERS = 100;
/** A name is shown in one line. */
const MAX_LABEL_CHARS = 200;
/** Repeated requests of one call count once. */
const MAX_COUNTED_CALLS = 512;

export interface MissedCall {
  readonly callId: string;
  readonly peerId: string;
  /** Empty when it is unknown. */
  readonly peerLabel: string;
  readonly media: MediaKind;
}

export interface MissedCallsOptions {
  /** The callers of an earlier run, the last one first. */
  readonly kept: readonly MissedCaller[];
  /** The list has changed. */
  onChange(missed: readonly MissedCaller[]): void;
  /** Whether the user chose this peer. Strangers are forgotten first. */
  isKnown(peerId: string): boolean;
  /** Unix milliseconds. */
  dateMs(): number;
  /** Monotonic milliseconds. */
  monotonicMs(): number;
}

export class MissedCalls {
  readonly #options: MissedCallsOptions;
  /** Calls during another call do not ring, so the budget of rings does not limit them. This one is as large. */
  readonly #busyBudget: PeerBudget;
  readonly #settled = new Set<string>();
  #callers: readonly MissedCaller[];

  constructor(options: MissedCallsOptions) {
    this.#options = options;
    this.#busyBudget = new PeerBudget({ ...RINGS, isKnown: options.isKnown, nowMs: options.monotonicMs });
    this.#callers = options.kept.slice(0, MAX_CALLERS);
  }

  /** The last caller first. */
  list(): MissedCaller[] {
    return [...this.#callers];
  }

  /** Counts a call that rang. */
  add(call: MissedCall): void {
    if (this.settle(call)) this.#count(call);
  }

  /** Counts a call that was refused because of another one. Of a peer that calls without a pause only some count. */
  addBusy(call: MissedCall): void {
    if (this.#settled.has(keyOf(call)) || !this.#busyBudget.take(call.peerId)) return;
    this.add(call);
  }

  /**
   * Marks the call as decided, so that a late repetition of its request does not count.
   * @returns whether it was not marked before
   */
  settle(call: Pick<MissedCall, "callId" | "peerId">): boolean {
    const key = keyOf(call);
    if (this.#settled.has(key)) return false;
    this.#settled.add(key);
    const [oldest] = this.#settled;
    if (this.#settled.size > MAX_COUNTED_CALLS && oldest !== undefined) this.#settled.delete(oldest);
    return true;
  }

  /** The user has seen calls; see `calls.seen`. */
  see({ peerId, until = Number.POSITIVE_INFINITY }: Params<"calls.seen">): void {
    const isSeen = (caller: MissedCaller) =>
      caller.unseen > 0 && (peerId ?? caller.peerId) === caller.peerId && caller.lastAt <= until;
    if (!this.#callers.some(isSeen)) return;
    this.#replace(this.#callers.map((caller) => (isSeen(caller) ? { ...caller, unseen: 0 } : caller)));
  }

  #count({ peerId, peerLabel, media }: MissedCall): void {
    const at = this.#options.dateMs();
    const before = this.#callers.find((caller) => caller.peerId === peerId);
    const caller: MissedCaller = {
      peerId,
      peerLabel: shortened(peerLabel) || (before?.peerLabel ?? ""),
      media,
      count: (before?.count ?? 0) + 1,
      unseen: (before?.unseen ?? 0) + 1,
      firstAt: before?.firstAt ?? at,
      lastAt: at,
    };
    const others = this.#callers.filter((other) => other.peerId !== peerId);
    this.#replace(this.#bounded([caller, ...others]));
  }

  /** The list is too long by one at most. Otherwise a thousand strangers would displace the peers of the user's choice. */
  #bounded(callers: readonly MissedCaller[]): readonly MissedCaller[] {
    if (callers.length <= MAX_CALLERS) return callers;
    const oldest = callers.findLastIndex(({ peerId }) => !this.#options.isKnown(peerId));
    return callers.toSpliced(oldest < 0 ? callers.length - 1 : oldest, 1);
  }

  #replace(callers: readonly MissedCaller[]): void {
    this.#callers = callers;
    this.#options.onChange(this.list());
  }
}

/** Two peers may choose the same call id. */
function keyOf({ callId, peerId }: Pick<MissedCall, "callId" | "peerId">): string {
  return `${peerId} ${callId}`;
}

/** Cuts between characters, never within one. */
function shortened(label: string): string {
  return label.length <= MAX_LABEL_CHARS ? label : Array.from(label).slice(0, MAX_LABEL_CHARS).join("");
}
