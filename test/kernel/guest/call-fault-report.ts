// Runs inside the kernel machine: applies every fault to the cameras during one call between two plugin processes.
// Prints both hosts' notifications and frames, and both processes' resources before and after each fault, as one line of
// JSON, which test/kernel/call-faults.test.ts checks.

import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { CallObserver, type MediaState } from "./call-observer.ts";
import { columnsOfDataUrl } from "./colour-columns.ts";
import {
  FAULTS,
  type Fault,
  plugLoopback,
  plugVivid,
  stopDropping,
  touchLoopback,
  unplugLoopback,
  unplugVivid,
} from "./device-faults.ts";
import {
  emulated,
  type Held,
  holdingsOf,
  holdingsWhen,
  LOOPBACK_ID,
  openCameras,
  untilClosed,
  VIVID_ID,
} from "./emulated-plugin.ts";
import { startLoopbackWriter, stopLoopbackWriter } from "./loopback-writer.ts";

const SLOW_TIMEOUT = { timeoutMs: 120_000 };
/** Enough to see that the frames change. */
const FRAMES = 4;
/** At 20 % loss the probability of this many frames without loss is below 0.1. */
const FRAMES_WITH_LOSS = 11;

interface Call {
  readonly callId: string;
  readonly alice: CallObserver;
  readonly bob: CallObserver;
}

export type CallFaultReport = Awaited<ReturnType<typeof report>>;
export type FaultOutcome = Awaited<ReturnType<typeof during>>;

async function report() {
  const pair = await startPair(emulated(VIVID_ID), emulated("test-pattern"));
  try {
    const callId = await connectCall(pair.alice, pair.bob);
    const alice = await CallObserver.watch(pair.alice, callId);
    const bob = await CallObserver.watch(pair.bob, callId);
    const call = { callId, alice, bob };
    // The first snapshot of a process starts a thread that stays, and the first list may still be pending.
    for (const side of [alice, bob]) {
      // A connected call has no remote picture before the first one is decoded.
      await side.frames(1);
      await barsOf(side, callId);
      await side.plugin.host.request("devices.list", {}, SLOW_TIMEOUT);
    }
    const vivid = await vividFaults(call);
    const { standInBars, ...loopback } = await loopbackFaults(call);
    step("hang up");
    await pair.alice.host.request("call.hangup", { callId }, SLOW_TIMEOUT);
    await Promise.all([pair.alice.next("call.ended"), pair.bob.next("call.ended")]);
    await Promise.all([untilClosed(pair.alice), untilClosed(pair.bob)]);
    const openAtEnd = [...openCameras(pair.alice), ...openCameras(pair.bob)];
    const statuses = [await pair.alice.stop(), await pair.bob.stop()];
    return { outcomes: { ...vivid, ...loopback }, standInBars, openAtEnd, statuses };
  } finally {
    await pair.stop();
  }
}

