// Runs inside the kernel machine: the simulated network of the tests beside the kernel's own. The same packet trains pass
// sch_netem and a UdpRelay at the same time, and the same questions go to nf_nat. Prints one line of JSON, which
// test/kernel/network.test.ts checks.

import { readFileSync } from "node:fs";
import {
  receiveTrain,
  sendTrain,
  type Train,
  type TrainFigures,
} from "../../../support/network/probe/packet-train.ts";
import { openThrough } from "../../../support/network/probe/relay-socket.ts";
import { FREE_LINK, type LinkShape, REORDER_MS } from "../../../support/network/simulated/link-shape.ts";
import { UdpRelay } from "../../../support/network/simulated/udp-relay.ts";
import { askKernelNat } from "./kernel-nat.ts";
import { buildNetwork, INSIDE, type NetworkEnds, OUTSIDE, shapeOuterCable } from "./namespaces.ts";

export type NetworkReport = Awaited<ReturnType<typeof report>>;

interface Comparison {
  readonly real: TrainFigures;
  readonly simulated: TrainFigures;
  /** Nine of ten gaps between the turns of a timer of TIMER_MS are shorter. */
  readonly timerGapMs: number;
  /** The guest did not stand still, so times can be compared. */
  readonly isCalm: boolean;
}

const SEED = 11;
const TIMER_MS = 4;
const CALM_GAP_MS = 12;
/** Another program's burst of work is over by then. */
const ATTEMPTS = 3;
const MANY: Train = { count: 4_000, bytes: 100, everyMs: 0 };
const RUNS = {
  free: { shape: FREE_LINK, train: { ...MANY, count: 1_000 } },
  loss: { shape: { ...FREE_LINK, loss: 0.3 }, train: { ...MANY, count: 2_000 } },
  bursts: { shape: { ...FREE_LINK, loss: 0.1, lossBurst: 4, duplicated: 0.05 }, train: MANY },
  reordered: { shape: { ...FREE_LINK, reordered: 0.1 }, train: { ...MANY, count: 1_500, everyMs: 2 } },
  // Further apart than the jitter, so that no packet can overtake.
  jitter: {
    shape: { ...FREE_LINK, delayMs: 75, jitterMs: 50 },
    train: { count: 60, bytes: 100, everyMs: 60 },
  },
  // As the sound of a call.
  crowded: {
    shape: { ...FREE_LINK, delayMs: 75, jitterMs: 50 },
    train: { count: 100, bytes: 100, everyMs: 20 },
  },
  // A burst of two seconds' worth, of which the queue holds one.
  rate: {
    shape: { ...FREE_LINK, rateBps: 300_000, queueMs: 1_000 },
    train: { count: 75, bytes: 972, everyMs: 0 },
  },
} as const satisfies Record<string, { shape: LinkShape; train: Train }>;

type RunName = keyof typeof RUNS;

/** Netem's words for a shape. */
function netemOf(shape: LinkShape, bytes: number): string[] {
  const words: string[] = [];
  const { rateBps, queueMs, delayMs, jitterMs, loss, lossBurst, duplicated, reordered } = shape;
  const percent = (share: number) => `${(100 * share).toFixed(4)}%`;
  if (jitterMs > 0) words.push("delay", `${delayMs + jitterMs / 2}ms`, `${jitterMs / 2}ms`);
  // The share that is given to netem is sent at once, and the rest has the delay.
  if (reordered > 0) words.push("delay", `${REORDER_MS}ms`, "reorder", percent(1 - reordered));
  if (loss > 0 && lossBurst === 1) words.push("loss", percent(loss));
  if (loss > 0 && lossBurst > 1) {
    const ends = 1 / lossBurst;
    words.push("loss", "gemodel", percent((loss * ends) / (1 - loss)), percent(ends), "100%", "0%");
  }
  if (duplicated > 0) words.push("duplicate", percent(duplicated));
  if (rateBps === null) return ["limit", "20000", ...words];
  // Netem counts the header of Ethernet too, and its queue in packets.
  const packets = Math.floor((queueMs * rateBps) / 8_000 / (bytes + 28)) + 1;
  return ["limit", String(packets), ...words, "rate", `${rateBps}bit`, "-14"];
}

async function throughKernel({ inside, outside }: NetworkEnds, train: Train): Promise<TrainFigures> {
  const [from, to] = [`${INSIDE[0]}:4000`, `${OUTSIDE[0]}:4000`];
  const received = outside.receiveTrain(to, train);
  await inside.sendTrain(from, to, train, received);
  return await received;
}

async function throughRelay(shape: LinkShape, train: Train): Promise<TrainFigures> {
  const relay = await UdpRelay.start({ seed: SEED, shapes: { a: shape } });
  const [from, to] = [await openThrough(relay, "a"), await openThrough(relay, "b")];
  try {
    const received = receiveTrain(to.socket, train);
    await sendTrain(from.socket, to.shown, train, received);
    return await received;
  } finally {
    for (const { socket } of [from, to]) socket.close();
    relay.stop();
  }
}

/** @returns what ends the measurement */
function measureGaps(): () => number {
  const gapsMs: number[] = [];
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    gapsMs.push(nowMs - lastMs);
    lastMs = nowMs;
  }, TIMER_MS);
  return () => {
    clearInterval(timer);
    const sorted = gapsMs.sort((one, other) => one - other);
    return sorted[Math.floor(0.9 * sorted.length)] ?? Number.POSITIVE_INFINITY;
  };
}

async function compare(ends: NetworkEnds, name: RunName): Promise<Comparison> {
  const { shape, train } = RUNS[name];
  shapeOuterCable(netemOf(shape, train.bytes));
  const endGaps = measureGaps();
  const [real, simulated] = await Promise.all([throughKernel(ends, train), throughRelay(shape, train)]);
  const timerGapMs = endGaps();
  console.error(`${name}: done`);
  return { real, simulated, timerGapMs, isCalm: timerGapMs <= CALM_GAP_MS };
}

/** For runs whose times are compared. @returns the first calm one, or the last */
async function compareCalm(ends: NetworkEnds, name: RunName): Promise<Comparison> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await compare(ends, name);
    if (found.isCalm || attempt === ATTEMPTS) return found;
  }
}

function timeoutS(name: string): number {
  return Number(readFileSync(`/proc/sys/net/netfilter/nf_conntrack_${name}`, "utf8"));
}

async function report() {
  const ends = buildNetwork();
  await ends.inside.open(`${INSIDE[0]}:4000`);
  await ends.outside.open(`${OUTSIDE[0]}:4000`);
  const runs = {
    free: await compare(ends, "free"),
    loss: await compare(ends, "loss"),
    bursts: await compare(ends, "bursts"),
    reordered: await compareCalm(ends, "reordered"),
    jitter: await compareCalm(ends, "jitter"),
    crowded: await compareCalm(ends, "crowded"),
    rate: await compareCalm(ends, "rate"),
  };
  shapeOuterCable([]);
  const nat = await askKernelNat(ends);
  for (const end of Object.values(ends)) end.close();
  return {
    runs,
    nat,
    timeoutS: { unanswered: timeoutS("udp_timeout"), answered: timeoutS("udp_timeout_stream") },
  };
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
