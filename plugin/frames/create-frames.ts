// Who watches which source of which call: opens and ends streams, and ends everything of a call at once. What happens
// to one picture is the source's and the stream's matter.

import type { EncodedPicture, JpegEncoder, JpegWish, Native, VideoFrame } from "../../native/types.ts";
import {
  type FrameCounts,
  type FrameSource,
  MAX_STREAMS_PER_CALL,
  type Params,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { FrameStream } from "./frame-stream.ts";
import type { FrameOutlet, Frames } from "./frames.ts";
import { createLedger } from "./ledger.ts";
import { createPacer } from "./pacer.ts";
import { noPicture, PictureSource } from "./picture-source.ts";
import { PngEncoder } from "./png-encoder.ts";

export interface FramesOptions {
  readonly native: Pick<Native, "createJpegEncoder" | "toRgba">;
  readonly outlet: FrameOutlet;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly log: Log;
}

export function createFrames(options: FramesOptions): Frames {
  return new CallFrames(options);
}

type SubscribeParams = Params<"frames.subscribe">;

interface Subscription {
  readonly stream: FrameStream;
  readonly source: PictureSource;
}

/** A late picture of a call that has ended must not begin a new ledger. Far more than calls that end at once. */
const REMEMBERED_ENDS = 256;

class CallFrames implements Frames {
  readonly #native: FramesOptions["native"];
  readonly #outlet: FrameOutlet;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #png: PngEncoder;
  readonly #sources = new Map<string, PictureSource>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #endedCalls = new Set<string>();
  /** Streams that have ended and may still be encoding. */
  readonly #ending = new Set<Promise<void>>();
  #lastStream = 0;

  constructor({ native, outlet, now, log }: FramesOptions) {
    this.#native = native;
    this.#outlet = outlet;
    this.#now = now ?? (() => performance.now());
    this.#log = log;
    this.#png = new PngEncoder((picture) => native.toRgba(picture));
  }

  subscribe(params: SubscribeParams): Result<"frames.subscribe"> {
    const source = this.#sourceOf(params.callId, params.source);
    if (!source) throw new RpcError("unknownCall", `call ${params.callId} has ended`);
    this.#refuseTooMany(params.callId);
    this.#lastStream += 1;
    const id = `s${this.#lastStream}`;
    const stream = this.#createStream(id, params, source);
    source.streams.add(stream);
    this.#subscriptions.set(id, { stream, source });
    return { stream: id };
  }

  unsubscribe(id: string): void {
    if (!this.#endStream(id)) throw new RpcError("unknownStream", `there is no stream ${id}`);
  }

  acknowledge(id: string, seq: number): void {
    this.#subscriptions.get(id)?.stream.acknowledge(seq);
  }

  offer(callId: string, name: FrameSource, frame: VideoFrame): void {
    this.#sourceOf(callId, name)?.offer(frame);
  }

  snapshot(callId: string, name: FrameSource): Promise<Result<"call.snapshot">> {
    return this.#sources.get(keyOf(callId, name))?.snapshot() ?? Promise.reject(noPicture(name));
  }

  limit(callId: string, name: FrameSource, share: { scale: number; rate: number }): void {
    this.#sourceOf(callId, name)?.limit(share);
  }

  counts(callId: string, name: FrameSource): FrameCounts {
    return (this.#sources.get(keyOf(callId, name))?.ledger ?? createLedger()).counts();
  }

  endCall(callId: string): void {
    for (const [id, { source }] of this.#subscriptions) if (source.callId === callId) this.#endStream(id);
    for (const [key, source] of this.#sources) {
      if (source.callId !== callId) continue;
      source.forget();
      this.#sources.delete(key);
    }
    this.#rememberEnd(callId);
  }

  async close(): Promise<void> {
    for (const { callId } of [...this.#sources.values()]) this.endCall(callId);
    await this.#png.close();
    await Promise.all(this.#ending);
  }

  /** Null when the call has ended. */
  #sourceOf(callId: string, name: FrameSource): PictureSource | null {
    if (this.#endedCalls.has(callId)) return null;
    const key = keyOf(callId, name);
    const known = this.#sources.get(key);
    if (known) return known;
    const source = new PictureSource({ callId, name, png: this.#png, now: this.#now });
    this.#sources.set(key, source);
    return source;
  }

  /** @throws RpcError tooManyStreams */
  #refuseTooMany(callId: string): void {
    const open = [...this.#subscriptions.values()].filter(({ source }) => source.callId === callId).length;
    if (open < MAX_STREAMS_PER_CALL) return;
    const expected = `a call with fewer than ${MAX_STREAMS_PER_CALL} streams; end one with frames.unsubscribe`;
    const issues = [{ field: "callId", value: JSON.stringify(callId), expected }];
    throw new RpcError("tooManyStreams", `call ${callId} has ${open} streams`, { issues });
  }

  #createStream(id: string, params: SubscribeParams, source: PictureSource): FrameStream {
    return new FrameStream({
      id,
      mediaType: `image/${params.format}`,
      credit: params.credit,
      encode: this.#encoderOf(params, source),
      outlet: this.#outlet,
      ledger: source.ledger,
      pacer: createPacer(params.maxFps),
      now: this.#now,
      log: this.#log,
    });
  }

  /** Each JPEG stream has an encoder of its own: its buffer is in use until the picture was written. */
  #encoderOf({ format, maxWidth, quality }: SubscribeParams, source: PictureSource) {
    const within = (frame: VideoFrame) => source.widthFor(frame, maxWidth);
    if (format === "png") return (frame: VideoFrame) => this.#png.encode(frame, within(frame));
    const jpeg = this.#native.createJpegEncoder();
    return (frame: VideoFrame) => jpegOf(jpeg, frame, { maxWidth: within(frame), quality });
  }

  #endStream(id: string): boolean {
    const entry = this.#subscriptions.get(id);
    if (!entry) return false;
    this.#subscriptions.delete(id);
    entry.source.streams.delete(entry.stream);
    const end = entry.stream.end();
    this.#ending.add(end);
    void end.then(() => this.#ending.delete(end));
    return true;
  }

  #rememberEnd(callId: string): void {
    this.#endedCalls.add(callId);
    // A set keeps the order in which its members were added.
    const [oldest] = this.#endedCalls;
    if (this.#endedCalls.size > REMEMBERED_ENDS && oldest !== undefined) this.#endedCalls.delete(oldest);
  }
}

/** A picture that the camera made a JPEG of is passed on as it is: better, and cheaper than decoding and encoding. */
async function jpegOf(encoder: JpegEncoder, frame: VideoFrame, wish: JpegWish): Promise<EncodedPicture> {
  const { width, height, jpeg } = frame;
  if (jpeg === undefined || width > wish.maxWidth) return encoder.encode(frame, wish);
  return { base64: await encoder.textOf(jpeg), width, height };
}

/** A call id holds no blank. */
function keyOf(callId: string, source: FrameSource): string {
  return `${callId} ${source}`;
}
