// What signalling needs from a peer-to-peer node: streams by protocol, connections and discovered peers. The folder
// libp2p/ implements it.

import type { Log } from "../log.ts";
import type { ConnectionBudget } from "./limits/connection-budget.ts";
import type { FrameBudget } from "./limits/frame-budget.ts";
import type { GossipBudget } from "./limits/gossip-budget.ts";
import type { PeerSource } from "./limits/peer-class.ts";

/** One stream to one peer. A chunk may hold part of a message, or parts of two. */
export interface ByteStream {
  /** Call once. `onEnd` runs once, after the last chunk. Its error is set if the stream broke. */
  receive(onChunk: (chunk: Uint8Array) => void, onEnd: (error?: Error) => void): void;
  /** Resolves when the transport accepted the bytes. */
  send(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Closes our half. The stream ends when the peer has closed its half too. */
  close(): Promise<void>;
  /** Resets both halves at once. */
  abort(error: Error): void;
}

/** A peer and its addresses. Without addresses, the node uses those that it remembers. */
export interface PeerAddress {
  readonly peerId: string;
  /** Multiaddrs, each ending in /p2p/<peerId>. */
  readonly addresses: readonly string[];
}

interface NodeEvents {
  onConnected(peerId: string): void;
  /** A connected peer opened another connection. It may have restarted unnoticed. */
  onConnectedAgain(peerId: string): void;
  /** The last connection to the peer closed. */
  onDisconnected(peerId: string): void;
  /** mDNS found the peer. Repeats with every answer, about every 10 s. */
  onFound(peer: PeerAddress): void;
  /** A connected peer announced its addresses. */
  onIdentified(peer: PeerAddress): void;
  onAddressesChanged(): void;
}

/** The connection of an incoming stream. */
export interface StreamSource extends PeerSource {
  /** Ends the connection with all its streams. */
  disconnect(error: Error): void;
}

/** Receives an incoming stream. */
export type StreamHandler = (stream: ByteStream, source: StreamSource) => void;

/** One publish-subscribe topic. */
export interface GossipOptions {
  readonly topic: string;
  readonly budget: GossipBudget;
  /** `from` is the signer, not the peer that forwarded the message. @returns false to drop the message and not forward it */
  onMessage(from: string, bytes: Uint8Array): boolean;
  /** A connected peer subscribed to the topic. */
  onSubscribed(peerId: string): void;
}

/** Circuit relays through which peers reach us. */
export interface RelayOptions {
  /** Multiaddrs, each ending in /p2p/<relay's peer id>. */
  readonly addresses: readonly string[];
  readonly dialMs: number;
  /** Interval at which the reservation at each relay is checked. */
  readonly checkMs: number;
}

export interface NodeOptions {
  /** The libp2p private key in protobuf encoding, see key-file.ts. */
  readonly key: Uint8Array;
  /** Multiaddrs. Port 0 takes a free port. */
  readonly listen: readonly string[];
  readonly mdns: boolean;
  /** By protocol id. */
  readonly handlers: ReadonlyMap<string, StreamHandler>;
  readonly events: NodeEvents;
  readonly connections: ConnectionBudget;
  readonly frames: FrameBudget;
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  /** The peer used up its budget of frames, and its connection ends. */
  onExceeded(peerId: string, error: Error): void;
  readonly gossip?: GossipOptions | undefined;
  readonly relays?: RelayOptions | undefined;
  readonly log: Log;
  /** Time after which `stop` rejects if connections do not close. */
  readonly stopMs: number;
}

/** Runs from its creation until `stop`. */
export interface SignallingNode {
  readonly peerId: string;
  /** Our own multiaddrs, each ending in /p2p/<peerId>. */
  addresses(): string[];
  /** @throws Error if the text is not a multiaddr that ends in /p2p/<peer id> */
  parseAddress(address: string): PeerAddress;
  /** Appends /p2p/<peer id> where it is missing, and leaves out addresses of other peers and invalid ones. */
  completeAddress(peerId: string, addresses: readonly string[]): PeerAddress;
  isConnected(peerId: string): boolean;
  connectedPeers(): string[];
  /** The peer's ends of its connections, as IP addresses, without those that a relay forwards. */
  remoteIps(peerId: string): string[];
  /** The number of connections of each kind, over all peers. */
  connections(): { readonly direct: number; readonly relayed: number };
  /** Ends each connection over which the peer does not answer within the limit. Never rejects. */
  endDeadConnections(limitMs: number): Promise<void>;
  /** Reuses an open connection. Rejects when the signal aborts. */
  connect(peer: PeerAddress, signal: AbortSignal): Promise<void>;
  /** Dials if there is no connection. Rejects when the signal aborts, and then leaves no stream behind. */
  openStream(peer: PeerAddress, protocol: string, signal: AbortSignal): Promise<ByteStream>;
  /** The addresses that a connected peer announced. None yet right after it connected. */
  knownAddresses(peerId: string, signal: AbortSignal): Promise<PeerAddress>;
  /** Publishes on the gossip topic. @returns false if a connected subscriber could not be reached yet */
  publish(bytes: Uint8Array): Promise<boolean>;
  /** The number of our protocols' streams that are not fully closed, over all connections. */
  openStreams(): number;
  /** Closes every connection. Rejects if that takes longer than `stopMs`. */
  stop(): Promise<void>;
}
