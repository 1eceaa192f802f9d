// Compares the text in a shared screen's picture with what arrives at the other side, by snapshots of both plugins.

import { setTimeout as delay } from "node:timers/promises";
import { PNG } from "pngjs";
import { RpcError } from "../../../rpc-schema/index.ts";
import type { PluginProcess } from "../plugin/plugin-process.ts";

const ATTEMPTS = 120;
/** Between black and white, of 255. */
const MIDDLE = 128;
/** The share of the dark pixels of the text that are dark at the other side, and of the bright ones likewise. */
export const LEGIBLE = 0.97;

export interface Picture {
  readonly width: number;
  readonly height: number;
  isDark(x: number, y: number): boolean;
}

/** Pixels from the left and the top. */
export interface TextArea {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** @returns null while there is none, as in the moment of a switch */
async function pictureOf(side: PluginProcess, callId: string, source: "local" | "remote") {
  const snapshot = await side.host.request("call.snapshot", { callId, source }).catch((error: unknown) => {
    if (error instanceof RpcError && error.kind === "noPicture") return null;
    throw error;
  });
  if (snapshot === null) return null;
  const { dataUrl } = snapshot;
  const { width, height, data } = PNG.sync.read(Buffer.from(dataUrl.split("base64,")[1] ?? "", "base64"));
  return { width, height, isDark: (x: number, y: number) => (data[4 * (y * width + x)] ?? 0) < MIDDLE };
}

/** The remote picture as soon as it is this wide. */
export async function remoteOfWidth(side: PluginProcess, callId: string, width: number): Promise<Picture> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const seen = await pictureOf(side, callId, "remote");
    if (seen?.width === width) return seen;
    await delay(100);
  }
  throw new Error(`the remote picture was never ${width} pixels wide`);
}

/** @returns the best {@link agreement} of some attempts, the first that is legible. */
export async function legibility(
  sender: PluginProcess,
  receiver: PluginProcess,
  callId: string,
  width: number,
  area: TextArea,
): Promise<number> {
  let best = 0;
  for (let attempt = 0; attempt < ATTEMPTS && best < LEGIBLE; attempt += 1) {
    const sent = await pictureOf(sender, callId, "local");
    const seen = await pictureOf(receiver, callId, "remote");
    if (sent?.width === width && seen?.width === width) best = agreement(sent, seen, area);
    if (best < LEGIBLE) await delay(250);
  }
  return best;
}

/** The share of the sender's dark and of its bright pixels that arrived as such, the lower of both. */
function agreement(sent: Picture, seen: Picture, { left, top, right, bottom }: TextArea): number {
  const counts = { dark: [0, 0], bright: [0, 0] };
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const count = sent.isDark(x, y) ? counts.dark : counts.bright;
      count[0] = (count[0] ?? 0) + 1;
      if (sent.isDark(x, y) === seen.isDark(x, y)) count[1] = (count[1] ?? 0) + 1;
    }
  }
  return Math.min(...Object.values(counts).map(([all = 0, same = 0]) => same / Math.max(1, all)));
}
