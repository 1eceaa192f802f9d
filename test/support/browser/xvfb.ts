// A virtual display for programs that need X. The server chooses a free display number, so parallel runs do not collide.
import { once } from "node:events";
import type { Readable } from "node:stream";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";
import { type Helper, raceExit, startHelper } from "../process/process-group.ts";

export interface Display {
  /** The value of the environment variable DISPLAY, such as `:3`. */
  readonly name: string;
  end(): Promise<void>;
}

/** Starts Xvfb(1). @throws Error when the display is not ready within 10 s */
export async function startDisplay(width = 1400, height = 1000): Promise<Display> {
  const size = `${width}x${height}x24`;
  // -displayfd makes Xserver(1) write the display number once it accepts connections.
  const args = ["-displayfd", "3", "-screen", "0", size, "-nolisten", "tcp", "-noreset"];
  const helper = await startHelper("Xvfb", args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  try {
    const number = await raceExit(helper, readDisplayNumber(helper));
    return { name: `:${number}`, end: () => helper.end() };
  } catch (error) {
    await helper.end();
    throw new Error("Xvfb did not start", { cause: error });
  }
}

async function readDisplayNumber(helper: Helper): Promise<number> {
  const pipe = helper.child.stdio[3];
  if (!isReadable(pipe)) throw new Error("file descriptor 3 of Xvfb is not a pipe");
  let text = "";
  const signal = AbortSignal.timeout(HANG_LIMIT_MS);
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
