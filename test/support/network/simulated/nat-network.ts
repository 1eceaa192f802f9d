// Two WebRTC peers of this machine, each behind a NAT with an address and a STUN server of its own. The peers' signals must
// show only the candidates that `candidateFrom` lets through, so that every packet between them passes both NATs. Packets to
// a TURN server do not: it is reached as from the open internet.

import { createSocket, type Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import type { Candidate, IceServer } from "../../../../rpc-schema/index.ts";
import { FREE_LINK, type LinkShape, ShapedLink } from "./link-shape.ts";
import { type Endpoint, type NatKind, type NatMapping, NatTable } from "./nat-table.ts";
import { PacketQueue } from "./packet-queue.ts";
import { type NetworkSide, randomOf, type SimulatedNetwork } from "./simulated-network.ts";
import { bindingAnswer } from "./stun-answer.ts";

export interface NatNetworkOptions {
  readonly kinds: Readonly<Record<NetworkSide, NatKind>>;
  readonly seed?: number;
  /** Named after the sender; both are free at first. */
  readonly shapes?: Readonly<Partial<Record<NetworkSide, LinkShape>>>;
}

interface Nat {
  readonly side: NetworkSide;
  readonly address: string;
  readonly table: NatTable;
  /** Outer ports. */
  readonly sockets: Map<NatMapping, Socket>;
  /** The peer's own sockets, learnt from its requests to the STUN server. */
  readonly inside: Set<Endpoint>;
  readonly stun: Socket;
  readonly queue: PacketQueue;
}

/** All of 127.0.0.0/8 is this machine's own. */
const ADDRESSES: Readonly<Record<NetworkSide, string>> = { a: "127.0.1.1", b: "127.0.2.1" };
const STUN_ADDRESS = "127.0.0.1";
/** A peer of a symmetric NAT takes one for each address that it tries. */
const MAX_MAPPINGS = 200;
const CANDIDATE_TYPE = /^(?:a=)?candidate:\S+ \d+ \S+ \d+ \S+ \d+ typ (\S+)/i;

export class NatNetwork implements SimulatedNetwork {
  readonly #nats: Readonly<Record<NetworkSide, Nat>>;
  readonly #refusals = new EventEmitter();
  #refused = 0;
  #isStopped = false;

  private constructor(nats: Readonly<Record<NetworkSide, Nat>>) {
    this.#nats = nats;
    for (const nat of Object.values(nats)) {
      nat.stun.on("message", (packet, from) => void this.#answer(nat, packet, endpointOf(from)));
    }
  }

  static async start({ kinds, seed, shapes = {} }: NatNetworkOptions): Promise<NatNetwork> {
    const nat = async (side: NetworkSide): Promise<Nat> => ({
      side,
      address: ADDRESSES[side],
      table: new NatTable(kinds[side]),
      sockets: new Map(),
      inside: new Set(),
      stun: await boundSocket(STUN_ADDRESS),
      queue: new PacketQueue(new ShapedLink(shapes[side] ?? FREE_LINK, randomOf(side, seed))),
    });
    return new NatNetwork({ a: await nat("a"), b: await nat("b") });
  }

  /** For the setting iceServers of that side; the NAT knows its peer by it. */
  iceServer(side: NetworkSide): IceServer {
    return { urls: [`stun:${STUN_ADDRESS}:${this.#nats[side].stun.address().port}`] };
  }

  /** Resolves when the NATs have kept out that many packets between the peers. */
  async untilRefused(count: number): Promise<void> {
    while (this.#refused < count) await once(this.#refusals, "refused");
  }

  /** @returns null for a host candidate, which lies behind the NAT */
  candidateFrom(_side: NetworkSide, candidate: Candidate): Candidate | null {
    return isHost(candidate.candidate) ? null : candidate;
  }

  /** A description without candidates behind the NAT. */
  descriptionFrom(_side: NetworkSide, sdp: string): string {
    return sdp
      .split(/(?<=\n)/)
      .filter((line) => !isHost(line))
      .join("");
  }

  /** Idempotent. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const nat of Object.values(this.#nats)) {
      nat.queue.stop();
      for (const socket of [nat.stun, ...nat.sockets.values()]) socket.close();
    }
  }

  /** The STUN server: it tells the peer its outer address. */
  async #answer(nat: Nat, packet: Buffer, from: Endpoint): Promise<void> {
    const answerTo = (outer: Endpoint) => bindingAnswer(packet, outer);
    nat.inside.add(from);
    const server = endpointOf(nat.stun.address());
    const outer = await this.#outerSocket(nat, nat.table.leave(from, server));
    const answer = outer && answerTo(endpointOf(outer.address()));
    if (answer && !this.#isStopped) send(nat.stun, answer, from);
  }

  /** A packet that reached an outer port of `to`. Only the other side's peer sends there. */
  async #pass(to: Nat, mapping: NatMapping, packet: Buffer, from: Endpoint): Promise<void> {
    const sender = this.#nats[to.side === "a" ? "b" : "a"];
    const target = to.sockets.get(mapping);
    if (!sender.inside.has(from) || !target) return;
    const outer = await this.#outerSocket(sender, sender.table.leave(from, endpointOf(target.address())));
    if (!outer || this.#isStopped) return;
    sender.queue.pass(packet.length, () => {
      if (to.table.mayEnter(mapping, endpointOf(outer.address()))) send(outer, packet, mapping.inside);
      else this.#refuse();
    });
  }

  #refuse(): void {
    this.#refused += 1;
    this.#refusals.emit("refused");
  }

  async #outerSocket(nat: Nat, mapping: NatMapping): Promise<Socket | null> {
    const known = nat.sockets.get(mapping);
    if (known) {
      if (!isBound(known)) await once(known, "listening");
      return known;
    }
    if (nat.sockets.size >= MAX_MAPPINGS || this.#isStopped) return null;
    const socket = createSocket("udp4");
    nat.sockets.set(mapping, socket);
    socket.on("message", (packet, from) => void this.#pass(nat, mapping, packet, endpointOf(from)));
    socket.bind(0, nat.address);
    await once(socket, "listening");
    return socket;
  }
}

function isHost(line: string): boolean {
  return CANDIDATE_TYPE.exec(line)?.[1]?.toLowerCase() === "host";
}

function endpointOf({ address, port }: { address: string; port: number }): Endpoint {
  return `${address}:${port}`;
}

function send(from: Socket, packet: Uint8Array, to: Endpoint): void {
  const [address = "", port = ""] = to.split(":");
  from.send(packet, Number(port), address);
}

function isBound(socket: Socket): boolean {
  try {
    socket.address();
    return true;
  } catch {
    return false;
  }
}

async function boundSocket(address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  return socket;
}
