// The changes of a soak: what users, their pages, devices and networks do in a call. Which one comes next depends on the seed
// alone.

import { setTimeout as delay } from "node:timers/promises";
import type { CallInfo, DeviceKind } from "../../rpc-schema/index.ts";
import { RpcError } from "../../rpc-schema/index.ts";
import type { BenchSide, FrameSize } from "../bench/bench-side.ts";
import { openSocketViewer } from "../support/browser/frame-viewers.ts";
import { openInspectionClient } from "../support/charts/inspection-client.ts";
import { BLACKOUT, FREE_LINK } from "../support/network/simulated/link-shape.ts";
import { PROFILES } from "../support/network/simulated/profiles.ts";
import type { NetworkSide } from "../support/network/simulated/simulated-network.ts";
import type { UdpRelay } from "../support/network/simulated/udp-relay.ts";
import type { Random } from "../support/process/seeded-random.ts";
import type { Journal } from "./journal.ts";
import type { PageView } from "./page-view.ts";
import type { Range, Schedule } from "./schedule.ts";

export interface SoakSide {
  readonly bench: BenchSide;
  readonly page: PageView;
  /** On the relay. */
  readonly network: NetworkSide;
  isMicrophoneOn: boolean;
  isCameraOn: boolean;
}

export interface SoakCall {
  readonly callId: string;
  readonly relay: UdpRelay;
  readonly sides: readonly [SoakSide, SoakSide];
  readonly schedule: Schedule;
  readonly journal: Journal;
  readonly signal: AbortSignal;
}

export const PICTURE: FrameSize = { width: 640, height: 480, fps: 30 };
const PAGE_WIDTH = 640;
const PAGE_WIDTHS = [160, 320, 640, 1280];
const PICTURES: readonly FrameSize[] = [
  PICTURE,
  { width: 320, height: 240, fps: 30 },
  { width: 640, height: 360, fps: 15 },
];
const MICROPHONES = ["auto", "tone", "none"];
const SPEAKERS = ["auto", "none"];
const CONNECT_LIMIT_MS = 60_000;
const POLL_MS = 100;

type Change = (call: SoakCall, side: SoakSide, random: Random) => Promise<void>;

const CHANGES = {
  microphone: (call, side) => setMicrophone(call, side, !side.isMicrophoneOn),
  camera: (call, side) => setCamera(call, side, !side.isCameraOn),
  microphoneDevice: (call, side, random) => useDevice(call, side, "microphone", random.pick(MICROPHONES)),
  speakerDevice: (call, side, random) => useDevice(call, side, "speaker", random.pick(SPEAKERS)),
  cameraDevice: (call, side) => useDevice(call, side, "camera", "test-pattern"),
  cameraSize: (_call, side, random) => side.bench.host.updateSettings({ picture: random.pick(PICTURES) }),
  pageSize: (_call, side, random) => side.page.open(random.pick(PAGE_WIDTHS)),
  pageLeaves: async (call, side, random) => {
    await side.page.close();
    await wait(call, call.schedule.attachedMs, random);
    await side.page.open(PAGE_WIDTH);
  },
  secondPage: attachPage,
  charts: attachChartViewer,
  snapshot: async ({ callId }, { bench: { host } }, random) => {
    const source = random.pick(["remote", "local"] as const);
    await host.plugin.request("call.snapshot", { callId, source }).catch(ignoreMissingPicture);
  },
  statistics: async ({ callId }, { bench: { host } }) => {
    await host.plugin.request("call.stats", { callId });
    await host.plugin.request("devices.list", {});
    await host.plugin.request("debug.refusals", {});
  },
  address: ({ relay }, { network }) => relay.moveAddress(network),
  blackout: async (call, _side, random) => {
    shapeBoth(call, () => BLACKOUT);
    await wait(call, call.schedule.blackoutMs, random);
    shapeBoth(call, () => FREE_LINK);
  },
  badNetwork: async (call, _side, random) => {
    shapeBoth(call, () => PROFILES.moderate.shape(0, random));
    await wait(call, call.schedule.attachedMs, random);
    shapeBoth(call, () => FREE_LINK);
  },
} as const satisfies Record<string, Change>;

export type ChangeName = keyof typeof CHANGES;
export const CHANGE_NAMES = Object.keys(CHANGES) as ChangeName[];

/** @returns the name of the change, which has been made on one of the sides when this resolves */
export async function makeChange(
  call: SoakCall,
  names: readonly ChangeName[],
  random: Random,
): Promise<ChangeName> {
  const name = random.pick(names);
  const side = random.pick(call.sides);
  const change: Change = CHANGES[name];
  call.journal.note(`${name} of ${side.bench.host.state.label}`);
  await change(call, side, random);
  return name;
}

/**
 * Ends all changes, so that each round's figures are of the same state. Resolves when both sides are connected. It waits
 * for pictures too, but not for long: a machine with too much to do sends none, which the frame rate shows.
 *
 * @returns the state of the sides that have no pictures in both directions
 * @throws Error with the state of a side that is not connected after a minute
 */
