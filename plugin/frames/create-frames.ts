// Implements Frames: opens and ends the streams of a call's sources for each delivery, and ends all of a call at once.
// source-frames.ts and frame-stream.ts handle the single frames.

import type { Native, VideoFrame } from "../../native/types.ts";
import {
  type FrameCounts,
  type FrameSource,
  MAX_STREAMS_PER_CALL,
  type Params,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import { BoundedMap } from "../common/bounded-map.ts";
import type { TurnedAway } from "../common/refusals.ts";
import type { Log } from "../log.ts";
import { createJpegBytesEncoder, createJpegTextEncoder, createPngTextEncoder } from "./encoders.ts";
import type { FrameClient } from "./frame-client.ts";
import { FRAME_LINE_TAIL, frameLineHead } from "./frame-line.ts";
import {
  type ConnectClient,
  createFrameServer,
  type FrameServer,
  type ServedDelivery,
} from "./frame-server.ts";
import { FrameStream, type FrameStreamOptions } from "./frame-stream.ts";
import type { FrameContent, FrameOutlet, Frames } from "./frames.ts";
import { createLedger } from "./ledger.ts";
import { createPacer } from "./pacer.ts";
import { PngEncoder } from "./png-encoder.ts";
import { noFrame, SourceFrames } from "./source-frames.ts";

interface FramesOptions {
  readonly native: Pick<Native, "createJpegEncoder" | "toRgba" | "openResettingListener">;
  readonly outlet: FrameOutlet;
  /** Origins of the pages that may fetch frames. Without any, stdio is the only delivery. */
  readonly pageOrigins?: () => readonly string[];
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly log: Log;
}

export function createFrames(options: FramesOptions): Frames {
  return new CallFrames(options);
}

type SubscribeParams = Params<"frames.subscribe">;

interface Subscription {
  readonly source: SourceFrames;
  acknowledge(seq: number): void;
  /** Resolves when no frame is being encoded any more. */
  end(): Promise<void>;
}

/** A late frame of an ended call must not start a new ledger. Far more than the calls that end at once. */
const REMEMBERED_ENDS = 256;

class CallFrames implements Frames {
  readonly #native: FramesOptions["native"];
  readonly #outlet: FrameOutlet;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #png: PngEncoder;
  readonly #pageOrigins: () => readonly string[];
  readonly #server: FrameServer;
  readonly #sources = new Map<string, SourceFrames>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #endedCalls = new BoundedMap<string, true>(REMEMBERED_ENDS);
  /** Ended streams that may still be encoding. */
  readonly #ending = new Set<Promise<void>>();
  #lastStream = 0;

  constructor({ native, outlet, pageOrigins, now, log }: FramesOptions) {
    this.#native = native;
    this.#outlet = outlet;
    this.#now = now ?? (() => performance.now());
    this.#log = log;
    this.#png = new PngEncoder((frame) => native.toRgba(frame));
    this.#pageOrigins = pageOrigins ?? (() => []);
    this.#server = createFrameServer(this.#pageOrigins, () => native.openResettingListener());
  }

  async subscribe(params: SubscribeParams): Promise<Result<"frames.subscribe">> {
    const source = this.#sourceOf(params.callId, params.source);
    if (!source) throw new RpcError("unknownCall", `call ${params.callId} has ended`);
    this.#refuseTooMany(params.callId);
    if (params.delivery !== "stdio") this.#refuseUnserved(params);
    this.#lastStream += 1;
    const id = `s${this.#lastStream}`;
    if (params.delivery === "stdio") {
      this.#subscriptions.set(id, this.#send(id, params, source));
      return { stream: id };
    }
    return { stream: id, url: await this.#serve(id, params.delivery, params, source) };
  }

  unsubscribe(id: string): void {
    if (!this.#endStream(id)) throw new RpcError("unknownStream", `there is no stream ${id}`);
  }

  acknowledge(id: string, seq: number): void {
    this.#subscriptions.get(id)?.acknowledge(seq);
  }

  offer(callId: string, name: FrameSource, frame: VideoFrame): void {
    this.#sourceOf(callId, name)?.offer(frame);
  }

  setContent(callId: string, name: FrameSource, content: FrameContent): void {
    this.#sourceOf(callId, name)?.setContent(content);
  }

  snapshot(callId: string, name: FrameSource): Promise<Result<"call.snapshot">> {
    return this.#sources.get(keyOf(callId, name))?.snapshot() ?? Promise.reject(noFrame(name));
  }

  limit(callId: string, name: FrameSource, share: { scale: number; rate: number }): void {
    this.#sourceOf(callId, name)?.limit(share);
  }

  counts(callId: string, name: FrameSource): FrameCounts {
    return (this.#sources.get(keyOf(callId, name))?.ledger ?? createLedger()).counts();
  }

  turnedAway(): TurnedAway {
    return this.#server.turnedAway();
  }

  endCall(callId: string): void {
    for (const [id, { source }] of this.#subscriptions) if (source.callId === callId) this.#endStream(id);
    for (const [key, source] of this.#sources) {
      if (source.callId !== callId) continue;
      source.forget();
      this.#sources.delete(key);
    }
    this.#endedCalls.set(callId, true);
  }

  async close(): Promise<void> {
    for (const { callId } of [...this.#sources.values()]) this.endCall(callId);
    await Promise.all([this.#png.close(), this.#server.close()]);
    await Promise.all(this.#ending);
  }

  /** Null when the call has ended. */
  #sourceOf(callId: string, name: FrameSource): SourceFrames | null {
    if (this.#endedCalls.has(callId)) return null;
    const key = keyOf(callId, name);
    const known = this.#sources.get(key);
    if (known) return known;
    const source = new SourceFrames({ callId, name, png: this.#png, now: this.#now });
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

  /** @throws RpcError invalidParams */
  #refuseUnserved({ delivery, format }: SubscribeParams): void {
    const refuse = (field: string, value: string, expected: string): never => {
      const issues = [{ field, value: JSON.stringify(value), expected }];
      throw new RpcError("invalidParams", `${field}: expected ${expected}`, { issues });
    };
    if (format !== "jpeg") refuse("format", format, `jpeg with the delivery ${delivery}`);
    if (this.#pageOrigins().length === 0)
      refuse("delivery", delivery, "stdio without pageOrigins in initialize");
  }

  /** Starts sending frames as `frame` notifications. */
  #send(id: string, params: SubscribeParams, source: SourceFrames): Subscription {
    const { format, credit } = params;
    const mediaType = `image/${format}` as const;
    const maxWidthFor = widthLimitOf(params, source);
    const stream = this.#createStream(id, params, source, {
      credit,
      encode:
        format === "png"
          ? createPngTextEncoder(this.#png, maxWidthFor)
          : createJpegTextEncoder(this.#native, maxWidthFor, params.quality),
      write: (head, bytes) =>
        this.#outlet.writeFrame(frameLineHead({ stream: id, mediaType, ...head }), bytes, FRAME_LINE_TAIL),
    });
    const end = this.#attach(source, stream);
    return { source, acknowledge: (seq) => stream.acknowledge(seq), end };
  }

  /** Serves frames at a URL. Nothing is encoded until a client connects. @throws RpcError unknownCall */
  async #serve(
    id: string,
    delivery: ServedDelivery,
    params: SubscribeParams,
    source: SourceFrames,
  ): Promise<string> {
    let stopStream: (() => Promise<void>) | null = null;
    const end = async (): Promise<void> => {
      this.#server.remove(id);
      await stopStream?.();
    };
    this.#subscriptions.set(id, { source, acknowledge: () => undefined, end });
    const credit = delivery === "websocket" ? params.credit : Number.POSITIVE_INFINITY;
    const connectClient: ConnectClient = (client) => {
      const stream = this.#feed(client, id, { ...params, credit }, source);
      const stop = this.#attach(source, stream);
      stopStream = stop;
      return { onAcknowledge: (seq) => stream.acknowledge(seq), onGone: () => this.#noteEnd(stop()) };
    };
    const url = await this.#server.add(id, delivery, connectClient).catch((error: unknown) => {
      this.#subscriptions.delete(id);
      throw error;
    });
    if (this.#subscriptions.has(id)) return url;
    this.#server.remove(id);
    throw new RpcError("unknownCall", `call ${params.callId} has ended`);
  }

  /** Each client has a stream of its own, whose seq starts at 1. */
  #feed(client: FrameClient, id: string, params: SubscribeParams, source: SourceFrames): FrameStream {
    return this.#createStream(id, params, source, {
      credit: params.credit,
      encode: createJpegBytesEncoder(this.#native, widthLimitOf(params, source), params.quality),
      write: (head, bytes) => client.write(head, bytes),
    });
  }

  /** @returns a function that ends the stream */
  #attach(source: SourceFrames, stream: FrameStream): () => Promise<void> {
    source.attach(stream);
    return () => {
      source.streams.delete(stream);
      return stream.end();
    };
  }

  #createStream(
    id: string,
    params: SubscribeParams,
    source: SourceFrames,
    output: Pick<FrameStreamOptions, "credit" | "encode" | "write">,
  ): FrameStream {
    const { ledger } = source;
    return new FrameStream({
      id,
      ...output,
      ledger,
      pacer: createPacer(params.maxFps),
      now: this.#now,
      log: this.#log,
    });
  }

  #endStream(id: string): boolean {
    const entry = this.#subscriptions.get(id);
    if (!entry) return false;
    this.#subscriptions.delete(id);
    this.#noteEnd(entry.end());
    return true;
  }

  #noteEnd(end: Promise<void>): void {
    this.#ending.add(end);
    void end.then(() => this.#ending.delete(end));
  }
}

/** The current width limit of a subscription. */
function widthLimitOf({ maxWidth }: SubscribeParams, source: SourceFrames): (frame: VideoFrame) => number {
  return (frame) => source.widthFor(frame, maxWidth);
}

/** A call id contains no blank. */
function keyOf(callId: string, source: FrameSource): string {
  return `${callId} ${source}`;
}
