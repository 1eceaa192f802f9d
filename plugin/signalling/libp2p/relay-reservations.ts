// Keeps a place at each circuit relay, by which peers reach us that cannot reach us directly. A relay that is away, or
// goes away, is tried again for as long as we run.

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
/** The library's transport has this, but its package does not name the type. */
interface ReservingTransport extends Transport {
  readonly reservationStore: {
    hasReservation(relay: PeerId): boolean;
    addRelay(relay: PeerId, type: "configured"): Promise<unknown>;
  };
}

export interface RelayReservations {
  /** As a libp2p transport. */
  create(components: RelayComponents): Transport;
  /** Runs until the signal aborts. Never throws. */
  keep(libp2p: Pick<Libp2p, "dial">, closing: AbortSignal): void;
}

interface Place {
  readonly relay: PeerId;
  readonly address: Multiaddr;
  /** The transport listens at the relay since the first reservation; later ones only renew it. */
  isListening: boolean;
}

export function createRelayReservations(options: RelayOptions, log: Log): RelayReservations {
  const places = options.addresses.flatMap((address) => {
    try {
      return [placeAt(multiaddr(address))];
    } catch (error) {
      log("warn", `relay "${address}" left out: ${errorText(error)}`);
      return [];
    }
  });
  let transport: ReservingTransport | undefined;
  let manager: RelayComponents["transportManager"] | undefined;

  async function reserve(place: Place, libp2p: Pick<Libp2p, "dial">, closing: AbortSignal): Promise<void> {
    if (!transport || !manager || transport.reservationStore.hasReservation(place.relay)) return;
    await withDeadline(options.dialMs, closing, "dialling the relay", (signal) =>
      libp2p.dial(place.address, { signal }),
    );
    // Listening anew each time would leave a dead listener behind.
    if (place.isListening) await transport.reservationStore.addRelay(place.relay, "configured");
    else await manager.listen([place.address.encapsulate("/p2p-circuit")]);
    place.isListening = true;
  }

  async function keepOne(place: Place, libp2p: Pick<Libp2p, "dial">, closing: AbortSignal): Promise<void> {
    while (!closing.aborted) {
      await reserve(place, libp2p, closing).catch((error: unknown) =>
        log("debug", `no place at relay ${place.address}: ${errorText(error)}`),
      );
      await pause(options.checkMs, closing).catch(() => undefined); // the loop's condition decides
    }
  }

  return {
    create(components) {
      manager = components.transportManager;
      transport = circuitRelayTransport()(components) as ReservingTransport;
      return transport;
    },
    keep(libp2p, closing) {
      for (const place of places) void keepOne(place, libp2p, closing);
    },
  };
}

function placeAt(address: Multiaddr): Place {
  const last = address.getComponents().at(-1);
  if (last?.name !== "p2p" || last.value === undefined) throw new Error("expected /p2p/<peer id> at the end");
  return { relay: peerIdFromString(last.value), address, isListening: false };
}
