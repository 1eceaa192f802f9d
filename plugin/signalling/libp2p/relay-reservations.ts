// Keeps a reservation at each circuit relay, so that peers can reach us without a direct path. An unreachable relay is
// dialled again until the node stops.

import { circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import type { PeerId, Transport } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { Libp2p } from "libp2p";
import { pause, withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { RelayOptions } from "../node.ts";

type RelayComponents = Parameters<ReturnType<typeof circuitRelayTransport>>[0];
/** The library's transport has this member, but the package does not export its type. */
interface ReservingTransport extends Transport {
  readonly reservationStore: {
    hasReservation(relay: PeerId): boolean;
    addRelay(relay: PeerId, type: "configured"): Promise<unknown>;
  };
}

export interface RelayReservations {
  /** Creates the libp2p transport. */
  create(components: RelayComponents): Transport;
  /** Keeps the reservations until the signal aborts. Never throws. */
  start(libp2p: Pick<Libp2p, "dial">, closing: AbortSignal): void;
}

interface Reservation {
  readonly relay: PeerId;
  readonly address: Multiaddr;
  /** Set by the first reservation. Later ones renew it without listening again. */
  isListening: boolean;
}

export function createRelayReservations(options: RelayOptions, log: Log): RelayReservations {
  const reservations = options.addresses.flatMap((address) => {
    try {
      return [parseRelay(multiaddr(address))];
    } catch (error) {
      log("warn", `relay "${address}" ignored: ${errorText(error)}`);
      return [];
    }
  });
  let transport: ReservingTransport | undefined;
  let manager: RelayComponents["transportManager"] | undefined;

  async function reserve(
    reservation: Reservation,
    libp2p: Pick<Libp2p, "dial">,
    closing: AbortSignal,
  ): Promise<void> {
    if (!transport || !manager || transport.reservationStore.hasReservation(reservation.relay)) return;
    await withDeadline(options.dialMs, closing, "dialling the relay", (signal) =>
      libp2p.dial(reservation.address, { signal }),
    );
    // Listening again would leave the old listener behind.
    if (reservation.isListening) await transport.reservationStore.addRelay(reservation.relay, "configured");
    else await manager.listen([reservation.address.encapsulate("/p2p-circuit")]);
    reservation.isListening = true;
  }

  async function maintain(
    reservation: Reservation,
    libp2p: Pick<Libp2p, "dial">,
    closing: AbortSignal,
  ): Promise<void> {
    while (!closing.aborted) {
      await reserve(reservation, libp2p, closing).catch((error: unknown) =>
        log("debug", `no reservation at relay ${reservation.address}: ${errorText(error)}`),
      );
      await pause(options.checkMs, closing).catch(() => undefined); // if it was aborted, the loop's condition ends the loop
    }
  }

  return {
    create(components) {
      manager = components.transportManager;
      transport = circuitRelayTransport()(components) as ReservingTransport;
      return transport;
    },
    start(libp2p, closing) {
      for (const reservation of reservations) void maintain(reservation, libp2p, closing);
    },
  };
}

function parseRelay(address: Multiaddr): Reservation {
  const last = address.getComponents().at(-1);
  if (last?.name !== "p2p" || last.value === undefined) throw new Error("expected /p2p/<peer id> at the end");
  return { relay: peerIdFromString(last.value), address, isListening: false };
}
