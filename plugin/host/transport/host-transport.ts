// What a host lends the plugin when it carries the signals: its own way to its peers. Behind it may be a libp2p node, a
// running viewer, or a test.

import type { Availability, Contact } from "../../../rpc-schema/index.ts";

/** One message of a call, in either direction; `payload` is nobody's business on the way. */
export interface TransportMessage {
  /** Whom it goes to, or, of a received one, who sent it as the connection proved. */
  readonly peerId: string;
  /** `call:<call id>` */
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

export interface HostTransportListener {
  /** Every message on `call:…`, opened, in the order of arrival. */
  onMessage(message: TransportMessage): void;
  onContacts(): void;
}

/** Whoever made it closes it, after the host. */
export interface HostTransport {
  readonly selfId: string;
  /** Resolves when the peer acknowledged; ends by itself in some seconds. @throws Error that says what failed */
  send(message: TransportMessage): Promise<void>;
  /** The peers known now. */
  contacts(): readonly Contact[];
  /** Our user can, or can not, be called: for whoever owns what peers are told. */
  setAvailability(availability: Availability): void;
  /** One listener at a time. Gives the function that ends it. */
  listen(listener: HostTransportListener): () => void;
}