export async function rest(call: SoakCall): Promise<string[]> {
  shapeBoth(call, () => FREE_LINK);
  for (const side of call.sides) {
    await setMicrophone(call, side, true);
    await setCamera(call, side, true);
    await useDevice(call, side, "microphone", "auto");
    await useDevice(call, side, "speaker", "auto");
    await side.bench.host.updateSettings({ picture: PICTURE, debugging: false });
    await side.page.open(PAGE_WIDTH);
  }
  for (const { bench } of call.sides) await untilConnected(call, bench);
  const missing = await Promise.all(call.sides.map(({ bench }) => untilPictures(call, bench)));
  return missing.filter((state) => state !== null);
}

export function wait({ signal }: SoakCall, { min, max }: Range, random: Random): Promise<void> {
  return delay(min + random.below(max - min + 1), undefined, { signal });
}

async function untilConnected({ signal, callId }: SoakCall, { host }: BenchSide): Promise<void> {
  const deadline = performance.now() + CONNECT_LIMIT_MS;
  for (;;) {
    const { calls } = await host.plugin.request("call.list", {});
    if (calls.some((one) => one.callId === callId && one.phase === "connected")) return;
    if (performance.now() > deadline) throw new Error(`not connected at rest: ${JSON.stringify(calls)}`);
    await delay(POLL_MS, undefined, { signal });
  }
}

export interface ReducedPictures {
  /** What a round does not send or show in full size, with the reason. Its figures are those of a smaller picture. */
  readonly notes: readonly string[];
  /** The number of sides that send less for the link's sake. */
  readonly byLink: number;
}

export async function reducedPictures({ sides }: SoakCall): Promise<ReducedPictures> {
  const lists = await Promise.all(sides.map(({ bench }) => bench.host.plugin.request("call.list", {})));
  const notes = lists.flatMap(({ calls }, index) =>
    calls.flatMap(({ sending, showing }) =>
      Object.entries({ sends: sending, shows: showing })
        .filter(([, { step }]) => step !== "full")
        .map(
          ([verb, { step, reason = "" }]) =>
            `${sides[index]?.bench.host.state.label} ${verb} ${step} ${reason}`,
        ),
    ),
  );
  const isReduced = ({ step, strain }: CallInfo["sending"]) => step !== "full" && strain === "link";
  return {
    notes,
    byLink: lists.filter(({ calls }) => calls.some(({ sending }) => isReduced(sending))).length,
  };
}

/** @returns null when pictures flow in both directions, else the state after the schedule's limit */
async function untilPictures({ callId, schedule }: SoakCall, { host }: BenchSide): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const off = host.plugin.onNotification("call.statistics", (one) => {
    if (one.callId === callId && one.sendFps > 0 && one.receiveFps > 0) resolve(true);
  });
  const late = setTimeout(() => resolve(false), schedule.picturesMs);
  const flow = await promise.finally(() => clearTimeout(late));
  off();
  if (flow) return null;
  const { calls } = await host.plugin.request("call.list", {});
  const states = calls.map(({ local, sending }) =>
    [local.mediaLevel, local.mediaLevelReason, "sends", sending.step, sending.reason].join(" "),
  );
  return `${host.state.label} lacks pictures: ${states.join("; ")}`;
}

async function setMicrophone({ callId }: SoakCall, side: SoakSide, on: boolean): Promise<void> {
  await side.bench.host.plugin.request("call.setMicrophone", { callId, on });
  side.isMicrophoneOn = on;
}

async function setCamera({ callId }: SoakCall, side: SoakSide, on: boolean): Promise<void> {
  await side.bench.host.plugin.request("call.setCamera", { callId, on });
  side.isCameraOn = on;
}

async function useDevice(
  { callId }: SoakCall,
  { bench: { host } }: SoakSide,
  kind: DeviceKind,
  deviceId: string,
): Promise<void> {
  await host.plugin.request("call.useDevice", { callId, kind, deviceId });
}

/** Another page fetches the frames itself, over a socket of the plugin. */
async function attachPage(call: SoakCall, { bench: { host } }: SoakSide, random: Random): Promise<void> {
  const source = random.pick(["remote", "local"] as const);
  const params = { callId: call.callId, source, delivery: "websocket" } as const;
  const { stream, url = "" } = await host.plugin.request("frames.subscribe", params);
  const viewer = await openSocketViewer(url, { origin: `http://127.0.0.1:${host.port}` });
  try {
    await wait(call, call.schedule.attachedMs, random);
  } finally {
    viewer.leave();
  }
  await host.plugin.request("frames.unsubscribe", { stream });
}

async function attachChartViewer(
  call: SoakCall,
  { bench: { host } }: SoakSide,
  random: Random,
): Promise<void> {
  await host.updateSettings({ debugging: true });
  const client = await openInspectionClient(host.url);
  try {
    await client.ask("charts.list");
    await client.ask("charts.subscribe");
    await wait(call, call.schedule.attachedMs, random);
  } finally {
    await client.end();
  }
  await host.updateSettings({ debugging: false });
}

function shapeBoth({ relay }: SoakCall, shape: () => typeof FREE_LINK): void {
  for (const side of ["a", "b"] as const) relay.setShape(side, shape());
}

/** The camera may be off. */
function ignoreMissingPicture(error: unknown): void {
  if (!(error instanceof RpcError && error.kind === "noPicture")) throw error;
}
