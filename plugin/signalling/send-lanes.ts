// In which order signals leave. Each call with each peer has a lane: its messages go one after the other, the next
// when the one before was acknowledged or failed, so an offer cannot overtake the accept. Candidates wait for what
// stood before them, then go a few at a time. A hang-up waits for nothing and cancels what still waits or runs, since a
// request that is retried after its hang-up would ring at the peer for nothing.

import type { Signal } from "../../rpc-schema/index.ts";
import { SignallingError } from "./port.ts";
import { MAX_CONCURRENT_CANDIDATES, MAX_PENDING, MAX_PENDING_PER_CALL } from "./timings.ts";

/** Delivers one signal, retry included. Must reject with the signal's reason when it aborts. */
export type Deliver = (peerId: string, callId: string, signal: Signal, abort: AbortSignal) => Promise<void>;

interface Entry {
  readonly signal: Signal;
  readonly controller: AbortController;
  readonly settled: PromiseWithResolvers<void>;
}

/** Bounded: what finds too much waiting is refused at once, except a hang-up, which makes room instead. */
export class SendLanes {
  readonly #deliver: Deliver;
  readonly #lanes = new Map<string, Lane>();
  #pending = 0;
  #isClosed = false;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /** Signals that wait or run, in all lanes. */
  get pending(): number {
    return this.#pending;
  }

  /** @throws SignallingError aborted, closed, unreachable (also when too much waits already), unacknowledged */
  async send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw closedError();
    if (abort?.aborted) throw abortedError(abort);
    const key = `${peerId}/${callId}`;
    const lane = this.#lanes.get(key) ?? new Lane((entry) => this.#run(peerId, callId, entry));
    if (signal.type !== "call-hangup") this.#checkRoom(peerId, lane);
    this.#lanes.set(key, lane);
    this.#pending += 1;
    const entry = lane.add(signal);
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

  /** Everything that waits or runs rejects with `closed`. */
  close(): void {
    this.#isClosed = true;
    for (const lane of this.#lanes.values()) lane.cancel(() => true, closedError());
  }

  #checkRoom(peerId: string, lane: Lane): void {
    if (lane.size < MAX_PENDING_PER_CALL && this.#pending < MAX_PENDING) return;
    throw new SignallingError(
      "unreachable",
      `${lane.size} signals of this call and ${this.#pending} in all already wait, the newest for ${peerId}; ` +
        `allowed are ${MAX_PENDING_PER_CALL} and ${MAX_PENDING}`,
    );
  }

  #run(peerId: string, callId: string, entry: Entry): Promise<void> {
    return this.#deliver(peerId, callId, entry.signal, entry.controller.signal);
  }
}

class Lane {
  readonly #run: (entry: Entry) => Promise<void>;
  readonly #waiting: Entry[] = [];
  readonly #running = new Set<Entry>();

  constructor(run: (entry: Entry) => Promise<void>) {
    this.#run = run;
  }

  get size(): number {
    return this.#waiting.length + this.#running.size;
  }

  add(signal: Signal): Entry {
    const entry = { signal, controller: new AbortController(), settled: Promise.withResolvers<void>() };
    entry.controller.signal.addEventListener("abort", () => this.#drop(entry), { once: true });
    if (signal.type === "call-hangup") {
      this.cancel(
        (other) => other.signal.type !== "call-hangup",
        new SignallingError("aborted", "the call was hung up"),
      );
      this.#start(entry);
    } else {
      this.#waiting.push(entry);
      this.#pump();
    }
    return entry;
  }

  cancel(isMeant: (entry: Entry) => boolean, reason: SignallingError): void {
    for (const entry of [...this.#waiting, ...this.#running]) {
      if (isMeant(entry)) entry.controller.abort(reason);
    }
  }

  #pump(): void {
    for (let head = this.#waiting[0]; head && this.#mayStart(head); head = this.#waiting[0]) {
      this.#waiting.shift();
      this.#start(head);
    }
  }

  #mayStart(entry: Entry): boolean {
    const running = [...this.#running];
    if (running.some((other) => other.signal.type !== "ice-candidate")) return false;
    return entry.signal.type !== "ice-candidate" || running.length < MAX_CONCURRENT_CANDIDATES;
  }

  #start(entry: Entry): void {
    this.#running.add(entry);
    const after = () => {
      this.#running.delete(entry);
      this.#pump();
    };
    // after comes before settle, so that whoever awaits the send sees the lane without it.
    this.#run(entry).then(
      () => {
        after();
        entry.settled.resolve();
      },
      (error: unknown) => {
        after();
        entry.settled.reject(error);
      },
    );
  }

  /** One that runs is rejected by its delivery, which sees the same signal. */
  #drop(entry: Entry): void {
    const index = this.#waiting.indexOf(entry);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    entry.settled.reject(entry.controller.signal.reason);
    this.#pump();
  }
}

function closedError(): SignallingError {
  return new SignallingError("closed", "signalling is closed");
}

function abortedError(abort: AbortSignal | undefined): SignallingError {
  return new SignallingError("aborted", "the caller gave up sending", abort?.reason);
}
