// Records the callbacks of a Signalling, and waits for conditions on them.

import type { SelfAddress, Signalling, SignallingCallbacks } from "../../../plugin/signalling/port.ts";
import type { Contact, Signal } from "../../../rpc-schema/index.ts";

export interface ReceivedSignal {
  readonly from: string;
  readonly callId: string;
  readonly signal: Signal;
}

export interface RecordedSignalling<S extends Signalling = Signalling> {
  readonly end: S;
  readonly self: SelfAddress;
  readonly signals: readonly ReceivedSignal[];
  /** Its own addresses, as last reported. */
  addresses(): readonly string[];
  /** Every reported list, the newest last. */
  readonly contactLists: readonly Contact[][];
  /** Resolves when the condition holds, now or after a callback. */
  until(holds: () => boolean): Promise<void>;
}

/** Creates and starts a Signalling, and records its callbacks. */
export async function recordSignalling<S extends Signalling>(
  create: (callbacks: SignallingCallbacks) => S,
): Promise<RecordedSignalling<S>> {
  const signals: ReceivedSignal[] = [];
  const contactLists: Contact[][] = [];
  let addresses: readonly string[] = [];
  const waiting = new Set<() => void>();
  const checkWaiting = () => {
    for (const check of waiting) check();
  };
  const end = create({
    onSignal: (from, callId, signal) => {
      signals.push({ from, callId, signal });
      checkWaiting();
    },
    onContacts: (contacts) => {
      contactLists.push(contacts);
      checkWaiting();
    },
    onAddressChange: (changed) => {
      addresses = changed.addresses;
      checkWaiting();
    },
  });
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!holds()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const self = await end.start();
  addresses = self.addresses;
  return { end, self, addresses: () => addresses, signals, contactLists, until };
}

/** The first address of a Signalling. */
export function addressOf({ self }: RecordedSignalling): string {
  const [address] = self.addresses;
  if (address === undefined) throw new Error(`${self.peerId} has no address`);
  return address;
}
