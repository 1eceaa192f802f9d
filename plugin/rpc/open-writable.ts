// Opens the protocol's file descriptor as a stream that never blocks the main thread.

import { createWriteStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

/**
 * Opens a stream over an open descriptor, which the stream then owns. process.stdout is not suitable, because Node writes to
 * its pipes synchronously, and a host that reads slowly would stop the process. Writes to pipes and sockets do not block;
 * writes to files and terminals use the thread pool.
 * @throws Error EBADF of fstat(2)
 */
export function openWritable(fd: number): Writable {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) return new Socket({ fd, readable: false, writable: true });
  return createWriteStream("", { fd });
}
