// What tests see of a peer's calls, whichever flavour it is.

import type { MediaKind } from "./wire/wire.ts";

/** One call of a field peer, from its request on. */
export interface DeployedCall {
  readonly channelId: string;
  readonly peerId: string;
  readonly isOrigin: boolean;
  readonly kind: MediaKind;
  /** The engine's word for the connection in use; "closed" after the end. */
  readonly connectionState: string;
  /** Resolves with why it ended, as far as this peer can tell. */
  readonly ended: Promise<"hung up" | "remote hung up" | "connection failed">;
  hangup(): Promise<void>;
}

/** A request that rings. It stays open whatever the caller does meanwhile [3.6]. */
export interface DeployedRing {
  readonly channelId: string;
  readonly peerId: string;
  readonly kind: MediaKind;
  accept(): Promise<DeployedCall>;
  reject(): Promise<void>;
}

export interface DeployedCalls {
  start(peerId: string, kind: MediaKind): Promise<DeployedCall>;
  onRing(take: (ring: DeployedRing) => void): void;
  /** What could not be used, in the peer's own words; a message it does not know is no error to it. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}
