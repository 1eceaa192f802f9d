// Turns the protocol's file descriptor into a stream that never blocks the main thread. Knows nothing of lines.

import { createWriteStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

/**
 * A stream over an open descriptor, which it then owns. process.stdout is not used, because Node writes to pipes
 * synchronously there, so a host that reads slowly would stop the process. Pipes and sockets are written
 * without blocking; files and terminals through the thread pool.
 * @throws Error EBADF of fstat(2)
 */
export function openWritable(fd: number): Writable {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) return new Socket({ fd, readable: false, writable: true });
  return createWriteStream("", { fd });
}
