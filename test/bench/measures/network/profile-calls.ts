// Calls between two plugins over networks as people have them: how many connect and how soon, and what a call of some length shows
// and plays. Every packet passes a relay in this process.

import { FREE_LINK } from "../../../support/network/simulated/link-shape.ts";
import { applyProfile, PROFILES, type ProfileName } from "../../../support/network/simulated/profiles.ts";
import { UdpRelay } from "../../../support/network/simulated/udp-relay.ts";
import { type BenchSide, endCall, type FrameSize, makeCall } from "../../bench-side.ts";
import { type FigureName, quantile } from "../../figures.ts";
import { type RelayedSides, withRelayedSides } from "../../relayed-sides.ts";
import { LinkMeter } from "./link-meter.ts";
import { type MeasuredCall, measureCall, type Return } from "./measured-call.ts";

/** The picture of a call that is over by then does not come back. */
const BACK_LIMIT_MS = 60_000;

export type SetFigure = (name: FigureName, value: number, note?: string) => void;

export interface NetworkLengths {
  /** Calls for each profile. */
  readonly netCalls: number;
  /** Of the one call that is measured for each profile. */
  readonly netMs: number;
  readonly blackouts: number;
}

/** The seeds are printed with the figures; a run repeats from them. */
export const NETWORK_SEED = 2026;

/** What only some profiles have. */
const FURTHER: Readonly<
  Partial<Record<ProfileName, Readonly<Partial<Record<FigureName, (call: MeasuredCall) => number>>>>>
> = {
  "300k": { "net.300k.fps": ({ fps }) => fps },
  mobile: {
    "net.mobile.used": ({ usedPercent }) => usedPercent,
    "net.mobile.changes": ({ changesPerMinute }) => changesPerMinute,
  },
  narrow: {
    "net.narrow.soundGap": ({ gapMs }) => gapMs,
    "net.narrow.pictureBack": ({ pictureBackMs }) => (pictureBackMs ?? Number.NaN) / 1_000,
  },
};

/** @returns the names of all figures of a profile */
export function figuresOf(name: ProfileName): FigureName[] {
  const own = Object.keys(FURTHER[name] ?? {}) as FigureName[];
  return [
    `net.${name}.connected`,
    `net.${name}.soundLost`,
    `net.${name}.concealed`,
    `net.${name}.frozen`,
    ...own,
  ];
}

export async function measureProfile(
  name: ProfileName,
  size: FrameSize,
  { netCalls, netMs }: NetworkLengths,
  set: SetFigure,
): Promise<void> {
  const meter = new LinkMeter();
  const relay = await UdpRelay.start({
    seed: NETWORK_SEED,
    onPacket: (from, packet, fate) => from === "b" && meter.packet(packet.length, fate),
  });
  const shape: Pick<UdpRelay, "setShape"> = {
    setShape(from, next) {
      relay.setShape(from, next);
      if (from === "b") meter.shaped(next);
    },
  };
  await withRelayedSides(relay, size, async (sides) => {
    const endProfile = applyProfile(shape, PROFILES[name], NETWORK_SEED);
    try {
      const timesMs = await connectAll(sides, netCalls);
      set(
        `net.${name}.connected`,
        (100 * timesMs.length) / netCalls,
        `of ${netCalls}; seed ${NETWORK_SEED}; accept to connected p95 ${quantile(timesMs, 0.95).toFixed(0)} ms`,
      );
      const whenOver = name === "narrow" ? freeAgain(relay, endProfile) : null;
      report(name, await measureCall(sides, meter, netMs, whenOver), set);
    } finally {
      endProfile();
    }
  });
}

function freeAgain(relay: UdpRelay, endProfile: () => void): Return {
  return {
    begin() {
      endProfile();
      for (const side of ["a", "b"] as const) relay.setShape(side, FREE_LINK);
    },
    limitMs: BACK_LIMIT_MS,
  };
}

function report(name: ProfileName, call: MeasuredCall, set: SetFigure): void {
  set(`net.${name}.soundLost`, call.silentPercent, `longest silence ${call.gapMs.toFixed(0)} ms`);
  set(`net.${name}.concealed`, call.concealedPercent, "by the decoder's own count");
  set(
    `net.${name}.frozen`,
    call.frozenMs,
    `${call.fps.toFixed(1)} pictures a second; ${call.steps.join(", ")}`,
  );
  const further = Object.entries(FURTHER[name] ?? {}) as [FigureName, (call: MeasuredCall) => number][];
  for (const [figure, read] of further) set(figure, read(call));
}

/** @returns the times from accept to connected of those calls that connected */
async function connectAll({ alice, bob }: RelayedSides, calls: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const made = await makeCall(bob.host, alice.host, "video", "video").catch(() => null);
    if (made === null) {
      await endAll([alice, bob]);
      continue;
    }
    timesMs.push(made.connectedAt - made.acceptedAt);
    await endCall(made.callId, alice.host, bob.host);
  }
  return timesMs;
}

/** After a call that did not connect. */
async function endAll(sides: readonly BenchSide[]): Promise<void> {
  for (const { host } of sides) {
    const { calls } = await host.plugin.request("call.list", {});
    for (const { callId } of calls)
      await host.plugin.request("call.hangup", { callId }).catch(() => undefined);
  }
}
