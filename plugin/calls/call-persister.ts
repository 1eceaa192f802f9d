// Gives the host a record of the current call, from which a new plugin process can resume it. Sends a record only when it
// differs from the last one. call-record.ts defines the record.

import type { PluginNotificationParams } from "../../rpc-schema/index.ts";
import type { CallManagerContext, ManagedCall } from "../../statecharts/index.ts";
import { errorText } from "../common/error-text.ts";
import { type CallTimes, recordOf } from "./call-record.ts";

export interface CallPersisterOptions {
  managerContext(): CallManagerContext;
  /** Undefined before the host was informed of the call, and after its end. */
  timesOf(callId: string): CallTimes | undefined;
  /** Multiaddrs at which the peer was reached. */
  addressesOf(peerId: string): readonly string[];
  persist(params: PluginNotificationParams<"calls.persisted">): void;
  log(level: "error", message: string): void;
}

export class CallPersister {
  readonly #options: CallPersisterOptions;
  #isUpdatePlanned = false;
  #lastSnapshot: string | null = null;

  constructor(options: CallPersisterOptions) {
    this.#options = options;
  }

  /** Charts change in bursts, so the record is updated once the burst is over. */
  scheduleUpdate(): void {
    if (this.#isUpdatePlanned) return;
    this.#isUpdatePlanned = true;
    setImmediate(() => {
      this.#isUpdatePlanned = false;
      try {
        this.#update();
      } catch (error) {
        // The call goes on; it only cannot be resumed after a crash.
        this.#options.log("error", `the record of the call was not updated: ${errorText(error)}`);
      }
    });
  }

  #update(): void {
    const call = Object.values(this.#options.managerContext().calls).find(isAlive);
    const snapshot = call ? this.#record(call) : null;
    if (snapshot === this.#lastSnapshot) return;
    this.#lastSnapshot = snapshot;
    this.#options.persist({
      snapshot,
      ...(snapshot !== null && call ? { callId: call.callId } : {}),
    });
  }

  #record(call: ManagedCall): string | null {
    const { managerContext, timesOf, addressesOf } = this.#options;
    const times = timesOf(call.callId);
    const selfId = call.ref.getSnapshot().context.resumed?.selfId ?? managerContext().selfId;
    if (!times || selfId === null) return null;
    return recordOf(call, { ...times, selfId, addresses: addressesOf(call.peerId) });
  }
}

/** At most one call is alive: others are sending their hang-up, or wait without the host's knowledge. */
function isAlive({ ref, isKnownToHost }: ManagedCall): boolean {
  return isKnownToHost && !ref.getSnapshot().hasTag("ended");
}
