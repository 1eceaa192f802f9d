// Whether this process may open the files and sockets that a call needs. libwebrtc aborts the whole process when it cannot
// open one while it sets up a connection, so a call is refused before.

import { readdirSync, readFileSync } from "node:fs";
import { errnoOf, isExhaustion } from "../common/system-failure.ts";

/** A call was seen to open 67 to 71 descriptors: sockets, event queues of threads, and the pipes of the sound process. */
const NEEDED = 75;

/** What proc(5) says of this process. Tests supply their own. */
export interface DescriptorView {
  /** The text of /proc/self/limits. */
  limits(): string;
  /** The number of entries of /proc/self/fd. */
  open(): number;
}

const SYSTEM: DescriptorView = {
  limits: () => readFileSync("/proc/self/limits", "utf8"),
  open: () => readdirSync("/proc/self/fd").length,
};

/**
 * Node raises the soft limit to the hard one at its start, so only the user can raise it further.
 * @returns why a call cannot be set up, as a sentence with a remedy; null if there is room, or if nothing is known
 */
export function whyNoRoom(view: DescriptorView = SYSTEM): string | null {
  try {
    const limit = Number(/^Max open files\s+(\d+)/m.exec(view.limits())?.[1] ?? Number.POSITIVE_INFINITY);
    const open = view.open();
    if (limit - open >= NEEDED) return null;
    return refusal(
      `it may have ${limit} files and connections open, ${open} are, and a call needs ${NEEDED} more`,
    );
  } catch (error) {
    if (isExhaustion(error)) return refusal(`it can open no file (${errnoOf(error)})`);
    return null; // no proc(5) here
  }
}

function refusal(reason: string): string {
  return (
    `This program has too little room for a call: ${reason}. ` +
    "Close some of its windows, or raise the limit (ulimit -n) and start it again."
  );
}
