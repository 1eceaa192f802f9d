// A page that is connected to the picture server, by either way. Knows how to write one picture to it and how to end it.

/** What stands beside a picture's bytes. */
export interface FrameHead {
  /** Counts up by one within its stream, or its connection where pictures are fetched. */
  readonly seq: number;
  /** Unix milliseconds. */
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
}

export interface FrameClient {
  /** Resolves when the kernel has taken it. `jpeg` may be written again then. @throws Error when the reader has gone */
  write(head: FrameHead, jpeg: Uint8Array): Promise<void>;
  /** Writes no further picture; what it has not read within a second is lost. Idempotent. */
  close(): void;
}

/** What a reader tells whoever feeds it. */
export interface FrameClientEvents {
  /** All pictures up to `seq` were drawn; only a WebSocket says so. */
  onAcknowledge(seq: number): void;
  /** It has gone. Called once. */
  onGone(): void;
}
