// Deliveries, one after the other in one call, so that WebRTC's own delay is the same for all: delay, processor time
// and share of frames shown, in WebKitGTK. The call has no sound, so that nothing else runs.

import { setTimeout as delay } from "node:timers/promises";
import { type Host, startHost } from "../../../plugin/host/host.ts";
import type { PageDelivery } from "../../../plugin/ui/video/source-view.ts";
import {
  type DeliveryPage,
  deliveryPageFiles,
  openDeliveryPage,
  type StampedFrame,
} from "../../support/browser/delivery-page.ts";
import { startWebKit } from "../../support/browser/webkit.ts";
import { figuresOfTree } from "../../support/process/process-figures.ts";
import { DIST_MAIN, endCall, type FrameSize, introduce, makeCall, pidOf } from "../bench-side.ts";
import { median, quantile } from "../figures.ts";
import { drawnShare } from "./frame-ledger.ts";

export const WAYS = ["stdio", "websocket", "mjpeg"] as const satisfies readonly PageDelivery[];

export interface DeliveriesOptions<W extends PageDelivery> {
  /** In the order of the measurement. One may come several times. */
  readonly ways: readonly W[];
  readonly size: FrameSize;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

export interface DeliveryReport<W extends PageDelivery> {
  readonly way: W;
  /** From WebRTC's decoded frame to the shown one, ms. Estimated for mjpeg: the whole delay less WebRTC's part in the others. */
  readonly decodedToDrawnMs: number;
  readonly decodedToDrawnP95Ms: number;
  /** Of Alice's plugin, host and browser, without recording. */
  readonly cores: number;
  readonly drawnPercent: number;
}

interface Sides {
  readonly alice: Host;
  readonly bob: Host;
  readonly page: DeliveryPage;
}

export async function measureDeliveries<W extends PageDelivery>(
  options: DeliveriesOptions<W>,
): Promise<readonly DeliveryReport<W>[]> {
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    const alice = await startQuietHost("Alice", options.size);
    cleanups.push(() => alice.stop());
    const bob = await startQuietHost("Bob", options.size);
    cleanups.push(() => bob.stop());
    const browser = await startWebKit();
    cleanups.push(() => browser.close());
    await introduce(alice, bob);
    const page = await openDeliveryPage(browser, alice);
    const { callId } = await makeCall(bob, alice);
    // Alice's own video would only add load.
    await alice.plugin.request("call.setCamera", { callId, on: false });
    const seen: Seen<W>[] = [];
    for (const way of options.ways)
      seen.push(await measureDelivery({ alice, bob, page }, callId, way, options));
    await endCall(callId, alice, bob);
    return summarize(seen);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function startQuietHost(label: string, picture: FrameSize): Promise<Host> {
  return await startHost({
    label,
    files: await deliveryPageFiles(),
    pluginCommand: { program: process.execPath, args: [DIST_MAIN] },
    settings: {
      camera: "test-pattern",
      microphone: "tone",
      speaker: "none",
      picture,
      // On a busy machine adaptation would shrink the frames and distort the comparison.
      adaptation: false,
      iceServers: [],
      signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
    },
  });
}

interface Seen<W extends PageDelivery> {
  readonly way: W;
  readonly pictures: readonly StampedFrame[];
  readonly cores: number;
}

async function measureDelivery<W extends PageDelivery>(
  { alice, bob, page }: Sides,
  callId: string,
  way: W,
  { warmUpMs, windowMs }: DeliveriesOptions<W>,
): Promise<Seen<W>> {
  await page.show(callId, way);
  await delay(warmUpMs);
  await page.record(way);
  await delay(windowMs);
  const pictures = await page.takeFrames();
  await page.stopSampling();
  // All descendants of this program, less Bob's: the plugin, the host, and the browser with its display.
  const cpu = () => figuresOfTree(process.pid).cpuSeconds - figuresOfTree(pidOf(bob)).cpuSeconds;
  const [startMs, before] = [performance.now(), cpu()];
  await delay(windowMs);
  const cores = (cpu() - before) / ((performance.now() - startMs) / 1000);
  await page.hide();
  if (pictures.length === 0) throw new Error(`${way}: nothing was shown of call ${callId} at ${alice.url}`);
  return { way, pictures, cores };
}

function summarize<W extends PageDelivery>(seen: readonly Seen<W>[]): DeliveryReport<W>[] {
  const stamped = seen.filter(({ way }) => way !== "mjpeg").flatMap(({ pictures }) => pictures);
  const untilDecodedMs = median(
    stamped.map(({ delayMs, drawnAt, capturedAt }) => delayMs - (drawnAt - capturedAt)),
  );
  return seen.map(({ way, pictures, cores }) => {
    const delays = pictures.map(({ delayMs, drawnAt, capturedAt }) =>
      way === "mjpeg" ? delayMs - untilDecodedMs : drawnAt - capturedAt,
    );
    return {
      way,
      decodedToDrawnMs: median(delays),
      decodedToDrawnP95Ms: quantile(delays, 0.95),
      cores,
      drawnPercent: 100 * drawnShare(pictures.map(({ stamp }) => stamp.sequence)),
    };
  });
}
