// Who watches which source of which call. Hands each picture to its streams and keeps the newest for a snapshot.

import type { Native, VideoFrame } from "../../native/types.ts";
import { type FrameSource, type Params, type Result, RpcError } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { createFrameStream, type FrameStream } from "./frame-stream.ts";
import type { FrameOutlet, Frames } from "./frames.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { createPacer } from "./pacer.ts";
import { createPngEncoder } from "./png-encoder.ts";

export interface FramesOptions {
  readonly native: Pick<Native, "createJpegEncoder" | "toRgba">;
  readonly outlet: FrameOutlet;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly log: Log;
}

interface Source {
  readonly callId: string;
  readonly ledger: Ledger;
  readonly streams: Set<FrameStream>;
  /** Retained, for a snapshot; one for each source, so that the pool keeps enough to go on. */
  newest: VideoFrame | null;
  newestAtMs: number;
  snapshot: Promise<Result<"call.snapshot">> | null;
}

/** A picture older than this is not "shown at this moment", and a camera switched off has nothing to show. */
const SNAPSHOT_MAX_AGE_MS = 5_000;
/** A late picture of a call that has ended must not begin a new ledger. Far more than calls that end at once. */
const REMEMBERED_ENDS = 256;

export function createFrames(options: FramesOptions): Frames {
  const { native, outlet, log } = options;
  const now = options.now ?? (() => performance.now());
  const png = createPngEncoder((picture) => native.toRgba(picture));
  const sources = new Map<string, Source>();
  const streams = new Map<string, { stream: FrameStream; source: Source }>();
  const endedCalls = new Set<string>();
  /** Streams that have ended and may still be encoding. */
  const ending = new Set<Promise<void>>();
  let lastStream = 0;

  function sourceOf(callId: string, source: FrameSource): Source | null {
    if (endedCalls.has(callId)) return null;
    const key = keyOf(callId, source);
    const known = sources.get(key) ?? newSource(callId);
    sources.set(key, known);
    return known;
  }

  function encoderOf({ format, maxWidth, quality }: Params<"frames.subscribe">) {
    if (format === "png") return (frame: VideoFrame) => png.encode(frame, maxWidth);
    const jpeg = native.createJpegEncoder();
    return (frame: VideoFrame) => jpeg.encode(frame, { maxWidth, quality });
  }

  function subscribe(params: Params<"frames.subscribe">): Result<"frames.subscribe"> {
    const source = sourceOf(params.callId, params.source);
    if (!source) throw new RpcError("unknownCall", `call ${params.callId} has ended`);
    lastStream += 1;
    const id = `s${lastStream}`;
    const stream = createFrameStream({
      id,
      mediaType: `image/${params.format}`,
      credit: params.credit,
      encode: encoderOf(params),
      outlet,
      ledger: source.ledger,
      pacer: createPacer(params.maxFps),
      now,
      log,
    });
    source.streams.add(stream);
    streams.set(id, { stream, source });
    return { stream: id };
  }

  function endStream(id: string): boolean {
    const entry = streams.get(id);
    if (!entry) return false;
    streams.delete(id);
    entry.source.streams.delete(entry.stream);
    const end = entry.stream.end();
    ending.add(end);
    void end.then(() => ending.delete(end));
    return true;
  }

  function offer(callId: string, name: FrameSource, frame: VideoFrame): void {
    const source = sourceOf(callId, name);
    if (!source) return;
    frame.retain();
    source.newest?.release();
    source.newest = frame;
    source.newestAtMs = now();
    for (const stream of source.streams) stream.offer(frame);
    if (source.streams.size === 0) {
      source.ledger.enter();
      source.ledger.leave("unwatched");
    }
  }

  /** Requests that come while one is being made get the same picture, so that the work stays bounded. */
  function snapshot(callId: string, name: FrameSource): Promise<Result<"call.snapshot">> {
    const source = sources.get(keyOf(callId, name));
    if (source?.snapshot) return source.snapshot;
    const frame = source?.newest;
    if (!source || !frame || now() - source.newestAtMs > SNAPSHOT_MAX_AGE_MS) {
      return Promise.reject(new RpcError("noPicture", `there is no ${name} picture at this moment`));
    }
    source.snapshot = takeSnapshot(frame).finally(() => {
      source.snapshot = null;
    });
    return source.snapshot;
  }

  async function takeSnapshot(frame: VideoFrame): Promise<Result<"call.snapshot">> {
    frame.retain();
    const { base64, width, height } = await png.encode(frame).finally(() => frame.release());
    const text = Buffer.from(base64.buffer, base64.byteOffset, base64.byteLength).toString("latin1");
    return { width, height, dataUrl: `data:image/png;base64,${text}` };
  }

  function endCall(callId: string): void {
    for (const [id, { source }] of streams) if (source.callId === callId) endStream(id);
    for (const [key, source] of sources) if (source.callId === callId) forget(key, source);
    endedCalls.add(callId);
    const [oldest] = endedCalls;
    if (endedCalls.size > REMEMBERED_ENDS && oldest !== undefined) endedCalls.delete(oldest);
  }

  function forget(key: string, source: Source): void {
    source.newest?.release();
    source.newest = null;
    sources.delete(key);
  }

  return {
    subscribe,
    unsubscribe(id) {
      if (!endStream(id)) throw new RpcError("unknownStream", `there is no stream ${id}`);
    },
    acknowledge: (id, seq) => streams.get(id)?.stream.acknowledge(seq),
    offer,
    snapshot,
    counts: (callId, name) => (sources.get(keyOf(callId, name))?.ledger ?? createLedger()).counts(),
    endCall,
    async close() {
      for (const { callId } of [...sources.values()]) endCall(callId);
      await png.close();
      await Promise.all(ending);
    },
  };
}

function newSource(callId: string): Source {
  return {
    callId,
    ledger: createLedger(),
    streams: new Set(),
    newest: null,
    newestAtMs: 0,
    snapshot: null,
  };
}

/** A call id holds no blank. */
function keyOf(callId: string, source: FrameSource): string {
  return `${callId} ${source}`;
}
