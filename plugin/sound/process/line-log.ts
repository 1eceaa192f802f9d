// Turns what the sound process prints into debug lines, few enough that a chatty library cannot flood the log.

import type { Readable } from "node:stream";

/** A scan of ALSA's devices prints some fifty lines; more than this in one process's life is a loop. */
const MAX_LINES = 300;
/** Longer lines are cut: no library says anything useful behind it. */
const MAX_LINE_CHARACTERS = 400;

/** Reads `stream` to its end whether or not the lines are still wanted, so that the writer never blocks. */
export function logLines(stream: Readable, log: (line: string) => void): void {
  let rest = "";
  let lines = 0;
  const say = (line: string) => {
    if (line.trim() === "" || lines > MAX_LINES) return;
    lines += 1;
    log(lines > MAX_LINES ? "further lines are left out" : line.slice(0, MAX_LINE_CHARACTERS));
  };
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = (parts.pop() ?? "").slice(0, MAX_LINE_CHARACTERS);
    parts.forEach(say);
  });
  stream.on("end", () => say(rest));
}
