// Helpers of the command-line programs: wait for Ctrl-C or a time limit, and open a page in the browser.

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

/** Reports a missing browser and goes on, because the address is printed too. */
export async function openInBrowser(url: string, report: (line: string) => void): Promise<void> {
  const opener = spawn("xdg-open", [url], { stdio: "ignore", detached: true });
  opener.unref();
  try {
    await once(opener, "spawn");
  } catch (error) {
    report(`no browser could be opened: ${errorText(error)}`);
  }
}
