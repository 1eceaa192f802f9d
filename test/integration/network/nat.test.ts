// Two WebRTC engines, each behind a NAT of a classic kind: which pairs find a path by STUN alone, and that all do by TURN. What
// the simulated NATs let through was checked against RFC 3489 section 5 and the table of RFC 5128 section 3.3.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import "../../support/process/exit-at-end.ts";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";
import type { IceServer } from "../../../rpc-schema/index.ts";
import { NatNetwork } from "../../support/network/simulated/nat-network.ts";
import { NAT_KINDS, type NatKind } from "../../support/network/simulated/nat-table.ts";
import { startTurnServer, type TurnServer } from "../../support/network/turn-server.ts";
import { connectOver, type ObservedPeer, observePeer, offerOver } from "../../support/plugin/peer-pair.ts";

const KINDS = Object.keys(NAT_KINDS) as NatKind[];
const PAIRS = KINDS.flatMap((a, index) => KINDS.slice(index).map((b) => ({ a, b })));
/** A symmetric NAT's outer port is not the one that STUN found, and a filter by port lets in no other. */
const WITHOUT_PATH = new Set(["port-restricted cone, symmetric", "symmetric, symmetric"]);
/** Several rounds of checks of all pairs of candidates. */
const REFUSED_CHECKS = 40;
const WITHOUT_TURN =
  "no direct path between the two networks; a TURN server in the setting iceServers would help";
const MAX_BPS = 1_500_000;

const engine = createWrtcEngine();

interface Pair {
  readonly network: NatNetwork;
  readonly caller: ObservedPeer;
  readonly callee: ObservedPeer;
}

async function withPair(
  kinds: Readonly<Record<"a" | "b", NatKind>>,
  further: IceServer[],
  use: (pair: Pair) => Promise<void>,
): Promise<void> {
  const network = await NatNetwork.start({ kinds });
  const observe = (side: "a" | "b") =>
    observePeer(engine, MAX_BPS, 0, () => "machine", [network.iceServer(side), ...further]);
  const [caller, callee] = [await observe("a"), await observe("b")];
  try {
    await use({ network, caller, callee });
  } finally {
    for (const { peer } of [caller, callee]) peer.close();
    network.stop();
  }
}

describe("two peers behind NATs", { timeout: 120_000 }, () => {
  let turn: TurnServer;
  before(async () => {
    turn = await startTurnServer();
  });
  after(() => turn?.close());

  for (const { a, b } of PAIRS) {
    if (WITHOUT_PATH.has(`${a}, ${b}`)) {
      test(`${a} and ${b}: no path by STUN, with its reason at both sides, and one by TURN`, async () => {
        await withPair({ a, b }, [], async ({ network, caller, callee }) => {
          await offerOver(network, caller, callee);
          await network.untilRefused(REFUSED_CHECKS);
          for (const side of [caller, callee]) {
            await side.waitUntil(() => side.troubles.length > 0);
            assert.ok(!side.states.includes("connected"), side.states.join());
            assert.deepEqual(side.troubles, [WITHOUT_TURN]);
          }
        });
        await withPair({ a, b }, [turn.iceServer], async ({ network, caller, callee }) => {
          await connectOver(network, caller, callee);
        });
      });
    } else {
      test(`${a} and ${b}: a path by STUN`, async () => {
        await withPair({ a, b }, [], async ({ network, caller, callee }) => {
          await connectOver(network, caller, callee);
        });
      });
    }
  }
});
