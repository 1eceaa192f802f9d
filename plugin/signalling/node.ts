// What signalling needs from a peer-to-peer node, in our own words: streams by protocol, connections, peers found.
// The folder libp2p holds the only implementation that touches libp2p; tests supply their own.

import type { Log } from "../log.ts";

/** One stream to one peer. Chunks do not follow message borders. */
export interface ByteStream {
  /** To be called once. `onEnd` comes once, after the last chunk: bare when the peer finished, with an error when the stream broke. */
  receive(onChunk: (chunk: Uint8Array) => void, onEnd: (error?: Error) => void): void;
  /** Resolves when the transport took the bytes. */
  send(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Ends our half. The stream is gone when the peer has ended its half too. */
  close(): Promise<void>;
  /** Resets both halves at once. */
  abort(error: Error): void;
}

/** A peer and where it may be found; without addresses, by what the node itself remembers. */
export interface PeerAddress {
  readonly peerId: string;
  /** Multiaddrs, each ending in /p2p/<peerId>. */
  readonly addresses: readonly string[];
}

export interface NodeEvents {
  onConnected(peerId: string): void;
  /** The last connection to the peer has gone. */
  onDisconnected(peerId: string): void;
  /** By mDNS; comes again with every answer, about every 10 s. */
  onFound(peer: PeerAddress): void;
  /** A connected peer said where it listens. */
  onIdentified(peer: PeerAddress): void;
  onAddressesChanged(): void;
}

/** Takes an incoming stream; `from` is the identity that the connection proved. */
export type StreamHandler = (stream: ByteStream, from: string) => void;

/** One topic on which everybody hears everybody. */
export interface GossipOptions {
  readonly topic: string;
  /** `from` is the signer, whoever passed it on. False: drop it, and do not pass it on. */
  onMessage(from: string, bytes: Uint8Array): boolean;
  /** A connected peer listens on the topic from now on. */
  onSubscribed(peerId: string): void;
}

/** Relays by which we can be reached and reach others. */
export interface RelayOptions {
  /** Multiaddrs, each ending in /p2p/<relay's peer id>. */
  readonly addresses: readonly string[];
  readonly dialMs: number;
  /** Between two looks whether we still have a place at each. */
  readonly checkMs: number;
}

export interface NodeOptions {
  /** libp2p private key, protobuf encoding; see key-file.ts. */
  readonly key: Uint8Array;
  /** Multiaddrs; port 0 takes a free one. */
  readonly listen: readonly string[];
  readonly mdns: boolean;
  /** By protocol id. */
  readonly handlers: ReadonlyMap<string, StreamHandler>;
  readonly events: NodeEvents;
  readonly gossip?: GossipOptions | undefined;
  readonly relays?: RelayOptions | undefined;
  readonly log: Log;
  /** Until `stop` rejects when connections do not close. */
  readonly stopMs: number;
}

/** Runs from the moment it exists. Whoever started it stops it. */
export interface SignallingNode {
  readonly peerId: string;
  /** Own multiaddrs, each ending in /p2p/<peerId>. */
  addresses(): string[];
  /** @throws Error when it is no multiaddr that ends in /p2p/<peer id> */
  parseAddress(address: string): PeerAddress;
  /** Adds /p2p/<peer id> where it is missing, and leaves out what is no address of that peer. */
  completeAddress(peerId: string, addresses: readonly string[]): PeerAddress;
  isConnected(peerId: string): boolean;
  connectedPeers(): string[];
  /** How many connections there are of either kind, to whomever. */
  connections(): { readonly direct: number; readonly relayed: number };
  /** Uses a connection that is there. Rejects when the signal aborts. */
  connect(peer: PeerAddress, signal: AbortSignal): Promise<void>;
  /** Dials when there is no connection. Rejects when the signal aborts and then leaves no stream behind. */
  openStream(peer: PeerAddress, protocol: string, signal: AbortSignal): Promise<ByteStream>;
  /** What a connected peer has said of where it listens; nothing yet when it has just connected. */
  learnAddresses(peerId: string, signal: AbortSignal): Promise<PeerAddress>;
  /** On the gossip's topic. False when a connected peer that listens there could not be sent it yet. */
  publish(bytes: Uint8Array): Promise<boolean>;
  /** Streams of our protocols that are not wholly closed, over all connections. */
  openStreams(): number;
  /** Closes every connection. Rejects when that takes longer than `stopMs`. */
  stop(): Promise<void>;
}

/** @throws Error when no address can be listened on */
export type StartNode = (options: NodeOptions) => Promise<SignallingNode>;
