// A train of numbered UDP packets, and what a network did to it. The same probe goes through a simulated network and a real one.

import type { Socket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import type { Endpoint } from "../simulated/nat-table.ts";

export interface Train {
  readonly count: number;
  /** Of UDP payload, at least HEADER_BYTES. */
  readonly bytes: number;
  /** Between two packets; 0 for as fast as this machine sends. */
  readonly everyMs: number;
}

export interface TrainFigures {
  /** Of all packets, 0 to 1. */
  readonly lost: number;
  /** Mean number of packets that were lost one after the other; 0 without losses. */
  readonly lossBurst: number;
  /** Further copies, as a share of what arrived. */
  readonly duplicated: number;
  /** Share of the packets that arrived after a younger one. */
  readonly late: number;
  /** Quantiles of the delay from sender to receiver in milliseconds. */
  readonly delayMs: Readonly<Record<"p10" | "p50" | "p90", number>>;
  /** Median delay of the late ones in milliseconds; 0 without any. */
  readonly lateDelayMs: number;
  /** Between first and last arrival, with the headers of IPv4 and UDP; bits per second. */
  readonly rateBps: number;
}

interface ArrivedPacket {
  readonly number: number;
  readonly delayMs: number;
  readonly atMs: number;
}

/** Its number, and when it was sent. */
const HEADER_BYTES = 12;
/** IPv4 and UDP. */
const OUTER_BYTES = 28;
/** So many packets leave before others of this process get their turn, so that no socket's buffer overflows. */
const AT_ONCE = 8;
/** Packets with higher numbers than the train's end it. Some of them may be lost, and the last ones overtake no late packet. */
const END_EVERY_MS = 50;
const END_AFTER = 6;

/** Resolves when `isReceived` does. Until then it goes on with packets that end the train. */
export async function sendTrain(
  socket: Socket,
  to: Endpoint,
  { count, bytes, everyMs }: Train,
  isReceived: Promise<unknown>,
): Promise<void> {
  const [address = "", port = ""] = to.split(":");
  const send = (number: number) => socket.send(packetOf(number, bytes), Number(port), address);
  const startMs = nowMs();
  for (let number = 0; number < count; number += 1) {
    send(number);
    const dueMs = startMs + (number + 1) * everyMs;
    const waitMs = dueMs - nowMs();
    if (everyMs > 0 && waitMs > 0) await delay(waitMs);
    else if (number % AT_ONCE === 0) await new Promise(setImmediate);
  }
  let isOver = false;
  const over = isReceived.finally(() => {
    isOver = true;
  });
  for (let number = count; !isOver; number += 1) {
    send(number);
    await delay(END_EVERY_MS);
  }
  await over;
}

/** Takes all packets of the socket until the train has ended. */
export async function receiveTrain(socket: Socket, { count, bytes }: Train): Promise<TrainFigures> {
  const arrived: ArrivedPacket[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const onPacket = (packet: Buffer) => {
    const atMs = nowMs();
    const number = packet.readUInt32BE(0);
    if (number < count) arrived.push({ number, delayMs: atMs - packet.readDoubleBE(4), atMs });
    else if (number >= count + END_AFTER) resolve();
  };
  socket.on("message", onPacket);
  await promise;
  socket.off("message", onPacket);
  return figuresOf(arrived, count, bytes);
}

/** @param arrived in the order of arrival, numbers from 0 */
export function figuresOf(arrived: readonly ArrivedPacket[], count: number, bytes: number): TrainFigures {
  const first = arrived.at(0);
  const last = arrived.at(-1);
  if (!first || !last) throw new Error(`none of ${count} packets arrived`);
  const numbers = new Set(arrived.map(({ number }) => number));
  const isLost = (number: number) => number >= 0 && !numbers.has(number);
  const losses = count - numbers.size;
  let bursts = 0;
  for (let number = 0; number < count; number += 1) if (isLost(number) && !isLost(number - 1)) bursts += 1;
  const late = latePackets(arrived);
  const delays = sorted(arrived);
  const bits = 8 * (bytes + OUTER_BYTES) * (arrived.length - 1);
  return {
    lost: losses / count,
    lossBurst: bursts === 0 ? 0 : losses / bursts,
    duplicated: (arrived.length - numbers.size) / numbers.size,
    late: late.length / numbers.size,
    delayMs: { p10: at(delays, 0.1), p50: at(delays, 0.5), p90: at(delays, 0.9) },
    lateDelayMs: at(sorted(late), 0.5),
    rateBps: (1_000 * bits) / (last.atMs - first.atMs),
  };
}

/** Without the second copies. */
function latePackets(arrived: readonly ArrivedPacket[]): ArrivedPacket[] {
  const late = new Map<number, ArrivedPacket>();
  const punctual = new Set<number>();
  let newest = -1;
  for (const packet of arrived) {
    if (packet.number >= newest) punctual.add(packet.number);
    else if (!punctual.has(packet.number) && !late.has(packet.number)) late.set(packet.number, packet);
    newest = Math.max(newest, packet.number);
  }
  return [...late.values()];
}

function sorted(packets: readonly ArrivedPacket[]): number[] {
  return packets.map(({ delayMs }) => delayMs).sort((one, other) => one - other);
}

function at(values: readonly number[], share: number): number {
  return values[Math.floor(share * (values.length - 1))] ?? 0;
}

function packetOf(number: number, bytes: number): Buffer {
  const packet = Buffer.alloc(Math.max(bytes, HEADER_BYTES));
  packet.writeUInt32BE(number, 0);
  packet.writeDoubleBE(nowMs(), 4);
  return packet;
}

/** Of the clock that all processes of a machine share. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
