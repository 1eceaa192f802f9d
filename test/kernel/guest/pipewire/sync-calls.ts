// Counts what this process asks of DMA buffers, as the kernel traces it. Documentation/trace/ftrace.rst.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const TRACE = "/sys/kernel/tracing";
const EVENT = `${TRACE}/events/syscalls/sys_enter_ioctl`;
/** DMA_BUF_IOCTL_SYNC, linux/dma-buf.h. */
const SYNC = 0x40086200;

export class SyncCalls {
  /** Counts from now on. Needs root. */
  constructor() {
    execFileSync("mount", ["-t", "tracefs", "tracefs", TRACE]);
    writeFileSync(`${EVENT}/filter`, `cmd == ${SYNC}`);
    writeFileSync(`${EVENT}/enable`, "1");
  }

  /** @returns the descriptors of the buffers, in the order of the calls. PipeWire's V4L2 source makes none. */
  end(): string[] {
    writeFileSync(`${EVENT}/enable`, "0");
    const calls = readFileSync(`${TRACE}/trace`, "utf8").matchAll(/ sys_ioctl\(fd: (\w+),/g);
    return [...calls].map(([, descriptor = ""]) => descriptor);
  }
}
