// Two sides of a measured call over a relay in this process. Bob's microphone is a tone.

import { relayedTransports } from "../support/network/simulated/relayed-transports.ts";
import type { UdpRelay } from "../support/network/simulated/udp-relay.ts";
import { type BenchSide, type FrameSize, startSide, untilReady } from "./bench-side.ts";

export interface RelayedSides {
  /** Its side `a` is Alice. */
  readonly relay: UdpRelay;
  readonly alice: BenchSide;
  readonly bob: BenchSide;
}

/** Ends the sides and the relay when `use` is over. */
export async function withRelayedSides(
  relay: UdpRelay,
  size: FrameSize,
  use: (sides: RelayedSides) => Promise<void>,
): Promise<void> {
  const cleanups: (() => Promise<void>)[] = [async () => relay.stop()];
  try {
    const transports = relayedTransports(relay);
    const alice = await startSide("Alice", size, { transport: transports.a });
    cleanups.push(alice.stop);
    const bob = await startSide("Bob", size, { transport: transports.b, microphone: "tone" });
    cleanups.push(bob.stop);
    await Promise.all([alice, bob].map(({ host }) => untilReady(host)));
    await use({ relay, alice, bob });
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}
