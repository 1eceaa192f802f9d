// A bad network between two WebRTC peers on this machine. Each side is given the relay's address in place of the other's, and
// the relay passes the packets on over a shaped link for each direction. The kernel here has no netem.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Candidate } from "../../../rpc-schema/index.ts";
import { seededRandom } from "../process/seeded-random.ts";
import { FREE_LINK, type LinkShape, type PacketFate, ShapedLink } from "./link-shape.ts";

/** The two peers. A direction is named after its sender. */
export type RelaySide = "a" | "b";

export interface UdpRelayOptions {
  readonly seed?: number;
  /** Both are free at first. */
  readonly shapes?: Readonly<Partial<Record<RelaySide, LinkShape>>>;
  /** Sees each packet on its arrival at the relay, with its fate; it must not keep the packet. */
  onPacket?(from: RelaySide, packet: Uint8Array, fate: PacketFate): void;
}

interface Direction {
  readonly link: ShapedLink;
  /** The sender's packets arrive here. */
  readonly socket: Socket;
  /** In the order of their arrival. Bounded by the shape's queue, and by MAX_WAITING. */
  readonly waiting: { readonly atMs: number; readonly packet: Uint8Array }[];
  timer: NodeJS.Timeout | undefined;
  /** The sender's port, from its newest usable candidate. */
  port: number | null;
  fragment: string | undefined;
}

const LOOPBACK = "127.0.0.1";
const MAX_WAITING = 10_000;
/** foundation component protocol priority address port typ host … (RFC 8839 section 5.1) */
const HOST_CANDIDATE = /^(candidate:\S+ 1 udp \d+) (\d+\.\d+\.\d+\.\d+) (\d+) (typ host.*)$/i;

export class UdpRelay {
  readonly #directions: Readonly<Record<RelaySide, Direction>>;
  readonly #options: UdpRelayOptions;
  #isStopped = false;

  private constructor(options: UdpRelayOptions, sockets: Readonly<Record<RelaySide, Socket>>) {
    this.#options = options;
    const random = seededRandom(options.seed ?? 1);
    const direction = (side: RelaySide): Direction => ({
      link: new ShapedLink(options.shapes?.[side] ?? FREE_LINK, random),
      socket: sockets[side],
      waiting: [],
      timer: undefined,
      port: null,
      fragment: undefined,
    });
    this.#directions = { a: direction("a"), b: direction("b") };
    for (const side of ["a", "b"] as const) {
      sockets[side].on("message", (packet, { port }) => this.#receive(side, packet, port));
    }
  }

  static async start(options: UdpRelayOptions = {}): Promise<UdpRelay> {
    const sockets = { a: createSocket("udp4"), b: createSocket("udp4") };
    for (const socket of Object.values(sockets)) {
      socket.bind(0, LOOPBACK);
      await once(socket, "listening");
    }
    return new UdpRelay(options, sockets);
  }

  setShape(from: RelaySide, shape: LinkShape): void {
    this.#directions[from].link.shape = shape;
  }

  /**
   * A candidate as the other side may know it. The relay carries one candidate on 127.0.0.1 for each ICE generation.
   * @returns null for all others, which the other side must not get
   */
  candidateFrom(side: RelaySide, candidate: Candidate): Candidate | null {
    const line = this.#lineFrom(side, candidate.candidate, candidate.usernameFragment ?? undefined);
    return line === null ? null : { ...candidate, candidate: line };
  }

  /** A description with its candidates changed or left out in the same way. */
  descriptionFrom(side: RelaySide, sdp: string): string {
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
      clearTimeout(direction.timer);
      direction.waiting.length = 0;
      direction.socket.close();
    }
  }

  #lineFrom(side: RelaySide, candidate: string, fragment: string | undefined): string | null {
    const [, head, address, port, tail] = HOST_CANDIDATE.exec(candidate) ?? [];
    if (address !== LOOPBACK) return null;
    const direction = this.#directions[side];
    const isKnown = direction.port === Number(port);
    // Trickled candidates repeat those of the description.
    if (!isKnown && direction.port !== null && fragment === direction.fragment) return null;
    direction.port = Number(port);
    direction.fragment = fragment;
    const { port: shown } = this.#directions[otherOf(side)].socket.address();
    return `${head} ${LOOPBACK} ${shown} ${tail}`;
  }

  #receive(side: RelaySide, packet: Uint8Array, port: number): void {
    const direction = this.#directions[side];
    // Checks from further addresses of the sender would be answered to the wrong one.
    if (port !== direction.port || direction.waiting.length >= MAX_WAITING) return;
    const fate = direction.link.admit(packet.length, performance.now());
    this.#options.onPacket?.(side, packet, fate);
    if (typeof fate === "string") return;
    direction.waiting.push({ atMs: fate.arrivesAtMs, packet });
    if (direction.waiting.length === 1) this.#deliver(side);
  }

  /** Delivers what is due, and waits for the next. */
  #deliver(side: RelaySide): void {
    const { waiting } = this.#directions[side];
    const to = this.#directions[otherOf(side)];
    while (waiting[0] && waiting[0].atMs <= performance.now()) {
      const { packet } = waiting.shift() ?? waiting[0];
      if (to.port !== null) to.socket.send(packet, to.port, LOOPBACK);
    }
    const next = waiting[0];
    if (!next) return;
    const waitMs = Math.max(0, next.atMs - performance.now());
    this.#directions[side].timer = setTimeout(() => this.#deliver(side), waitMs);
  }
}

function otherOf(side: RelaySide): RelaySide {
  return side === "a" ? "b" : "a";
}
