// All pairs of NAT kinds, with a TURN server and without: which connect, and that the others say why. The peers are of this
// process, as in test/integration/network/nat.test.ts.

import "../../../support/process/exit-at-end.ts";
import { createWrtcEngine } from "../../../../plugin/peer/wrtc-engine.ts";
import type { IceServer } from "../../../../rpc-schema/index.ts";
import { NatNetwork } from "../../../support/network/simulated/nat-network.ts";
import { NAT_KINDS, type NatKind } from "../../../support/network/simulated/nat-table.ts";
import { startTurnServer } from "../../../support/network/turn-server.ts";
import { type ObservedPeer, observePeer, offerOver } from "../../../support/plugin/peer-pair.ts";
import type { SetFigure } from "./profile-calls.ts";

const KINDS = Object.keys(NAT_KINDS) as NatKind[];
const PAIRS = KINDS.flatMap((a, index) => KINDS.slice(index).map((b) => ({ a, b })));
const MAX_BPS = 1_500_000;

type Outcome = "connects" | "says why" | "neither";

/** Needs coturn. Loads the engine into this process. */
export async function measureNatPairs(set: SetFigure): Promise<void> {
  const turn = await startTurnServer();
  try {
    const withTurn: Outcome[] = [];
    const alone: Outcome[] = [];
    const explained: string[] = [];
    for (const pair of PAIRS) {
      withTurn.push(await tryPair(pair, [turn.iceServer]));
      const outcome = await tryPair(pair, []);
      alone.push(outcome);
      if (outcome === "says why") explained.push(`${pair.a} with ${pair.b}`);
    }
    const share = (outcomes: Outcome[], wanted: readonly Outcome[]) =>
      (100 * outcomes.filter((outcome) => wanted.includes(outcome)).length) / outcomes.length;
    set("net.nat.withTurn", share(withTurn, ["connects"]), `of ${PAIRS.length} pairs`);
    const connect = alone.filter((outcome) => outcome === "connects").length;
    const rest = `${connect} connect, the others say why: ${explained.join("; ")}`;
    set("net.nat.withoutTurn", share(alone, ["connects", "says why"]), rest);
  } finally {
    await turn.close();
  }
}

async function tryPair(kinds: { a: NatKind; b: NatKind }, further: IceServer[]): Promise<Outcome> {
  const network = await NatNetwork.start({ kinds });
  const observe = (side: "a" | "b") =>
    observePeer(createWrtcEngine(), MAX_BPS, 0, () => "machine", [network.iceServer(side), ...further]);
  const peers = [await observe("a"), await observe("b")] as const;
  try {
    await offerOver(network, ...peers);
    const outcomes = await Promise.all(peers.map(outcomeOf));
    return outcomes[0] === outcomes[1] ? (outcomes[0] ?? "neither") : "neither";
  } finally {
    for (const { peer } of peers) peer.close();
    network.stop();
  }
}

async function outcomeOf({ states, troubles, waitUntil }: ObservedPeer): Promise<Outcome> {
  try {
    await waitUntil(() => states.at(-1) === "connected" || typeof troubles.at(-1) === "string");
    return states.at(-1) === "connected" ? "connects" : "says why";
  } catch {
    return "neither"; // the time is up
  }
}
