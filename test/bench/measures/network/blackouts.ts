// A call whose network carries nothing for ten seconds, again and again: how soon picture and sound are back.

import { setTimeout as delay } from "node:timers/promises";
import { BLACKOUT, FREE_LINK } from "../../../support/network/simulated/link-shape.ts";
import { UdpRelay } from "../../../support/network/simulated/udp-relay.ts";
import { seededRandom } from "../../../support/process/seeded-random.ts";
import { endCall, type FrameSize, makeCall } from "../../bench-side.ts";
import { quantile } from "../../figures.ts";
import { withRelayedSides } from "../../relayed-sides.ts";
import { recordTimed } from "../sound/mouth-to-ear.ts";
import { HEARD, SETTLE_MS, watchFrames } from "./measured-call.ts";
import { NETWORK_SEED, type NetworkLengths, type SetFigure } from "./profile-calls.ts";

const BLACKOUT_MS = 10_000;
/** A call that ends during its blackout has failed. */
const BACK_LIMIT_MS = 20_000;

/** Both directions of a running call lose everything for ten seconds. */
export async function measureBlackouts(
  size: FrameSize,
  { blackouts }: NetworkLengths,
  set: SetFigure,
): Promise<void> {
  await withRelayedSides(
    await UdpRelay.start({ seed: NETWORK_SEED }),
    size,
    async ({ relay, alice, bob }) => {
      const shape = (both: typeof FREE_LINK) => {
        for (const side of ["a", "b"] as const) relay.setShape(side, both);
      };
      const random = seededRandom(NETWORK_SEED);
      const pictureMs: number[] = [];
      const soundMs: number[] = [];
      const { callId } = await makeCall(bob.host, alice.host, "video", "video");
      const watch = await watchFrames(alice, callId);
      for (let turn = 0; turn < blackouts; turn += 1) {
        shape({ ...FREE_LINK, delayMs: 20 });
        await delay(SETTLE_MS + random.below(1_000));
        shape(BLACKOUT);
        await delay(BLACKOUT_MS);
        shape({ ...FREE_LINK, delayMs: 20 });
        const overMs = performance.now();
        const sound = recordTimed(alice.pulse, "speaker", BACK_LIMIT_MS / 2);
        pictureMs.push((await watch.next(BACK_LIMIT_MS)) - overMs);
        soundMs.push(firstHeardMs(await sound, overMs));
      }
      watch.stop();
      await endCall(callId, alice.host, bob.host);
      const list = (times: readonly number[]) => times.map((ms) => ms.toFixed(0)).join(" ");
      set("net.blackout.picture", quantile(pictureMs, 0.95), `p95 of ${blackouts}: ${list(pictureMs)}`);
      set("net.blackout.sound", quantile(soundMs, 0.95), `p95 of ${blackouts}: ${list(soundMs)}`);
    },
  );
}

/** From `sinceMs` to the first sound in the recording. */
function firstHeardMs(
  { samples, arrivals }: Awaited<ReturnType<typeof recordTimed>>,
  sinceMs: number,
): number {
  const heard = samples.findIndex((sample) => Math.abs(sample) >= HEARD);
  const arrival = arrivals.find((one) => one.samples > heard);
  return heard < 0 || !arrival ? Number.NaN : arrival.atMs - sinceMs;
}
