// What a call page does with a call's frames: it subscribes, acknowledges, and asks for another size when its canvas changes.

import { PNG } from "pngjs";
import { frameLineRoute, type HostLink } from "../../plugin/rpc/host-link.ts";
import type { ParamsInput } from "../../rpc-schema/index.ts";
import { ageMs, readStamp } from "../bench/measures/frame-stamp.ts";

/** At most a window of two streams at 60 frames a second. */
const MAX_FRAMES_KEPT = 2_000;
const TICKS_PER_MS = 10;
/** Lossless frames with readable stamps, few and small enough not to disturb the call. */
const STAMPED = { source: "remote", format: "png", maxWidth: 320, maxFps: 3 } as const;
const OWN = { source: "local", maxWidth: 320, maxFps: 15 } as const;

/** Delays of the remote frames that arrived while it was open, milliseconds. */
export interface FrameWindow {
  readonly received: number;
  /** From the camera's stamp to WebRTC's output. */
  readonly decodedMs: readonly number[];
  /** From WebRTC's output to the host, with the hold for lip sync. */
  readonly deliveredMs: readonly number[];
}

export class PageView {
  readonly #plugin: HostLink;
  readonly #callId: string;
  readonly #off: () => void;
  #remote: string | null = null;
  #local: string | null = null;
  #stamped: string | null = null;
  #received = 0;
  #decodedMs: number[] = [];
  #deliveredMs: number[] = [];

  constructor(plugin: HostLink, callId: string) {
    this.#plugin = plugin;
    this.#callId = callId;
    this.#off = plugin.onFrameLine((line) => this.#receive(line));
  }

  /** Subscribes to the remote frames of that width, and to the own ones. A page that is open changes its size. */
  async open(maxWidth: number): Promise<void> {
    const former = this.#remote;
    this.#remote = await this.#subscribe({ source: "remote", maxWidth });
    this.#local ??= await this.#subscribe(OWN);
    if (former !== null) await this.#unsubscribe(former);
  }

  /** Ends the subscriptions. Idempotent. */
  async close(): Promise<void> {
    const streams = [this.#remote, this.#local].filter((stream) => stream !== null);
    this.#remote = null;
    this.#local = null;
    for (const stream of streams) await this.#unsubscribe(stream);
  }

  /** Measures the remote frames of the open page for as long as `until` takes. */
  async measure(until: Promise<unknown>): Promise<FrameWindow> {
    [this.#received, this.#decodedMs, this.#deliveredMs] = [0, [], []];
    const stamped = await this.#subscribe(STAMPED);
    this.#stamped = stamped;
    await until;
    this.#stamped = null;
    await this.#unsubscribe(stamped);
    return { received: this.#received, decodedMs: this.#decodedMs, deliveredMs: this.#deliveredMs };
  }

  /** Ignores frames from now on. */
  end(): void {
    this.#off();
  }

  async #subscribe(params: Omit<ParamsInput<"frames.subscribe">, "callId">): Promise<string> {
    const { stream } = await this.#plugin.request("frames.subscribe", { callId: this.#callId, ...params });
    return stream;
  }

  async #unsubscribe(stream: string): Promise<void> {
    await this.#plugin.request("frames.unsubscribe", { stream });
  }

  #receive(line: Buffer): void {
    const route = frameLineRoute(line);
    if (!route) return;
    this.#plugin.notify("frames.ack", route);
    if (route.stream === this.#remote) this.#noteArrival(line);
    if (route.stream === this.#stamped) this.#noteStamp(line);
  }

  #noteArrival(line: Buffer): void {
    this.#received += 1;
    const capturedAt = capturedAtOf(line);
    if (this.#deliveredMs.length >= MAX_FRAMES_KEPT) this.#deliveredMs.shift();
    this.#deliveredMs.push(performance.timeOrigin + performance.now() - capturedAt);
  }

  /** The stamp's cells are black and white, so the red channel serves as brightness. */
  #noteStamp(line: Buffer): void {
    const text = line.toString("latin1");
    const base64 = text.slice(text.indexOf("base64,") + "base64,".length, text.lastIndexOf('"'));
    const { width, height, data } = PNG.sync.read(Buffer.from(base64, "base64"));
    const luma = Uint8Array.from({ length: width * height }, (_, at) => data[4 * at] ?? 0);
    const stamp = readStamp({ width, height, data: luma });
    if (!stamp || this.#decodedMs.length >= MAX_FRAMES_KEPT) return;
    this.#decodedMs.push(ageMs(stamp, Math.round(capturedAtOf(line) * TICKS_PER_MS) % 2 ** 32));
  }
}

/** Reads it from the head of a frame line, without parsing the picture. */
function capturedAtOf(line: Buffer): number {
  return Number(/"capturedAt":([\d.]+)/.exec(line.toString("latin1", 0, 256))?.[1]);
}
