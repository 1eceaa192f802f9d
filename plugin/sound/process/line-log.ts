// Logs the output of the sound process at debug level, with limits so that a library cannot flood the log.

import type { Readable } from "node:stream";

/** A scan of ALSA's devices prints some fifty lines. A process that prints more than this is in a loop. */
const MAX_LINES = 300;
/** Longer lines are cut. */
const MAX_LINE_CHARACTERS = 400;

/** Reads `stream` to its end even after the limit, so that the writer never blocks. */
export function logLines(stream: Readable, log: (line: string) => void): void {
  let rest = "";
  let lines = 0;
  const write = (line: string) => {
    if (line.trim() === "" || lines > MAX_LINES) return;
    lines += 1;
    log(lines > MAX_LINES ? "further lines are omitted" : line.slice(0, MAX_LINE_CHARACTERS));
  };
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = (parts.pop() ?? "").slice(0, MAX_LINE_CHARACTERS);
    parts.forEach(write);
  });
  stream.on("end", () => write(rest));
}
