// A circuit relay on loopback, like that of a rendezvous server. It uses libp2p directly and must not import the plugin.

import { circuitRelayServer } from "@libp2p/circuit-relay-v2";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { identify } from "@libp2p/identify";
import type { PrivateKey } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";

export interface RelayNode {
  /** Ends in /p2p/<relay's peer id>. */
  readonly address: string;
  /** The ids of peers with a reservation. */
  reservations(): string[];
  stop(): Promise<void>;
}

/** The same key and port start the same relay again. */
export interface RelayIdentity {
  readonly key: PrivateKey;
  readonly port: number;
}

export async function makeRelayIdentity(port = 0): Promise<RelayIdentity> {
  return { key: await generateKeyPair("Ed25519"), port };
}

export async function startRelayNode({ key, port }: RelayIdentity): Promise<RelayNode> {
  const libp2p = await createLibp2p({
    privateKey: key,
    addresses: { listen: [`/ip4/127.0.0.1/tcp/${port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), relay: circuitRelayServer() },
  });
  return {
    address: String(libp2p.getMultiaddrs()[0]),
    reservations: () => [...libp2p.services.relay.reservations.keys()].map(String),
    stop: async () => libp2p.stop(),
  };
}
