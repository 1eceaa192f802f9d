// The libp2p node. Loading libp2p takes 0.4 s, so this module is imported only when signalling starts.

import { privateKeyFromProtobuf } from "@libp2p/crypto/keys";
import { dcutr } from "@libp2p/dcutr";
import { identify } from "@libp2p/identify";
import type { Connection } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { peerIdFromString } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2p } from "libp2p";
import { withDeadline } from "../../common/deadline.ts";
import { Mdns } from "../discovery/mdns.ts";
import { isRoutableAddress } from "../goop-wire/presence-message.ts";
import type { ByteStream, NodeOptions, PeerAddress, SignallingNode } from "../node.ts";
import {
  HANDSHAKE_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_SECOND,
  MAX_HANDSHAKES,
  MAX_INCOMING_STREAMS_PER_PEER,
  MAX_OUTGOING_STREAMS_PER_PEER,
  NEGOTIATION_MS,
} from "../timings.ts";
import { AddressBook } from "./address-book.ts";
import { ConnectionGate, sourceOf } from "./connection-gate.ts";
import { endDeadConnections } from "./dead-connections.ts";
import { createGossip, type Gossip } from "./gossip.ts";
import { MuxerGuards } from "./guarded-muxer.ts";
import { Libp2pStream } from "./libp2p-stream.ts";
import { createRelayReservations, type RelayReservations } from "./relay-reservations.ts";

/**
 * Registers the handlers before it listens, so that no early stream is refused.
 * @throws Error if it cannot listen on any address
 */
export async function startLibp2pNode(options: NodeOptions): Promise<SignallingNode> {
  const gossip = options.gossip && createGossip(options.gossip);
  const relays = options.relays && createRelayReservations(options.relays, options.log);
  const guards = new MuxerGuards({ budget: options.frames, onExceeded: options.onExceeded });
  const gate = new ConnectionGate(options.connections, guards);
  const libp2p = await create(options, { gate, guards, gossip, relays });
  gate.start(libp2p);
  const book = new AddressBook(libp2p, options);
  forwardEvents(libp2p, options, book);
  for (const [protocol, handler] of options.handlers) {
    await libp2p.handle(
      protocol,
      (stream, connection) => handler(new Libp2pStream(stream), sourceOf(connection)),
      {
        maxInboundStreams: MAX_INCOMING_STREAMS_PER_PEER,
        maxOutboundStreams: MAX_OUTGOING_STREAMS_PER_PEER,
        // Relayed connections limit the amount of data, and signalling stays below the limit.
        runOnLimitedConnection: true,
      },
    );
  }
  await libp2p.start();
  gossip?.join();
  const node = new Libp2pNode(libp2p, { options, book, gossip });
  relays?.start(libp2p, node.stopping);
  if (options.mdns) node.startMdns();
  return node;
}

interface NodeParts {
  readonly gate: ConnectionGate;
  readonly guards: MuxerGuards;
  readonly gossip: Gossip | undefined;
  readonly relays: RelayReservations | undefined;
}

function create(options: NodeOptions, { gate, guards, gossip, relays }: NodeParts): Promise<Libp2p> {
  return createLibp2p({
    start: false,
    privateKey: privateKeyFromProtobuf(options.key),
    nodeInfo: { userAgent: "goop-call-plugin" },
    addresses: { listen: [...options.listen] },
    transports: [tcp(), ...(relays ? [relays.create] : [])],
    connectionEncrypters: [noise()],
    streamMuxers: [() => guards.create()],
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_CONNECTIONS_PER_SECOND,
      // Above our own limit, which makes room for newcomers where this one would refuse them.
      maxIncomingPendingConnections: 2 * MAX_HANDSHAKES,
      inboundUpgradeTimeout: HANDSHAKE_MS,
      inboundStreamProtocolNegotiationTimeout: NEGOTIATION_MS,
    },
    connectionGater: gate.create(),
    services: {
      identify: identify(),
      ...(gossip ? { gossip: gossip.create } : {}),
      // DCUtR upgrades a relayed connection to a direct one if one side takes connections from outside.
      ...(relays ? { dcutr: dcutr() } : {}),
    },
  });
}

function forwardEvents(libp2p: Libp2p, { events }: NodeOptions, book: AddressBook): void {
  libp2p.addEventListener("peer:connect", ({ detail }) => {
    book.onConnected(detail);
    events.onConnected(detail.toString());
  });
  libp2p.addEventListener("connection:open", ({ detail: { remotePeer } }) => {
    // A peer that lost power connects again before its old connection expires, and then there is no "peer:connect".
    if (libp2p.getConnections(remotePeer).length > 1) events.onConnectedAgain(remotePeer.toString());
  });
  libp2p.addEventListener("peer:disconnect", ({ detail }) => {
    events.onDisconnected(detail.toString());
    book.onDisconnected(detail);
  });
  libp2p.addEventListener("peer:identify", ({ detail }) =>
    events.onIdentified(book.onIdentified(detail.peerId, detail.listenAddrs)),
  );
  libp2p.addEventListener("self:peer:update", () => events.onAddressesChanged());
}

interface RunningParts {
  readonly options: NodeOptions;
  readonly book: AddressBook;
  readonly gossip: Gossip | undefined;
}

