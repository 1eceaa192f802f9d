// Observes what a plugin delivers to its host: lossless frames by `frames.subscribe`, and the stamps in them.

import { PNG } from "pngjs";
import { ageMs, nowTicks, readStamp } from "../../bench/measures/frame-stamp.ts";
import type { PluginProcess } from "../plugin/plugin-process.ts";
import type { SeenStamp } from "./observer.ts";

const LIMIT_MS = 60_000;

/** Waits for `count` new frames with different stamps. @throws Error with the counts after a minute */
export async function untilPluginStamps(
  plugin: PluginProcess,
  callId: string,
  count: number,
): Promise<SeenStamp[]> {
  const { host } = plugin;
  const params = { callId, source: "remote", format: "png", maxFps: 15, credit: 2 } as const;
  const stamps = new Map<number, SeenStamp>();
  let frames = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = () =>
    reject(new Error(`${stamps.size} of ${count} stamps in ${frames} frames\n${plugin.log()}`));
  const timer = setTimeout(fail, LIMIT_MS);
  // Frames may arrive before the answer that names their stream.
  host.onNotification("frame", ({ stream, seq, dataUrl }) => {
    frames += 1;
    const stamp = stampOf(dataUrl);
    if (stamp) stamps.set(stamp.sequence, stamp);
    host.notify("frames.ack", { stream, seq });
    if (stamps.size >= count) resolve();
  });
  const { stream } = await host.request("frames.subscribe", params);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    await host.request("frames.unsubscribe", { stream });
  }
  return [...stamps.values()];
}

/** The stamp's cells are black and white, so the red channel serves as brightness. */
function stampOf(dataUrl: string): SeenStamp | undefined {
  const { width, height, data } = PNG.sync.read(
    Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64"),
  );
  const luma = new Uint8Array(width * height);
  for (let at = 0; at < luma.length; at += 1) luma[at] = data[4 * at] ?? 0;
  const stamp = readStamp({ width, height, data: luma });
  return stamp ? { ...stamp, ageMs: ageMs(stamp, nowTicks()), width } : undefined;
}
