// Two hosts' own transports in one process, whose calls go over a UDP relay: they replace the candidates in the signals.

import { EventEmitter } from "node:events";
import type { HostTransport, TransportMessage } from "../../../plugin/host/transport/host-transport.ts";
import { type Candidate, type Contact, candidateSchema } from "../../../rpc-schema/index.ts";
import type { RelaySide, UdpRelay } from "./udp-relay.ts";

const IDS: Readonly<Record<RelaySide, string>> = {
  a: "12D3KooWThe1Re1ayedHostA",
  b: "12D3KooWThe1Re1ayedHostB",
};

/** @returns the transports of the hosts on both sides; each host is the other's only contact */
export function relayedTransports(relay: UdpRelay): Readonly<Record<RelaySide, HostTransport>> {
  const arrivals = new EventEmitter();
  const transport = (own: RelaySide, other: RelaySide): HostTransport => ({
    selfId: IDS[own],
    async send({ topic, payload }) {
      const changed = relayedPayload(relay, own, payload);
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

function contactOf(side: RelaySide): Contact {
  const peerId = IDS[side];
  return { peerId, label: side, addresses: [`/p2p/${peerId}`], reachable: true, videoDisabled: false };
}

/** @returns null for a candidate that the relay does not carry */
function relayedPayload(
  relay: UdpRelay,
  from: RelaySide,
  payload: TransportMessage["payload"],
): TransportMessage["payload"] | null {
  if (typeof payload.sdp === "string") {
    return { ...payload, sdp: relay.descriptionFrom(from, payload.sdp) };
  }
  if (payload.type !== "ice-candidate") return payload;
  const candidate: Candidate | null = relay.candidateFrom(from, candidateSchema.parse(payload.candidate));
  return candidate && { ...payload, candidate };
}
