// Two hosts' own transports in one process, whose calls go over a simulated network: they replace the candidates in the signals.

import { EventEmitter } from "node:events";
import type { HostTransport, TransportMessage } from "../../../../plugin/host/transport/host-transport.ts";
import { type Candidate, type Contact, candidateSchema } from "../../../../rpc-schema/index.ts";
import type { NetworkSide, SimulatedNetwork } from "./simulated-network.ts";

const IDS: Readonly<Record<NetworkSide, string>> = {
  a: "12D3KooWThe1Re1ayedHostA",
  b: "12D3KooWThe1Re1ayedHostB",
};

/** @returns the transports of the hosts on both sides; each host is the other's only contact */
export function relayedTransports(network: SimulatedNetwork): Readonly<Record<NetworkSide, HostTransport>> {
  const arrivals = new EventEmitter();
  const transport = (own: NetworkSide, other: NetworkSide): HostTransport => ({
    selfId: IDS[own],
    async send({ topic, payload }) {
      const changed = relayedPayload(network, own, payload);
      if (changed) arrivals.emit(other, { peerId: IDS[own], topic, payload: changed });
    },
    contacts: () => [contactOf(other)],
    setAvailability: () => undefined,
    listen(listener) {
      const onMessage = (message: TransportMessage) => setImmediate(() => listener.onMessage(message));
      arrivals.on(own, onMessage);
      return () => void arrivals.off(own, onMessage);
    },
  });
  return { a: transport("a", "b"), b: transport("b", "a") };
}

function contactOf(side: NetworkSide): Contact {
  const peerId = IDS[side];
  return { peerId, label: side, addresses: [`/p2p/${peerId}`], reachable: true, videoDisabled: false };
}

/**
 * @param payload of a signal
 * @returns null for a candidate that the network does not carry
 */
export function relayedPayload<P extends object>(
  network: SimulatedNetwork,
  from: NetworkSide,
  payload: P,
): P | null {
  if ("sdp" in payload && typeof payload.sdp === "string") {
    return { ...payload, sdp: network.descriptionFrom(from, payload.sdp) };
  }
  if (!("candidate" in payload)) return payload;
  const candidate: Candidate | null = network.candidateFrom(from, candidateSchema.parse(payload.candidate));
  return candidate && { ...payload, candidate };
}
