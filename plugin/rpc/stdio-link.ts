// Writes control messages and frames to one output. Control messages go first, so that they never wait for more than the one
// frame that is being written.

import type { Writable } from "node:stream";
import type { FrameOutlet } from "../frames/frames.ts";
import { LineOutput } from "./line-output.ts";
import { MAX_LINE_BYTES } from "./line-reader.ts";

/** Answers that a host may leave unread. Only its own requests cause them, so a host that leaves more is broken. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/**
 * Lines of the plugin's own that wait for a reader that pauses. Others, such as peers, may have caused them. So further ones
 * are left out, and only the time without reading ends the link.
 */
export const MAX_POSTED_BYTES = 8 * 1024 * 1024;
/** A reader that takes nothing for this long is hung. Pauses of a healthy page or garbage collector are far shorter. */
const STALL_MS = 10_000;

/** The other side closed its end, broke, or stopped reading. */
export class LinkLostError extends Error {
  override readonly name = "LinkLostError";
}

/** The line is longer than the protocol allows, so nothing was written. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";

  constructor(bytes: number) {
    super(`a line of ${bytes} bytes is over the limit of ${MAX_LINE_BYTES}`);
  }
}

export interface StdioLinkOptions {
  readonly output: Writable;
  /** Called once, and nothing is written afterwards. Not called for our own `close`. */
  onLost(error: LinkLostError): void;
  readonly maxQueuedBytes?: number;
  readonly maxPostedBytes?: number;
  readonly stallMs?: number;
}

export interface StdioLink extends FrameOutlet {
  /** Queues an answer, given without its newline. Does nothing after loss or close. @throws LineTooLongError */
  send(line: string): void;
  /** Queues a line that the host did not ask for. @returns false if it was left out @throws LineTooLongError */
  post(line: string): boolean;
  /**
   * Queues a line whose text is made when it is written, behind the lines before it. Replaces the line of this key that waits.
   * @param write null where there is nothing to write any more
   */
  sendLatest(key: string, write: () => string | null): void;
  /** @returns true when the kernel has taken everything, false after `timeoutMs` or when the link was lost */
  flush(timeoutMs: number): Promise<boolean>;
  /** Ends the output after the present write. Idempotent. */
  close(): void;
}

interface PendingFrame {
  readonly parts: readonly Uint8Array[];
  resolve(): void;
  reject(error: Error): void;
}

const NEWLINE = "\n";

export function createStdioLink(options: StdioLinkOptions): StdioLink {
  return new TwoLaneLink(options);
}

class TwoLaneLink implements StdioLink {
  readonly #output: LineOutput;
  readonly #onLost: StdioLinkOptions["onLost"];
  readonly #maxQueuedBytes: number;
  readonly #maxPostedBytes: number;
  /** In their order: whole lines, and lines that are still to be made, by key. */
  #control = new Map<string | symbol, Buffer | (() => string | null)>();
  #answerBytes = 0;
  #postedBytes = 0;
  // A stream queues its next frame after its last one was written, so first come, first served is fair.
  #frames: PendingFrame[] = [];
  #current: PendingFrame | null = null;
  /** The reason for the end; nothing is written after it. */
  #over: LinkLostError | null = null;
  #idleWaiters: (() => void)[] = [];

