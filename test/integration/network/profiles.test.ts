// Short calls of two real processes over every network profile: they connect, and sound and picture arrive. Over a link that carries
// the sound alone, the picture gives way to it. How well they do is measured by the bench.

import { after, afterEach, before, describe, test } from "node:test";
import "../../support/process/exit-at-end.ts";
import { applyProfile, PROFILE_NAMES, PROFILES } from "../../support/network/simulated/profiles.ts";
import { relayedPayload } from "../../support/network/simulated/relayed-transports.ts";
import { UdpRelay } from "../../support/network/simulated/udp-relay.ts";
import { type HostRelayedPair, startHostRelayedPair } from "../../support/plugin/host-relayed-pair.ts";
import { connectCall } from "../../support/plugin/plugin-process.ts";

const SEED = 12;
/** The encoder of a busy machine keeps up with it. */
const PICTURE = { width: 320, height: 240, fps: 15 };

describe(`a call over a profile with the seed ${SEED}`, { timeout: 300_000 }, () => {
  let relay: UdpRelay;
  let pair: HostRelayedPair;
  let callId: string;
  let endProfile = (): void => undefined;

  before(async () => {
    relay = await UdpRelay.start({ seed: SEED });
    pair = await startHostRelayedPair({ picture: PICTURE }, ({ from, payload }) =>
      relayedPayload(relay, from === "alice" ? "a" : "b", payload),
    );
  });
  afterEach(async () => {
    endProfile();
    await pair.alice.host.request("call.hangup", { callId });
    await pair.bob.next("call.ended", (end) => end.callId === callId);
  });
  after(async () => {
    await pair?.stop();
    relay?.stop();
  });

  for (const name of PROFILE_NAMES.filter((one) => one !== "narrow")) {
    test(`connects, and its sound and picture arrive on both sides: ${name}`, async () => {
      endProfile = applyProfile(relay, PROFILES[name], SEED);
      callId = await connectCall(pair.alice, pair.bob);
      await Promise.all(
        [pair.alice, pair.bob].map((side) =>
          side.next("call.statistics", (one) => one.receiveAudioBps > 0 && one.frames.received > 0),
        ),
      );
    });
  }

  test("connects, and both pictures give way to the sound: narrow", async () => {
    endProfile = applyProfile(relay, PROFILES.narrow, SEED);
    callId = await connectCall(pair.alice, pair.bob);
    const sides = [pair.alice, pair.bob];
    await Promise.all(
      sides.map((side) => side.next("call.changed", ({ sending }) => sending.step === "paused")),
    );
    for (const side of sides) side.clearNotifications();
    await Promise.all(
      sides.map((side) =>
        side.next("call.statistics", (one) => one.receiveAudioBps > 0 && one.fractionLost === 0),
      ),
    );
  });
});
