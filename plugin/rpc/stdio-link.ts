// Two lanes over one output: control messages and pictures. Decides what is written next; a control message never
// waits for more than the one frame being written. Knows nothing of JSON-RPC or of what a line means.

import type { Writable } from "node:stream";
import type { FrameOutlet } from "../frames/frames.ts";
import { MAX_LINE_BYTES } from "./line-reader.ts";

/** Two minutes of the busiest control traffic are far below this; past it the reader is not reading. */
export const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** A reader that takes nothing for so long is hung: far above any pause of a healthy page or collector. */
export const STALL_MS = 10_000;

/** The other side closed its end, broke, or stopped reading. */
export class LinkLostError extends Error {
  override readonly name = "LinkLostError";
}

/** The line would be longer than the protocol allows; nothing was written. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";

  constructor(bytes: number) {
    super(`a line of ${bytes} bytes is over the limit of ${MAX_LINE_BYTES}`);
  }
}

export interface StdioLinkOptions {
  readonly output: Writable;
  /** Once; nothing is written after it. Not called for our own `close`. */
  onLost(error: LinkLostError): void;
  readonly maxQueuedBytes?: number;
  readonly stallMs?: number;
}

export interface StdioLink extends FrameOutlet {
  /** Queues one control line, given without its newline. After loss or close it does nothing. @throws LineTooLongError */
  send(line: string): void;
  /** True when everything was handed to the kernel; false when `timeoutMs` passed first or the link was lost. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Ends the output after what is being written. Idempotent. */
  close(): void;
}

interface PendingFrame {
  readonly parts: readonly Uint8Array[];
  resolve(): void;
  reject(error: Error): void;
}

const NEWLINE = "\n";

export function createStdioLink(options: StdioLinkOptions): StdioLink {
  const { output, maxQueuedBytes = MAX_QUEUED_BYTES, stallMs = STALL_MS } = options;
  let control: Buffer[] = [];
  let queuedBytes = 0;
  // A stream asks for its next frame only after its last was written, so first come, first served is fair.
  let frames: PendingFrame[] = [];
  let current: PendingFrame | null = null;
  let writing = false;
  let over: LinkLostError | null = null;
  let idleWaiters: (() => void)[] = [];
  let stallTimer: NodeJS.Timeout | undefined;

  function settleAll(error: LinkLostError): void {
    clearTimeout(stallTimer);
    const rejected = current ? [current, ...frames] : frames;
    current = null;
    frames = [];
    control = [];
    queuedBytes = 0;
    for (const frame of rejected) frame.reject(error);
    wakeIdle();
  }

  function lose(message: string, cause?: unknown): void {
    if (over) return;
    over = new LinkLostError(message, { cause });
    settleAll(over);
    output.destroy();
    options.onLost(over);
  }

  function wakeIdle(): void {
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const wake of waiters) wake();
  }

  function pump(): void {
    if (writing || over) return;
    if (control.length > 0) {
      const parts = control;
      control = [];
      queuedBytes = 0;
      write(parts);
      return;
    }
    current = frames.shift() ?? null;
    if (current) write(current.parts);
    else wakeIdle();
  }

  /** One writev: corked parts reach the kernel in one system call where it takes them whole. */
  function write(parts: readonly Uint8Array[]): void {
    writing = true;
    stallTimer = setTimeout(() => lose(`the reader took nothing for ${stallMs} ms`), stallMs).unref();
    output.cork();
    parts.forEach((part, index) => {
      output.write(part, index === parts.length - 1 ? written : undefined);
    });
    output.uncork();
  }

  function written(error?: Error | null): void {
    writing = false;
    clearTimeout(stallTimer);
    if (error) {
      lose(`writing failed: ${error.message}`, error);
    } else {
      current?.resolve();
      current = null;
      pump();
    }
  }

  output.on("error", (error: Error) => lose(`writing failed: ${error.message}`, error));
  output.once("close", () => lose("the reader closed its end"));

  return {
    send(line) {
      if (over) return;
      const bytes = Buffer.from(line + NEWLINE);
      if (bytes.length - 1 > MAX_LINE_BYTES) throw new LineTooLongError(bytes.length - 1);
      control.push(bytes);
      queuedBytes += bytes.length;
      if (queuedBytes > maxQueuedBytes) lose(`the reader left ${queuedBytes} bytes of messages unread`);
      pump();
    },

    writeFrame(head, body, tail) {
      if (over) return Promise.reject(over);
      const parts = [Buffer.from(head), body, Buffer.from(tail + NEWLINE)];
      const bytes = parts.reduce((sum, part) => sum + part.length, -1);
      if (bytes > MAX_LINE_BYTES) return Promise.reject(new LineTooLongError(bytes));
      return new Promise((resolve, reject) => {
        frames.push({ parts, resolve, reject });
        pump();
      });
    },

    async flush(timeoutMs) {
      if (!over && (writing || control.length > 0 || frames.length > 0)) await idleOr(timeoutMs);
      return !over && !writing && control.length === 0;
    },

    close() {
      if (over) return;
      over = new LinkLostError("the link was closed");
      settleAll(over);
      output.end();
    },
  };

  function idleOr(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      idleWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
