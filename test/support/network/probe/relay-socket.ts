// A plain UDP socket on one side of a relay, in place of a WebRTC peer.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { ownAddress } from "../own-address.ts";
import type { Endpoint } from "../simulated/nat-table.ts";
import type { NetworkSide } from "../simulated/simulated-network.ts";
import type { UdpRelay } from "../simulated/udp-relay.ts";

export interface RelaySocket {
  /** The caller closes it. */
  readonly socket: Socket;
  /** Its address as the other side sees it. */
  readonly shown: Endpoint;
}

export async function openThrough(relay: UdpRelay, side: NetworkSide): Promise<RelaySocket> {
  const socket = createSocket("udp4");
  socket.bind(0, ownAddress());
  await once(socket, "listening");
  const { address, port } = socket.address();
  // RFC 8839 section 5.1: foundation, component, protocol, priority, address, port.
  const candidate = `candidate:1 1 udp 1 ${address} ${port} typ host`;
  const [, , , , shownAddress, shownPort] =
    relay.candidateFrom(side, { candidate, sdpMid: "0" })?.candidate.split(" ") ?? [];
  return { socket, shown: `${shownAddress}:${shownPort}` };
}
