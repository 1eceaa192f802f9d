// The order in which signals are sent. Each call with each peer has a lane, which sends one message at a time. The next
// message starts when the one before was acknowledged or failed, so an offer cannot overtake the accept. Candidates wait
// for the messages before them, then several run at once. A hang-up cancels the messages that it overtakes, because a
// request that is retried after its hang-up would ring at the peer. The reference host uses the same lanes.

import type { Signal } from "../../rpc-schema/index.ts";
import { SignallingError } from "./port.ts";
import { MAX_CONCURRENT_CANDIDATES, MAX_PENDING, MAX_PENDING_PER_CALL } from "./timings.ts";

/** A call's message; the lanes read its type only. */
interface TypedMessage {
  readonly type?: unknown;
}

/** Delivers one message, retry included. If `canCancel` is set, it must reject with the signal's reason on abort. */
type Deliver<Message> = (peerId: string, lane: string, message: Message, abort: AbortSignal) => Promise<void>;

interface LaneRules {
  /** If false, a message that is being delivered cannot be stopped, so a hang-up waits for it. */
  readonly canCancel: boolean;
  /** Candidates in delivery at once in one lane. With 0, candidates are sent one at a time, like other messages. */
  readonly concurrentCandidates: number;
  readonly maxPendingPerLane: number;
  readonly maxPending: number;
}

const defaultRules: LaneRules = {
  canCancel: true,
  concurrentCandidates: MAX_CONCURRENT_CANDIDATES,
  maxPendingPerLane: MAX_PENDING_PER_CALL,
  maxPending: MAX_PENDING,
};

interface Entry<Message> {
  readonly message: Message;
  readonly controller: AbortController;
  readonly settled: PromiseWithResolvers<void>;
}

/** Bounded: a message that finds too many others pending is rejected at once. A hang-up is always accepted. */
export class SendLanes<Message extends TypedMessage = Signal> {
  readonly #deliver: Deliver<Message>;
  readonly #rules: LaneRules;
  readonly #lanes = new Map<string, Lane<Message>>();
  #pending = 0;
  #isClosed = false;

  constructor(deliver: Deliver<Message>, rules: LaneRules = defaultRules) {
    this.#deliver = deliver;
    this.#rules = rules;
  }

  /** The number of messages that wait or are being delivered, in all lanes. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * @param laneId separates the lanes of one peer: the call's id or its topic
   * @throws SignallingError aborted, closed, unreachable (also when too many messages are pending), unacknowledged
   */
  async send(peerId: string, laneId: string, message: Message, abort?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw closedError();
    if (abort?.aborted) throw abortedError(abort);
    const key = `${peerId}/${laneId}`;
    const lane = this.#lanes.get(key) ?? this.#createLane(peerId, laneId);
    if (!isHangup(message)) this.#checkRoom(peerId, lane);
    this.#lanes.set(key, lane);
    this.#pending += 1;
    const entry = lane.add(message);
    const onAbort = () => entry.controller.abort(abortedError(abort));
    abort?.addEventListener("abort", onAbort, { once: true });
    try {
      await entry.settled.promise;
    } finally {
      abort?.removeEventListener("abort", onAbort);
      this.#pending -= 1;
      if (lane.size === 0 && this.#lanes.get(key) === lane) this.#lanes.delete(key);
    }
  }

  /** Rejects every pending send with `closed`. */
  close(): void {
    this.#isClosed = true;
    for (const lane of this.#lanes.values()) lane.cancel(() => true, closedError());
  }

  #createLane(peerId: string, laneId: string): Lane<Message> {
    const run = ({ message, controller }: Entry<Message>) =>
      this.#deliver(peerId, laneId, message, controller.signal);
    return new Lane(run, this.#rules);
  }

  #checkRoom(peerId: string, lane: Lane<Message>): void {
    const { maxPendingPerLane, maxPending } = this.#rules;
    if (lane.size < maxPendingPerLane && this.#pending < maxPending) return;
    throw new SignallingError(
      "unreachable",
      `too many signals for ${peerId} are pending: ${lane.size} of this call (limit ${maxPendingPerLane}), ` +
        `${this.#pending} in all (limit ${maxPending})`,
    );
  }
}

class Lane<Message extends TypedMessage> {
  readonly #run: (entry: Entry<Message>) => Promise<void>;
  readonly #rules: LaneRules;
  readonly #waiting: Entry<Message>[] = [];
  readonly #running = new Set<Entry<Message>>();

  constructor(run: (entry: Entry<Message>) => Promise<void>, rules: LaneRules) {
    this.#run = run;
    this.#rules = rules;
  }

  get size(): number {
    return this.#waiting.length + this.#running.size;
  }

  add(message: Message): Entry<Message> {
    const entry = { message, controller: new AbortController(), settled: Promise.withResolvers<void>() };
    entry.controller.signal.addEventListener("abort", () => this.#removeWaiting(entry), { once: true });
    if (isHangup(message)) this.#overtake();
    if (isHangup(message) && this.#rules.canCancel) {
      this.#start(entry);
    } else {
      this.#waiting.push(entry);
      this.#startNext();
    }
    return entry;
  }

  cancel(isMatch: (entry: Entry<Message>) => boolean, reason: SignallingError): void {
    for (const entry of [...this.#waiting, ...this.#running]) {
      if (isMatch(entry)) entry.controller.abort(reason);
    }
  }

  /** A hang-up that is being delivered is not cancelled by a second one. */
  #overtake(): void {
    const isOvertaken = (entry: Entry<Message>) =>
      this.#running.has(entry) ? this.#rules.canCancel && !isHangup(entry.message) : true;
    this.cancel(isOvertaken, new SignallingError("aborted", "the call was hung up"));
  }

  #startNext(): void {
    for (let head = this.#waiting[0]; head && this.#mayStart(head); head = this.#waiting[0]) {
      this.#waiting.shift();
      this.#start(head);
    }
  }

  #mayStart(entry: Entry<Message>): boolean {
    const running = [...this.#running];
    if (running.some((other) => !this.#isConcurrent(other))) return false;
    return !this.#isConcurrent(entry) || running.length < this.#rules.concurrentCandidates;
  }

  #isConcurrent({ message }: Entry<Message>): boolean {
    return this.#rules.concurrentCandidates > 0 && message.type === "ice-candidate";
  }

  #start(entry: Entry<Message>): void {
    this.#running.add(entry);
    const onEnd = () => {
      this.#running.delete(entry);
      this.#startNext();
    };
    // The lane forgets the entry before the send settles, so a caller that awaits the send sees the lane without it.
    this.#run(entry).then(
      () => {
        onEnd();
        entry.settled.resolve();
      },
      (error: unknown) => {
        onEnd();
        entry.settled.reject(error);
      },
    );
  }

  /** An entry that is being delivered is rejected by its delivery, which receives the same signal. */
  #removeWaiting(entry: Entry<Message>): void {
    const index = this.#waiting.indexOf(entry);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    entry.settled.reject(entry.controller.signal.reason);
    this.#startNext();
  }
}

function isHangup(message: TypedMessage): boolean {
  return message.type === "call-hangup";
}

function closedError(): SignallingError {
  return new SignallingError("closed", "signalling is closed");
}

function abortedError(abort: AbortSignal | undefined): SignallingError {
  return new SignallingError("aborted", "the caller stopped sending", abort?.reason);
}