  constructor({ output, onLost, stallMs = STALL_MS, ...limits }: StdioLinkOptions) {
    this.#onLost = onLost;
    this.#maxQueuedBytes = limits.maxQueuedBytes ?? MAX_QUEUED_BYTES;
    this.#maxPostedBytes = limits.maxPostedBytes ?? MAX_POSTED_BYTES;
    this.#output = new LineOutput({
      output,
      stallMs,
      onWritten: () => this.#written(),
      onFailed: (message, cause) => this.#lose(message, cause),
    });
  }

  send(line: string): void {
    if (this.#over) return;
    const bytes = bytesOf(line);
    this.#control.set(Symbol(), bytes);
    this.#answerBytes += bytes.length;
    if (this.#answerBytes > this.#maxQueuedBytes) {
      this.#lose(`the reader left ${this.#answerBytes} bytes of answers unread`);
    }
    this.#pump();
  }

  post(line: string): boolean {
    if (this.#over) return true; // nobody misses it
    const bytes = bytesOf(line);
    // One line is always let in, however long it is.
    if (this.#postedBytes > 0 && this.#postedBytes + bytes.length > this.#maxPostedBytes) return false;
    this.#control.set(Symbol(), bytes);
    this.#postedBytes += bytes.length;
    this.#pump();
    return true;
  }

  sendLatest(key: string, write: () => string | null): void {
    if (this.#over) return;
    this.#control.delete(key);
    this.#control.set(key, write);
    this.#pump();
  }

  writeFrame(head: string, body: Uint8Array, tail: string): Promise<void> {
    if (this.#over) return Promise.reject(this.#over);
    const parts = [Buffer.from(head), body, Buffer.from(tail + NEWLINE)];
    const bytes = parts.reduce((sum, part) => sum + part.length, -NEWLINE.length);
    if (bytes > MAX_LINE_BYTES) return Promise.reject(new LineTooLongError(bytes));
    return new Promise((resolve, reject) => {
      this.#frames.push({ parts, resolve, reject });
      this.#pump();
    });
  }

  async flush(timeoutMs: number): Promise<boolean> {
    if (!this.#over && !this.#isIdle()) await this.#idleOr(timeoutMs);
    return !this.#over && !this.#output.isWriting && this.#control.size === 0;
  }

  close(): void {
    if (this.#over) return;
    this.#settleAll(new LinkLostError("the link was closed"));
    this.#output.end();
  }

  #lose(message: string, cause?: unknown): void {
    if (this.#over) return;
    const error = new LinkLostError(message, { cause });
    this.#settleAll(error);
    this.#output.destroy();
    this.#onLost(error);
  }

  /** Ends the link and settles every promise. */
  #settleAll(error: LinkLostError): void {
    this.#over = error;
    const rejected = this.#current ? [this.#current, ...this.#frames] : this.#frames;
    this.#current = null;
    this.#frames = [];
    this.#takeControl();
    for (const frame of rejected) frame.reject(error);
    this.#wakeIdle();
  }

  /** Starts the next write unless one is in progress. All waiting control messages go together, because they are small. */
  #pump(): void {
    if (this.#output.isWriting || this.#over) return;
    const parts = this.#takeControl().flatMap((line) => (Buffer.isBuffer(line) ? line : written(line)));
    if (parts.length > 0) {
      this.#output.write(parts);
      return;
    }
    this.#current = this.#frames.shift() ?? null;
    if (this.#current) this.#output.write(this.#current.parts);
    else this.#wakeIdle();
  }

  #takeControl(): (Buffer | (() => string | null))[] {
    const lines = [...this.#control.values()];
    this.#control = new Map();
    this.#answerBytes = 0;
    this.#postedBytes = 0;
    return lines;
  }

  #written(): void {
    this.#current?.resolve();
    this.#current = null;
    this.#pump();
  }

  #isIdle(): boolean {
    return !this.#output.isWriting && this.#control.size === 0 && this.#frames.length === 0;
  }

  #wakeIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
  }

  #idleOr(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#idleWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** @throws LineTooLongError */
function bytesOf(line: string): Buffer {
  const bytes = Buffer.from(line + NEWLINE);
  if (bytes.length - 1 > MAX_LINE_BYTES) throw new LineTooLongError(bytes.length - 1);
  return bytes;
}

/** @returns nothing for a line that is too long, since its sender has gone on */
function written(write: () => string | null): Buffer[] {
  const line = write();
  return line === null || Buffer.byteLength(line) > MAX_LINE_BYTES ? [] : [Buffer.from(line + NEWLINE)];
}
