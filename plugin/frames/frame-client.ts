// A page connected to the frame server, over either delivery.

/** The metadata of an encoded frame. */
export interface FrameHead {
  /** Increments by one within the stream, or within the connection for a served stream. */
  readonly seq: number;
  /** Unix milliseconds. */
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
}

export interface FrameClient {
  /** Resolves when the kernel has taken the frame; then `jpeg` may be reused. @throws Error when the client is gone */
  write(head: FrameHead, jpeg: Uint8Array): Promise<void>;
  /** Ends the connection. The client loses data that it does not read within a second. Idempotent. */
  close(): void;
}

/** Events of a client. */
export interface FrameClientEvents {
  /** The page drew all frames up to `seq`. Only WebSocket clients acknowledge. */
  onAcknowledge(seq: number): void;
  /** The client is gone. Called once. */
  onGone(): void;
}
