// Gives the host, while there is a call, what a new process of ours needs to go on with it. Only what differs from what
// was given last is given again; what stands in it is for call-record.ts to say.

import type { PluginNotificationParams } from "../../rpc-schema/index.ts";
import type { CallManagerContext, ManagedCall } from "../../statecharts/index.ts";
import { errorText } from "../common/error-text.ts";
import { recordOf } from "./call-record.ts";

export interface CallPersisterOptions {
  desk(): CallManagerContext;
  /** Undefined for a call that the host was not told of, or no longer. */
  timesOf(callId: string): { readonly createdAt: number; readonly connectedAt: number | null } | undefined;
  /** Multiaddrs at which the peer was reached. */
  addressesOf(peerId: string): readonly string[];
  persist(params: PluginNotificationParams<"calls.persisted">): void;
  log(level: "error", message: string): void;
}

export class CallPersister {
  readonly #options: CallPersisterOptions;
  #isPlanned = false;
  #kept: string | null = null;

  constructor(options: CallPersisterOptions) {
    this.#options = options;
  }

  /** Charts move in bursts; the host is told once the burst is over. */
  moved(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      try {
        this.#tell();
      } catch (error) {
        // A call without a net is better than none.
        this.#options.log("error", `the call was not kept: ${errorText(error)}`);
      }
    });
  }

  #tell(): void {
    const call = Object.values(this.#options.desk().calls).find(isAlive);
    const snapshot = call ? this.#record(call) : null;
    if (snapshot === this.#kept) return;
    this.#kept = snapshot;
    this.#options.persist({
      snapshot,
      ...(snapshot !== null && call ? { callId: call.callId } : {}),
    });
  }

  #record(call: ManagedCall): string | null {
    const { desk, timesOf, addressesOf } = this.#options;
    const times = timesOf(call.callId);
    const selfId = call.ref.getSnapshot().context.resumed?.selfId ?? desk().selfId;
    if (!times || selfId === null) return null;
    return recordOf(call, { ...times, selfId, addresses: addressesOf(call.peerId) });
  }
}

/** One at a time, beside those that still say goodbye, and one that stands by and is unknown to the host. */
function isAlive({ ref, isKnownToHost }: ManagedCall): boolean {
  return isKnownToHost && !ref.getSnapshot().hasTag("ended");
}