class Libp2pNode implements SignallingNode {
  readonly peerId: string;
  readonly #libp2p: Libp2p;
  readonly #options: NodeOptions;
  readonly #book: AddressBook;
  readonly #gossip: Gossip | undefined;
  readonly #stopping = new AbortController();
  #mdns: Mdns | undefined;
  #addresses: string[] = [];

  constructor(libp2p: Libp2p, { options, book, gossip }: RunningParts) {
    this.#libp2p = libp2p;
    this.#options = options;
    this.#book = book;
    this.#gossip = gossip;
    this.peerId = libp2p.peerId.toString();
  }

  /** Not a libp2p `peerDiscovery` service, because that would add unlimited and unchecked addresses to the peer store. */
  startMdns(): void {
    this.#mdns = new Mdns({
      addresses: () => this.addresses(),
      onFound: (addresses) => this.#onFound(addresses),
      log: this.#options.log,
    });
    this.#libp2p.addEventListener("self:peer:update", () => this.#mdns?.announce());
  }

  /** Aborts when `stop` is called. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  addresses(): string[] {
    try {
      this.#addresses = this.#libp2p.getMultiaddrs().map(String);
    } catch {
      // libp2p reads the interfaces, as machine-interfaces.ts does. The system may refuse that for a while.
    }
    return [...this.#addresses];
  }

  parseAddress(address: string): PeerAddress {
    const last = multiaddr(address).getComponents().at(-1);
    if (last?.name !== "p2p" || last.value === undefined)
      throw new Error("expected /p2p/<peer id> at the end");
    return { peerId: peerIdFromString(last.value).toString(), addresses: [address] };
  }

  completeAddress(peerId: string, addresses: readonly string[]): PeerAddress {
    const suffix = `/p2p/${peerId}`;
    const whole = addresses.map((text) => (text.endsWith(suffix) ? text : `${text}${suffix}`));
    return { peerId, addresses: whole.filter((text) => this.#belongsTo(peerId, text)) };
  }

  isConnected(peerId: string): boolean {
    return this.#connection(peerId) !== undefined;
  }

  connectedPeers(): string[] {
    return this.#libp2p.getPeers().map(String);
  }

  remoteIps(peerId: string): string[] {
    return this.#book.remoteIps(peerIdFromString(peerId));
  }

  connections(): { direct: number; relayed: number } {
    const all = this.#libp2p.getConnections();
    const relayed = all.filter(({ limits }) => limits !== undefined).length;
    return { direct: all.length - relayed, relayed };
  }

  endDeadConnections(limitMs: number): Promise<void> {
    return endDeadConnections(this.#libp2p.getConnections(), limitMs, this.#options.log);
  }

  async connect(peer: PeerAddress, signal: AbortSignal): Promise<void> {
    if (!this.isConnected(peer.peerId)) await this.#dial(peer, signal);
  }

  async openStream(peer: PeerAddress, protocol: string, signal: AbortSignal): Promise<ByteStream> {
    const connection = this.#connection(peer.peerId) ?? (await this.#dial(peer, signal));
    return new Libp2pStream(await connection.newStream(protocol, { signal, runOnLimitedConnection: true }));
  }

  knownAddresses(peerId: string, signal: AbortSignal): Promise<PeerAddress> {
    return this.#book.addressesOf(peerIdFromString(peerId), signal);
  }

  publish(bytes: Uint8Array): Promise<boolean> {
    if (!this.#gossip) return Promise.reject(new Error("gossip is disabled"));
    return this.#gossip.publish(bytes);
  }

  openStreams(): number {
    return this.#libp2p
      .getConnections()
      .flatMap((connection) => connection.streams)
      .filter((stream) => this.#options.handlers.has(stream.protocol)).length;
  }

  stop(): Promise<void> {
    this.#stopping.abort(new Error("the node is stopping"));
    return withDeadline(this.#options.stopMs, undefined, "stopping libp2p", async () => {
      await this.#mdns?.close();
      await this.#libp2p.stop();
    });
  }

  /** An mDNS answer announces one peer, which its first address identifies. */
  #onFound(addresses: readonly string[]): void {
    const peerId = addresses[0]?.split("/").at(-1) ?? "";
    const found = this.completeAddress(peerId, addresses.filter(isRoutableAddress));
    if (peerId !== this.peerId && found.addresses.length > 0) this.#options.events.onFound(found);
  }

  #belongsTo(peerId: string, address: string): boolean {
    try {
      return this.parseAddress(address).peerId === peerId;
    } catch {
      return false; // not an address
    }
  }

  /** Prefers direct connections, then the newest: a peer that restarts after a crash leaves a dead connection behind. */
  #connection(peerId: string): Connection | undefined {
    return this.#libp2p
      .getConnections(peerIdFromString(peerId))
      .filter((connection) => connection.status === "open")
      .toSorted(
        (a, b) =>
          Number(a.limits !== undefined) - Number(b.limits !== undefined) ||
          b.timeline.open - a.timeline.open,
      )[0];
  }

  #dial(peer: PeerAddress, signal: AbortSignal): Promise<Connection> {
    const addresses = peer.addresses.map((address) => multiaddr(address));
    return this.#libp2p.dial(addresses.length > 0 ? addresses : peerIdFromString(peer.peerId), { signal });
  }
}
