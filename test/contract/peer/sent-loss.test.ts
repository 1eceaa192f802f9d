// The loss that the other side reports, over a network that loses packets.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";
import { BLACKOUT, FREE_LINK } from "../../support/network/simulated/link-shape.ts";
import { UdpRelay } from "../../support/network/simulated/udp-relay.ts";
import { connectOver, feed, type ObservedPeer, observePeer } from "../../support/plugin/peer-pair.ts";

const LOSSY = { ...FREE_LINK, loss: 0.5 };
const HIGH = 0.3;
const LOW = 0.02;
const POLL_MS = 100;
/** libwebrtc's receiver reports on a stream until its last packet is 8 s old. */
const FORGOTTEN_MS = 9_000;

/** @throws when the test has taken too long, so that its peers are closed */
async function untilLoss(
  { peer }: ObservedPeer,
  holds: (loss: number) => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { sendLoss } = await peer.statistics();
    if (sendLoss !== null && holds(sendLoss)) return;
    await delay(POLL_MS, undefined, { signal });
  }
}

test("the loss of a picture is forgotten that is not sent any more, and of which no good report came", {
  timeout: 90_000,
}, async ({ signal }) => {
  const relay = await UdpRelay.start({ seed: 2026 });
  const engine = createWrtcEngine();
  const [caller, callee] = [await observePeer(engine), await observePeer(engine)];
  const sound = [caller, callee].map(({ peer }) => feed(peer, 60, { audio: true }));
  const picture = feed(caller.peer, 60, { video: true });
  try {
    await connectOver(relay, caller, callee);
    relay.setShape("a", LOSSY);
    await untilLoss(caller, (loss) => loss > HIGH, signal);
    // The reports on the last pictures are lost, as in a call whose picture is paused in the middle of an outage.
    for (const side of ["a", "b"] as const) relay.setShape(side, BLACKOUT);
    picture.stop();
    await delay(FORGOTTEN_MS, undefined, { signal });
    for (const side of ["a", "b"] as const) relay.setShape(side, FREE_LINK);
    await untilLoss(caller, (loss) => loss < LOW, signal);
    assert.equal(caller.states.includes("failed"), false);
  } finally {
    for (const { stop } of [...sound, picture]) stop();
    for (const { peer } of [caller, callee]) peer.close();
    relay.stop();
  }
});
