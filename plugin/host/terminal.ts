// Helpers of the command-line programs: wait for Ctrl-C or a time limit, and open a page in the browser.

import { setTimeout as delay } from "node:timers/promises";
import { startProgram } from "../common/child-process.ts";
import { failureText } from "../common/system-failure.ts";

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
  const why = await new Promise<Error | null>((resolve) => {
    const opener = startProgram("xdg-open", [url], { stdio: "ignore", detached: true }, resolve);
    opener?.unref();
    opener?.once("spawn", () => resolve(null));
  });
  if (why) report(`no browser could be opened: ${failureText(why)}`);
}
