// Pictures on their way from a call to the host's page: subscriptions, credit, and the ledger that says where each
// picture went. Knows neither cameras nor WebRTC, and touches no pixel itself.

import type { VideoFrame } from "../../native/types.ts";
import type { FrameCounts, FrameSource, Params, Result } from "../../rpc-schema/index.ts";

/** Where finished frames leave the process. Resolves when the line has been handed to the kernel. */
export interface FrameOutlet {
  /** head + body + tail is one whole line without its newline. `body` may be reused after the promise settles. */
  writeFrame(head: string, body: Uint8Array, tail: string): Promise<void>;
}

export interface Frames {
  /**
   * With the delivery stdio pictures may be written before the promise settles; with the others they begin when the page
   * fetches them. @throws RpcError unknownCall when it has ended, tooManyStreams, invalidParams
   */
  subscribe(params: Params<"frames.subscribe">): Promise<Result<"frames.subscribe">>;
  /** @throws RpcError unknownStream */
  unsubscribe(stream: string): void;
  /** Streams that are not known are ignored: they may just have ended. So are those that the page fetches. */
  acknowledge(stream: string, seq: number): void;
  /** Offers one picture to every subscriber of its source; the newest wins. Returns at once. */
  offer(callId: string, source: FrameSource, frame: VideoFrame): void;
  /** @throws RpcError noPicture */
  snapshot(callId: string, source: FrameSource): Promise<Result<"call.snapshot">>;
  /** From now on the host gets no more than this share of each side, and of the pictures a second, of a source. */
  limit(callId: string, source: FrameSource, share: { scale: number; rate: number }): void;
  counts(callId: string, source: FrameSource): FrameCounts;
  /** Ends every stream of a call and forgets its ledger. */
  endCall(callId: string): void;
  close(): Promise<void>;
}
