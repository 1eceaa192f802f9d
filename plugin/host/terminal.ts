// What the programs for people at a terminal share: lasting until Ctrl-C or a given time, and opening a page for them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { errorText } from "../common/error-text.ts";

/** Resolves after `durationS` seconds, or when the signal aborts; never rejects. */
export async function untilEnded(durationS: number | undefined, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  if (durationS === undefined) return aborted;
  await Promise.race([aborted, delay(durationS * 1000, undefined, { signal }).catch(() => undefined)]);
}

/** A program goes on without a browser: it prints its address too. Resolves when it is known whether there is one. */
export async function openInBrowser(url: string, complain: (line: string) => void): Promise<void> {
  const opener = spawn("xdg-open", [url], { stdio: "ignore", detached: true });
  opener.unref();
  try {
    await once(opener, "spawn");
  } catch (error) {
    complain(`no browser could be opened: ${errorText(error)}`);
  }
}
