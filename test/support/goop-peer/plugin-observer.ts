// What a plugin shows its host of a call: lossless pictures by `frames.subscribe`, with the stamp read off them.
// Knows nothing of the peer.

import { PNG } from "pngjs";
import { ageMs, nowTicks, readStamp } from "../../bench/measures/frame-stamp.ts";
import type { PluginProcess } from "../plugin/plugin-process.ts";
import type { SeenStamp } from "./observer.ts";

const LIMIT_MS = 60_000;

/** So many different pictures with a readable stamp, from now on. @throws Error with what came instead, after a minute */
export async function untilPluginStamps(
  plugin: PluginProcess,
  callId: string,
  count: number,
): Promise<SeenStamp[]> {
  const { host } = plugin;
  const wish = { callId, source: "remote", format: "png", maxFps: 15, credit: 2 } as const;
  const stamps = new Map<number, SeenStamp>();
  let pictures = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = () =>
    reject(new Error(`${stamps.size} of ${count} stamps in ${pictures} pictures\n${plugin.log()}`));
  const timer = setTimeout(late, LIMIT_MS);
  // Pictures may come before the answer that names their stream.
  host.onNotification("frame", ({ stream, seq, dataUrl }) => {
    pictures += 1;
    const stamp = stampOf(dataUrl);
    if (stamp) stamps.set(stamp.sequence, stamp);
    host.notify("frames.ack", { stream, seq });
    if (stamps.size >= count) resolve();
  });
  const { stream } = await host.request("frames.subscribe", wish);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    await host.request("frames.unsubscribe", { stream });
  }
  return [...stamps.values()];
}

/** The stamp is read off the brightness alone, of which red is measure enough: the cells are black and white. */
function stampOf(dataUrl: string): SeenStamp | undefined {
  const { width, height, data } = PNG.sync.read(
    Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64"),
  );
  const luma = new Uint8Array(width * height);
  for (let at = 0; at < luma.length; at += 1) luma[at] = data[4 * at] ?? 0;
  const stamp = readStamp({ width, height, data: luma });
  return stamp ? { ...stamp, ageMs: ageMs(stamp, nowTicks()), width } : undefined;
}
