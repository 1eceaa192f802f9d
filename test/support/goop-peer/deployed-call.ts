// The calls of a deployed Goop² peer, the same interface for each flavour.

import type { MediaKind } from "./wire/wire.ts";

/** One call, from its request on. */
export interface DeployedCall {
  readonly channelId: string;
  readonly peerId: string;
  readonly isOrigin: boolean;
  readonly kind: MediaKind;
  /** `connectionState` of the current peer connection; "closed" after the end. */
  readonly connectionState: string;
  /** Resolves with the reason that this peer knows. */
  readonly ended: Promise<"hung up" | "remote hung up" | "connection failed">;
  hangup(): Promise<void>;
}

/** A request that rings. A caller's hang-up does not close it [3.6]. */
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
  /** Errors that the peer logged. A message of an unknown type is not an error to it. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}
