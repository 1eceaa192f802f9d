// The texts about shared screens. notice-texts.ts has the reasons why one is not shared any more.

import type { CallInfo, Result, ScreenSource, SharedScreen } from "../../../rpc-schema/index.ts";
import { isPlain } from "../error-sentences.ts";
import { peerName } from "../messages.ts";

/** A monitor by its output, a window by its title. Without a name all monitors are meant. */
export function sourceName({ kind, name }: Pick<ScreenSource, "kind" | "name">): string {
  if (kind === "window") return name || "Window without a name";
  if (name === "") return "All monitors";
  return /monitor|screen|display/i.test(name) ? name : `Monitor ${name}`;
}

/** As 1920×1080; empty for a side without length. */
export function sizeText({ width, height }: { width: number; height: number }): string {
  return width > 0 && height > 0 ? `${width}×${height}` : "";
}

/** What is shared, for the page's indicator. */
export function sharingText({ kind, name, hidden }: SharedScreen, sending: CallInfo["sending"]): string {
  // The desktop may not tell the name of what it lets the user choose.
  const unnamed = kind === "window" ? "a window" : "your screen";
  const what = kind === undefined || !name ? unnamed : sourceName({ kind, name });
  // A reduced size says nothing about what is shared.
  const size = sending.step === "full" ? sizeText(sending) : "";
  const still = hidden === true ? ". It is minimised, so its last picture stands still" : "";
  return `You are sharing: ${what}${size && ` (${size})`}${still}`;
}

export function remoteScreenText({ peerLabel, peerId }: CallInfo): string {
  return `${peerName(peerLabel, peerId)} shares their screen`;
}

/** Why nothing can be shared here: the plugin's reason where a user can read it. */
export function whyNotText({ why }: Pick<Result<"screen.sources">, "why">): string {
  const reason = why !== undefined && isPlain(why) ? `: ${why}` : "";
  return `The screen cannot be shared on this computer${reason}.`;
}
