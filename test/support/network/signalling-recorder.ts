// One end of signalling with all that it told, and waits for what it will tell.

import type { SelfAddress, Signalling, SignallingCallbacks } from "../../../plugin/signalling/port.ts";
import type { Contact, Signal } from "../../../rpc-schema/index.ts";

export interface ReceivedSignal {
  readonly from: string;
  readonly callId: string;
  readonly signal: Signal;
}

export interface WatchedSignalling<S extends Signalling = Signalling> {
  readonly end: S;
  readonly self: SelfAddress;
  readonly signals: readonly ReceivedSignal[];
  /** Its own, as last told. */
  addresses(): readonly string[];
  /** Every list that was told, the newest last. */
  readonly contactLists: readonly Contact[][];
  /** Resolves when the condition holds, now or after something was told. */
  until(holds: () => boolean): Promise<void>;
}

/** Starts an end and listens to it. */
export async function watchSignalling<S extends Signalling>(
  create: (callbacks: SignallingCallbacks) => S,
): Promise<WatchedSignalling<S>> {
  const signals: ReceivedSignal[] = [];
  const contactLists: Contact[][] = [];
  let addresses: readonly string[] = [];
  const waiting = new Set<() => void>();
  const told = () => {
    for (const check of waiting) check();
  };
  const end = create({
    onSignal: (from, callId, signal) => {
      signals.push({ from, callId, signal });
      told();
    },
    onContacts: (contacts) => {
      contactLists.push(contacts);
      told();
    },
    onAddressChange: (changed) => {
      addresses = changed.addresses;
      told();
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

/** The first address of an end. */
export function addressOf({ self }: WatchedSignalling): string {
  const [address] = self.addresses;
  if (address === undefined) throw new Error(`${self.peerId} listens nowhere`);
  return address;
}
