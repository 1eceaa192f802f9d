// The interface for sending a call's frames to the host's page: subscriptions, credit, and the count of each frame's fate.

import type { VideoFrame } from "../../native/types.ts";
import type { FrameCounts, FrameSource, Params, Result } from "../../rpc-schema/index.ts";
import type { TurnedAway } from "../common/refusals.ts";

/** The output of the process. */
export interface FrameOutlet {
  /** Writes head + body + tail as one line and adds the newline. Resolves when the kernel has it; then `body` may be reused. */
  writeFrame(head: string, body: Uint8Array, tail: string): Promise<void>;
}

/**
 * What a source shows: nothing, frames that keep coming, or a screen, whose newest frame may stand for minutes. A source is
 * `moving` until `setContent` says otherwise.
 */
export type FrameContent = "nothing" | "moving" | "still";

export interface Frames {
  /**
   * The newest frame of the source comes first, if it is current. With the delivery stdio, frames may be written before the
   * promise settles. With the others they start when the page connects. @throws RpcError unknownCall for an ended call, tooManyStreams, invalidParams
   */
  subscribe(params: Params<"frames.subscribe">): Promise<Result<"frames.subscribe">>;
  /** @throws RpcError unknownStream */
  unsubscribe(stream: string): void;
  /** Ignores unknown streams, which may just have ended, and served streams. */
  acknowledge(stream: string, seq: number): void;
  /** Offers a frame to every subscriber of its source. The newest frame wins. Returns at once. */
  offer(callId: string, source: FrameSource, frame: VideoFrame): void;
  /** From now on the source shows something else: frames from before a change are not shown again. Idempotent. */
  setContent(callId: string, source: FrameSource, content: FrameContent): void;
  /** @throws RpcError noPicture */
  snapshot(callId: string, source: FrameSource): Promise<Result<"call.snapshot">>;
  /** Limits a source's frames to this share of each side and of the rate. */
  limit(callId: string, source: FrameSource, share: { scale: number; rate: number }): void;
  counts(callId: string, source: FrameSource): FrameCounts;
  /** What the server of frames turned away. */
  turnedAway(): TurnedAway;
  /** Ends every stream of a call and drops its ledger. */
  endCall(callId: string): void;
  close(): Promise<void>;
}
