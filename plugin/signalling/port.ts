// The interface between the plugin and signalling: how two plugins exchange signals before a media connection exists.
// libp2p-signalling.ts and host-relayed-signalling.ts implement it. The call manager uses it.

import type { Contact, Signal } from "../../rpc-schema/index.ts";
import type { RefusalCounts } from "../common/refusals.ts";

type SignallingErrorCode =
  | "unreachable" // no connection, or the stream could not be opened
  | "unacknowledged" // sent, but no acknowledgement arrived
  | "invalidAddress"
  | "startFailed" // the key file is damaged, or the node cannot listen on an address
  | "aborted"
  | "closed";

/** Every rejection of a Signalling has this class. `cause` is the original error. */
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

/** No callback runs after `close`. */
export interface SignallingCallbacks {
  /**
   * A well-formed signal. The connection authenticated `from`, and the call manager checks that it is the call's peer.
   * Signals can arrive out of order and more than once.
   */
  onSignal(from: string, callId: string, signal: Signal): void;
  /** The whole list, after any contact changed. */
  onContacts(contacts: Contact[]): void;
  /** A network came or went after `start` resolved. */
  onAddressChange(self: SelfAddress): void;
}

/** The availability that peers see. The reason for it stays between plugin and host. */
export interface OwnAvailability {
  readonly videoDisabled: boolean;
}

/** Can be started once and closed once. A closed one cannot be started again. */
export interface Signalling {
  /** Listens and looks for peers. @throws SignallingError */
  start(): Promise<SelfAddress>;
  /**
   * Resolves when the peer acknowledged that the message arrived, not that it understood it. Retries once after a failure.
   * @throws SignallingError
   */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /**
   * The peer's ends of its direct connections, as IP addresses; those of its last ones while it has none. Empty if it had
   * none, and null if another program holds the connections.
   */
  addressesOf(peerId: string): readonly string[] | null;
  /** Known peers, reachable or not. Empty before `start`. */
  contacts(): Contact[];
  /**
   * Whether the user has chosen this peer: by an address of it, by a call to it, or by accepting its call. All others are
   * strangers, however many identities they have.
   */
  isKnown(peerId: string): boolean;
  /** Dials the address. @throws SignallingError invalidAddress or unreachable */
  addContact(address: string, abort?: AbortSignal): Promise<Contact>;
  /**
   * Sends a change to the known peers at once, and to other peers when they connect. May be called at any time, also before
   * `start`. The default is available. There is no confirmation that a peer received it.
   */
  setAvailability(availability: OwnAvailability): void;
  /** What was refused so far, before it became a signal. */
  refusals(): RefusalCounts;
  /** Idempotent. Pending sends reject with `closed`. */
  close(): Promise<void>;
}

/** Whether this signal shows that the user has chosen its receiver. The plugin sends none of these without the user. */
export function isUsersChoice({ type }: Signal): boolean {
  return type === "call-request" || type === "call-ack";
}

/** Whether the peer did not get the signal, as far as we know. */
export function isUndelivered(error: unknown): boolean {
  return (
    error instanceof SignallingError && (error.code === "unreachable" || error.code === "unacknowledged")
  );
}
