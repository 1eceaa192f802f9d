// Two sides of a measured call over a relay in this process.

import { relayedTransports } from "../support/network/simulated/relayed-transports.ts";
import type { UdpRelay } from "../support/network/simulated/udp-relay.ts";
import { type BenchSide, type FrameSize, type SideOptions, startSide, untilReady } from "./bench-side.ts";

export interface RelayedSides {
  /** Its side `a` is Alice. */
  readonly relay: UdpRelay;
  readonly alice: BenchSide;
  readonly bob: BenchSide;
}

/** Without other options, Bob's microphone is a tone. Ends the sides and the relay when `use` is over. */
export async function withRelayedSides(
  relay: UdpRelay,
  size: FrameSize,
  use: (sides: RelayedSides) => Promise<void>,
  options: Readonly<Record<"alice" | "bob", SideOptions>> = { alice: {}, bob: { microphone: "tone" } },
): Promise<void> {
  const cleanups: (() => Promise<void>)[] = [async () => relay.stop()];
  try {
    const transports = relayedTransports(relay);
    const alice = await startSide("Alice", size, { ...options.alice, transport: transports.a });
    cleanups.push(alice.stop);
    const bob = await startSide("Bob", size, { ...options.bob, transport: transports.b });
    cleanups.push(bob.stop);
    await Promise.all([alice, bob].map(({ host }) => untilReady(host)));
    await use({ relay, alice, bob });
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}
