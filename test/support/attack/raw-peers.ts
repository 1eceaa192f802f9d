// Peers that write the frames of their connections themselves, so that they can do what no library lets them do, and cheaply. Each
// connection has an identity of its own. Written from the specifications of multistream-select and yamux. It must not import
// the plugin.

import { generateKeyPair } from "@libp2p/crypto/keys";
import {
  type MessageStream,
  type PrivateKey,
  type StreamMuxer,
  type StreamMuxerEvents,
  type StreamMuxerFactory,
  TypedEventEmitter,
  type Upgrader,
} from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";
import { RawConnection } from "./raw-connection.ts";

/** Addresses of loopback from which the peers connect, since limits count by address. */
const MAX_ADDRESSES = 250;
const MUXER = "/yamux/1.0.0";

export interface RawPeersOptions {
  /** The plugin's, on loopback. */
  readonly target: string;
  /** Connections come from so many addresses by turns. */
  readonly addresses: number;
}

type Transport = ReturnType<ReturnType<typeof tcp>>;

/** Dials with a new identity each time. */
export class RawPeers {
  readonly #options: RawPeersOptions;
  readonly #keys = new WeakMap<MessageStream, PrivateKey>();
  #transport: Transport | undefined;
  #upgrader: (() => Upgrader) | undefined;
  #dials = 0;

  private constructor(options: RawPeersOptions) {
    this.#options = options;
  }

  static async start(options: RawPeersOptions): Promise<RawPeers> {
    const peers = new RawPeers(options);
    await peers.#create();
    return peers;
  }

  /** @throws Error when the plugin refuses the connection */
  async connect(): Promise<RawConnection> {
    const [transport, upgrader] = [this.#transport, this.#upgrader?.()];
    if (!transport || !upgrader) throw new Error("unreachable: start has created them");
    const { promise, resolve } = Promise.withResolvers<RawConnection>();
    const muxerFactory: StreamMuxerFactory = {
      protocol: MUXER,
      createStreamMuxer: (stream) => {
        const key = this.#keys.get(stream);
        if (!key) throw new Error("unreachable: the stream was encrypted with a key");
        resolve(new RawConnection(stream, key));
        return noMuxer();
      },
    };
    await transport.dial(multiaddr(this.#options.target), {
      signal: AbortSignal.timeout(HANG_LIMIT_MS),
      upgrader: {
        createInboundAbortSignal: (signal) => upgrader.createInboundAbortSignal(signal),
        getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
        getStreamMuxers: () => upgrader.getStreamMuxers(),
        upgradeInbound: (...args) => upgrader.upgradeInbound(...args),
        upgradeOutbound: (connection, options) =>
          upgrader.upgradeOutbound(connection, { ...options, muxerFactory }),
      },
    });
    return await promise;
  }

  /** The node only lends its parts, and never starts. */
  async #create(): Promise<void> {
    const nextAddress = () => {
      this.#dials += 1;
      return `127.0.1.${1 + (this.#dials % Math.min(this.#options.addresses, MAX_ADDRESSES))}`;
    };
    const dialOpts = {
      noDelay: true,
      get localAddress() {
        return nextAddress();
      },
    };
    await createLibp2p({
      start: false,
      transports: [
        (components) => {
          this.#transport = tcp({ dialOpts })(components);
          return this.#transport;
        },
      ],
      connectionEncrypters: [
        (components) => {
          // Not set yet.
          this.#upgrader = () => components.upgrader;
          return {
            protocol: "/noise",
            secureInbound: () => Promise.reject(new Error("nobody dials these peers")),
            secureOutbound: async (connection, options) => {
              const privateKey = await generateKeyPair("Ed25519");
              const { logger, upgrader } = components;
              const own = { privateKey, peerId: peerIdFromPrivateKey(privateKey), logger, upgrader };
              const secured = await noise()(own).secureOutbound(connection, options);
              this.#keys.set(secured.connection, privateKey);
              return secured;
            },
          };
        },
      ],
      streamMuxers: [() => ({ protocol: MUXER, createStreamMuxer: noMuxer })],
    });
  }
}

const noMuxer = (): StreamMuxer => new NoMuxer();

/** The connection is written without one. */
class NoMuxer extends TypedEventEmitter<StreamMuxerEvents> implements StreamMuxer {
  readonly protocol = MUXER;
  readonly streams = [];
  readonly status = "open";
  createStream = () => Promise.reject(new Error("this peer writes its frames itself"));
  abort = () => undefined;
  close = () => Promise.resolve();
}
