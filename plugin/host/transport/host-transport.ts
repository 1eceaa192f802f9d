// A host's own way to its peers, which relays the plugin's signals: a libp2p node, a running Goop², or a test.

import type { Availability, Contact } from "../../../rpc-schema/index.ts";

/** One message of a call, in either direction. The transport treats `payload` as opaque. */
export interface TransportMessage {
  /** The recipient of a sent message. The authenticated sender of a received one. */
  readonly peerId: string;
  /** `call:<call id>` */
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

export interface HostTransportListener {
  /** Receives every message on `call:…`, decrypted, in the order of arrival. */
  onMessage(message: TransportMessage): void;
  /** The contacts have changed. */
  onContacts(): void;
}

/** Its creator closes it after the host has stopped. */
export interface HostTransport {
  readonly selfId: string;
  /** Resolves when the peer has acknowledged. Must settle within some seconds. @throws Error with the cause */
  send(message: TransportMessage): Promise<void>;
  contacts(): readonly Contact[];
  /** Publishes to peers whether our user can be called, if this transport owns presence. */
  setAvailability(availability: Availability): void;
  /** One listener at a time. @returns a function that removes it */
  listen(listener: HostTransportListener): () => void;
}
