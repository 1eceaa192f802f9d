// A bad network between two WebRTC peers on this machine. Each side is given the relay's address in place of the other's, and
// the relay passes the packets on over a shaped link for each direction. The kernel here has no netem.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Candidate } from "../../../../rpc-schema/index.ts";
import { ownAddress } from "../own-address.ts";
import { FREE_LINK, type LinkShape, type PacketFate, ShapedLink } from "./link-shape.ts";
import { PacketQueue } from "./packet-queue.ts";
import { type NetworkSide, randomOf, type SimulatedNetwork } from "./simulated-network.ts";

export interface UdpRelayOptions {
  readonly seed?: number;
  /** Both are free at first. */
  readonly shapes?: Readonly<Partial<Record<NetworkSide, LinkShape>>>;
  /** Sees each packet on its arrival at the relay, with its fate; it must not keep the packet. */
  onPacket?(from: NetworkSide, packet: Uint8Array, fate: PacketFate): void;
}

interface Direction {
  readonly link: ShapedLink;
  readonly queue: PacketQueue;
  /** The sender's packets arrive here, and those of the other side leave from here. */
  socket: Socket;
  /** The sender's port, from its newest usable candidate. */
  port: number | null;
  fragment: string | undefined;
}

/** foundation component protocol priority address port typ host … (RFC 8839 section 5.1) */
const HOST_CANDIDATE = /^(candidate:\S+ 1 udp \d+) (\d+\.\d+\.\d+\.\d+) (\d+) (typ host.*)$/i;

export class UdpRelay implements SimulatedNetwork {
  readonly #directions: Readonly<Record<NetworkSide, Direction>>;
  readonly #options: UdpRelayOptions;
  readonly #address: string;
  #isStopped = false;

  private constructor(
    options: UdpRelayOptions,
    address: string,
    sockets: Readonly<Record<NetworkSide, Socket>>,
  ) {
    this.#options = options;
    this.#address = address;
    const direction = (side: NetworkSide): Direction => {
      const link = new ShapedLink(options.shapes?.[side] ?? FREE_LINK, randomOf(side, options.seed));
      return { link, queue: new PacketQueue(link), socket: sockets[side], port: null, fragment: undefined };
    };
    this.#directions = { a: direction("a"), b: direction("b") };
    for (const side of ["a", "b"] as const) this.#listen(side);
  }

  static async start(options: UdpRelayOptions = {}): Promise<UdpRelay> {
    const address = ownAddress();
    const sockets = { a: await boundSocket(address), b: await boundSocket(address) };
    return new UdpRelay(options, address, sockets);
  }

  setShape(from: NetworkSide, shape: LinkShape): void {
    this.#directions[from].link.shape = shape;
  }

  /**
   * The packets of a side come from another address from now on, as after a NAT's restart or a change of the network. What is
   * sent to the old address is lost.
   */
  async moveAddress(of: NetworkSide): Promise<void> {
    const seenFrom = otherOf(of);
    const socket = await boundSocket(this.#address);
    this.#directions[seenFrom].socket.close();
    if (this.#isStopped) return void socket.close();
    this.#directions[seenFrom].socket = socket;
    this.#listen(seenFrom);
  }

  /**
   * A candidate as the other side may know it. The relay carries one candidate on an address of this machine for each ICE generation.
   * @returns null for all others, which the other side must not get
   */
  candidateFrom(side: NetworkSide, candidate: Candidate): Candidate | null {
    const line = this.#lineFrom(side, candidate.candidate, candidate.usernameFragment ?? undefined);
    return line === null ? null : { ...candidate, candidate: line };
  }

  /** A description with its candidates changed or left out in the same way. */
  descriptionFrom(side: NetworkSide, sdp: string): string {
    const fragment = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
    return sdp.replace(/^a=(candidate:[^\r\n]*)(\r?\n)/gm, (_, candidate: string, end: string) => {
      const line = this.#lineFrom(side, candidate, fragment);
      return line === null ? "" : `a=${line}${end}`;
    });
  }

  /** Idempotent. Packets that wait are dropped. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const direction of Object.values(this.#directions)) {
      direction.queue.stop();
      direction.socket.close();
    }
  }

  #lineFrom(side: NetworkSide, candidate: string, fragment: string | undefined): string | null {
    const [, head, address, port, tail] = HOST_CANDIDATE.exec(candidate) ?? [];
    if (address !== this.#address) return null;
    const direction = this.#directions[side];
    const isKnown = direction.port === Number(port);
    // Trickled candidates repeat those of the description.
    if (!isKnown && direction.port !== null && fragment === direction.fragment) return null;
    direction.port = Number(port);
    direction.fragment = fragment;
    const { port: shown } = this.#directions[otherOf(side)].socket.address();
    return `${head} ${this.#address} ${shown} ${tail}`;
  }

  #listen(side: NetworkSide): void {
    this.#directions[side].socket.on("message", (packet, { port }) => this.#receive(side, packet, port));
  }

  #receive(side: NetworkSide, packet: Uint8Array, port: number): void {
    const direction = this.#directions[side];
    // Checks from further addresses of the sender would be answered to the wrong one.
    if (port !== direction.port) return;
    const to = this.#directions[otherOf(side)];
    const fate = direction.queue.pass(packet.length, () => {
      if (to.port !== null) to.socket.send(packet, to.port, this.#address);
    });
    this.#options.onPacket?.(side, packet, fate);
  }
}

async function boundSocket(address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  return socket;
}

function otherOf(side: NetworkSide): NetworkSide {
  return side === "a" ? "b" : "a";
}