/** Prints the progress, for a run that exceeds the machine's time limit. */
function step(name: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${name}\n`);
}

async function vividFaults(call: Call) {
  const { alice, bob } = call;
  const outcomes: Record<string, FaultOutcome> = {};
  const give = async (fault: string, strike: () => Promise<void>) => {
    outcomes[fault] = await during(fault, call, alice, strike);
  };
  await give("bufferError", async () => FAULTS.bufferError());
  await give("droppedBuffers", async () => {
    FAULTS.droppedBuffers();
    await bob.frames(FRAMES_WITH_LOSS);
    stopDropping();
  });
  for (const fault of ["qbuf", "fatal", "disconnect"] as const) {
    await give(fault, async () => {
      FAULTS[fault]();
      await untilBack(alice, bob, await untilLost(alice, bob));
    });
  }
  for (const fault of ["streamon", "reqbufs"] as const) await give(fault, () => whenSwitchedOn(fault, call));
  await give("unplug", async () => {
    unplugVivid();
    const lost = await untilLost(alice, bob);
    await alice.listed(VIVID_ID, false);
    await holdsNoCamera(alice);
    plugVivid();
    await untilBack(alice, bob, lost);
  });
  return outcomes;
}

/** Takes effect only at the start of streaming, so the user switches the camera off and on. */
async function whenSwitchedOn(fault: Fault, { callId, alice, bob }: Call): Promise<void> {
  await switchOff(alice, bob, callId);
  FAULTS[fault]();
  await alice.plugin.host.request("call.setCamera", { callId, on: true }, SLOW_TIMEOUT);
  await untilBack(alice, bob, await untilLost(alice, bob));
}

async function switchOn(sender: CallObserver, receiver: CallObserver, callId: string): Promise<void> {
  receiver.mark();
  await sender.plugin.host.request("call.setCamera", { callId, on: true }, SLOW_TIMEOUT);
  await receiver.step("remote", ({ camera }) => camera === "on");
}

async function switchOff(sender: CallObserver, receiver: CallObserver, callId: string): Promise<void> {
  receiver.mark();
  await sender.plugin.host.request("call.setCamera", { callId, on: false }, SLOW_TIMEOUT);
  await receiver.step("remote", ({ camera }) => camera === "off");
  await untilClosed(sender.plugin);
}

/** Bob uses a kernel camera too. The only replacement is free at first, and then in use by Alice. */
async function loopbackFaults(call: Call) {
  const { callId, alice, bob } = call;
  let writer = await startLoopbackWriter("160x120");
  let standInBars: number[][] = [];
  const replug = async () => {
    await unplugLoopback();
    await bob.listed(LOOPBACK_ID, false);
    plugLoopback();
    writer = await startLoopbackWriter("160x120");
    touchLoopback();
  };
  const replugWhileLost = async () => {
    await stopLoopbackWriter(writer);
    const lost = await untilLost(bob, alice);
    await holdsNoCamera(bob);
    await replug();
    await untilBack(bob, alice, lost);
  };
  const replugWhileStoodIn = async () => {
    await stopLoopbackWriter(writer);
    const stoodIn = await bob.step("local", ({ deviceId }) => deviceId === VIVID_ID);
    await alice.frames(FRAMES);
    standInBars = await barsOf(alice, callId);
    await replug();
    await bob.step("local", ({ deviceId }) => deviceId === LOOPBACK_ID, stoodIn);
  };
  try {
    touchLoopback();
    await bob.listed(LOOPBACK_ID, true);
    const use = { callId, kind: "camera", deviceId: LOOPBACK_ID } as const;
    await bob.plugin.host.request("call.useDevice", use, SLOW_TIMEOUT);
    await bob.step("local", ({ deviceId }) => deviceId === LOOPBACK_ID);
    await switchOff(alice, bob, callId);
    const standIn = await during("standIn", call, bob, replugWhileStoodIn);
    await switchOn(alice, bob, callId);
    const loopback = await during("loopback", call, bob, replugWhileLost);
    return { standIn, standInBars, loopback };
  } finally {
    await stopLoopbackWriter(writer);
  }
}

/** Applies and repairs one fault of the sender's camera, and records both in the call. */
async function during(name: string, call: Call, sender: CallObserver, strike: () => Promise<void>) {
  step(name);
  const { callId, alice, bob } = call;
  const receiver = sender === alice ? bob : alice;
  const sides = [alice, bob];
  const before = await steadyHoldings(sides, receiver);
  for (const side of sides) side.mark();
  await strike();
  const distinct = await receiver.frames(FRAMES);
  const bars = await barsOf(receiver, callId);
  const same = (index: number) => (held: Held) => isSame(held, before[index]);
  const notified = { sender: sender.steps("local"), receiver: receiver.steps("remote") };
  const after = await Promise.all(sides.map(({ plugin }, index) => holdingsWhen(plugin, same(index))));
  return {
    distinct,
    bars,
    ...notified,
    phases: sides.flatMap((side) => side.phases()),
    connected: await Promise.all(sides.map(({ plugin }) => isConnected(plugin, callId))),
    cameras: after.flatMap(camerasOf),
    before,
    after,
  };
}

/** Waits until both hosts know that the camera is lost, and why. @returns the number of steps that each has received */
async function untilLost(sender: CallObserver, receiver: CallObserver): Promise<number[]> {
  const isLost = ({ camera }: MediaState) => camera === "lost";
  const isDown = ({ camera, mediaLevelReason }: MediaState) => camera === "off" && mediaLevelReason !== null;
  return Promise.all([sender.step("local", isLost), receiver.step("remote", isDown)]);
}

async function untilBack(sender: CallObserver, receiver: CallObserver, lost: number[]): Promise<void> {
  const isUp = ({ camera }: MediaState) => camera === "live" || camera === "on";
  await Promise.all([sender.step("local", isUp, lost[0]), receiver.step("remote", isUp, lost[1])]);
}

/** The held resources once they are stable: equal before and after a frame. */
async function steadyHoldings(sides: readonly CallObserver[], receiver: CallObserver): Promise<Held[]> {
  const holdings = () => sides.map(({ plugin }) => holdingsOf(plugin));
  let held = holdings();
  for (;;) {
    await receiver.frames(1);
    const again = holdings();
    if (isSame(again, held)) return again;
    held = again;
  }
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** @throws Error when a lost camera stays open or mapped */
async function holdsNoCamera({ plugin }: CallObserver): Promise<void> {
  const isFree = (held: Held) => held.deviceMaps === 0 && camerasOf(held).length === 0;
  // Other cameras are opened briefly while they are listed or tried.
  const held = await holdingsWhen(plugin, isFree);
  if (!isFree(held)) throw new Error(`the lost camera is held: ${JSON.stringify(held)}`);
}

function camerasOf({ descriptors }: Held): string[] {
  return Object.keys(descriptors).filter((kind) => kind.startsWith("/dev/video"));
}

async function isConnected({ host }: PluginProcess, callId: string): Promise<boolean> {
  const { calls } = await host.request("call.list", {}, SLOW_TIMEOUT);
  return calls.some((call) => call.callId === callId && call.phase === "connected");
}

async function barsOf({ plugin }: CallObserver, callId: string): Promise<number[][]> {
  const constraints = { callId, source: "remote" } as const;
  const { dataUrl } = await plugin.host.request("call.snapshot", constraints, SLOW_TIMEOUT);
  return columnsOfDataUrl(dataUrl).bars;
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
process.exit(0);
