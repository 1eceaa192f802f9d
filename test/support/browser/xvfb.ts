// A virtual display for programs that need X. The server picks a free display number itself, so runs do not collide.
import { once } from "node:events";
import type { Readable } from "node:stream";
import { type Helper, raceExit, startHelper } from "../process/process-group.ts";

/** A running display. */
export interface Display {
  /** For the environment variable DISPLAY, for example `:3`. */
  readonly name: string;
  end(): Promise<void>;
}

const START_LIMIT_MS = 10_000;

/** Starts Xvfb(1). @throws Error when no display is there within 10 s */
export async function startDisplay(width = 1400, height = 1000): Promise<Display> {
  const size = `${width}x${height}x24`;
  // -displayfd: Xserver(1) writes the number once it accepts connections.
  const args = ["-displayfd", "3", "-screen", "0", size, "-nolisten", "tcp", "-noreset"];
  const helper = await startHelper("Xvfb", args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  try {
    const number = await raceExit(helper, readDisplayNumber(helper));
    return { name: `:${number}`, end: () => helper.end() };
  } catch (error) {
    await helper.end();
    throw new Error("Xvfb gave no display", { cause: error });
  }
}

async function readDisplayNumber(helper: Helper): Promise<number> {
  const pipe = helper.child.stdio[3];
  if (!isReadable(pipe)) throw new Error("file descriptor 3 of Xvfb is not a pipe");
  let text = "";
  const signal = AbortSignal.timeout(START_LIMIT_MS);
  while (!text.includes("\n")) {
    const [chunk] = await once(pipe, "data", { signal });
    text += String(chunk);
  }
  pipe.destroy();
  return Number.parseInt(text, 10);
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === "object" && stream !== null && "read" in stream;
}
