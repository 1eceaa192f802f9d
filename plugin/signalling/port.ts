// How two plugins talk about a call before there is a media path. Carriers implement this; the desk uses it.

import type { Contact, Signal } from "../../rpc-schema/index.ts";

export type SignallingErrorCode =
  | "unreachable" // no connection, or the stream could not be opened
  | "unacknowledged" // sent, but no acknowledgement came
  | "invalidAddress"
  | "startFailed" // the key file is damaged, or an address cannot be listened on
  | "aborted"
  | "closed";

/** Every rejection of a Signalling; `cause` is the carrier's own error. */
export class SignallingError extends Error {
  override readonly name = "SignallingError";
  readonly code: SignallingErrorCode;

  constructor(code: SignallingErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface SelfAddress {
  readonly peerId: string;
  /** Multiaddrs, each ending in /p2p/<peerId>. */
  readonly addresses: string[];
}

/** None comes after `close`. */
export interface SignallingCallbacks {
  /**
   * A well-formed signal. `from` is the identity that the connection proved; whether it is the call's peer is the
   * desk's to check. Order is not guaranteed and duplicates occur.
   */
  onSignal(from: string, callId: string, signal: Signal): void;
  /** The whole list, whenever one of them changes. */
  onContacts(contacts: Contact[]): void;
  /** After `start` resolved, when a network came or went. */
  onAddressChange(self: SelfAddress): void;
}

/** What peers may know of whether we can be called; the reason stays between plugin and host. */
export interface OwnAvailability {
  readonly videoDisabled: boolean;
}

/** Started once and closed once; a closed one stays closed. */
export interface Signalling {
  /** Listens and looks for peers. @throws SignallingError */
  start(): Promise<SelfAddress>;
  /**
   * Resolves when the peer acknowledged the message's arrival, not its meaning. Tries once more after a failure.
   * @throws SignallingError
   */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** Known peers, reachable or not. Empty before `start`. */
  contacts(): Contact[];
  /** Dials. @throws SignallingError invalidAddress or unreachable */
  addContact(address: string, abort?: AbortSignal): Promise<Contact>;
  /**
   * Told to the peers at once when it differs from what they know, and to whoever comes later. Can be set at any time,
   * also before `start`; until then we can be called. Whether a peer heard of it is nobody's to know.
   */
  setAvailability(availability: OwnAvailability): void;
  /** Idempotent; pending sends reject with `closed`. */
  close(): Promise<void>;
}
