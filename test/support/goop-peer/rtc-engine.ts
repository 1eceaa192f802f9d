// The peer's WebRTC engine: @roamhq/wrtc with the browser's types, a camera with the stamped pattern, and a microphone with a
// tone. A process that uses it must end by process.exit (test/support/process/exit-at-end.ts).

import { createRequire } from "node:module";
import { drawStamp, nowTicks } from "../../bench/measures/frame-stamp.ts";
import type { I420Frame } from "./observer.ts";
import type { Receiver } from "./sound-gate.ts";

interface Sink {
  stop(): void;
}

/** Browsers have no `nonstandard` sources and sinks. */
interface Wrtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  readonly RTCRtpSender: typeof RTCRtpSender;
  readonly MediaStream: typeof MediaStream;
  readonly nonstandard: {
    readonly RTCVideoSource: new () => { createTrack(): MediaStreamTrack; onFrame(frame: I420Frame): void };
    readonly RTCAudioSource: new () => { createTrack(): MediaStreamTrack; onData(sound: Sound): void };
    readonly RTCVideoSink: new (
      track: MediaStreamTrack,
    ) => Sink & { onframe: ((event: { frame: I420Frame }) => void) | null };
    readonly RTCAudioSink: new (
      track: MediaStreamTrack,
    ) => Sink & { ondata: ((sound: Sound) => void) | null };
  };
}

interface Sound {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly bitsPerSample: number;
  readonly channelCount: number;
  readonly numberOfFrames: number;
}

const WIDTH = 320;
const HEIGHT = 240;
const FRAME_MS = 50;
const RATE = 48_000;
const BLOCK = RATE / 100;
const AMPLITUDE = 0.25 * 32_767;
/** Blocks to catch up after a stall. More would only pile up in the engine. */
const MAX_BLOCKS_AT_ONCE = 10;

export class RtcEngine {
  readonly #wrtc = createRequire(import.meta.url)("@roamhq/wrtc") as Wrtc;
  readonly #toneHz: number;
  readonly #endings = new Set<() => void>();

  constructor(toneHz: number) {
    this.#toneHz = toneHz;
  }

  /** No ICE servers: the tests stay on loopback. */
  connect(): RTCPeerConnection {
    const connection = new this.#wrtc.RTCPeerConnection({ iceServers: [] });
    this.#endings.add(() => connection.close());
    return connection;
  }

  async capture({ audio, video }: { audio: boolean; video: boolean }): Promise<MediaStream> {
    const stream = new this.#wrtc.MediaStream();
    if (audio) stream.addTrack(this.#microphone());
    if (video) stream.addTrack(this.#camera());
    return stream;
  }

  /** Observes a remote track until the engine is closed. */
  observe(track: MediaStreamTrack, observer: Receiver): void {
    const sink = track.kind === "video" ? this.#videoSink(track, observer) : this.#audioSink(track, observer);
    this.#endings.add(() => {
      sink.stop();
      track.stop();
    });
  }

  /** The codecs of a kind that have this name, for `setCodecPreferences`. */
  codecs(kind: "audio" | "video", name: RegExp): RTCRtpCodec[] {
    const all = this.#wrtc.RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
    return all.filter(({ mimeType }) => name.test(mimeType));
  }

  close(): void {
    for (const end of this.#endings) end();
    this.#endings.clear();
  }

  #videoSink(track: MediaStreamTrack, observer: Receiver): Sink {
    const sink = new this.#wrtc.nonstandard.RTCVideoSink(track);
    sink.onframe = ({ frame }) => observer.addFrame(frame);
    return sink;
  }

  #audioSink(track: MediaStreamTrack, observer: Receiver): Sink {
    const sink = new this.#wrtc.nonstandard.RTCAudioSink(track);
    sink.ondata = ({ samples, sampleRate, channelCount }) => {
      observer.addSound(
        samples.filter((_, index) => index % channelCount === 0),
        sampleRate,
      );
    };
    return sink;
  }

  #camera(): MediaStreamTrack {
    const source = new this.#wrtc.nonstandard.RTCVideoSource();
    const track = source.createTrack();
    const data = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
    for (let at = 0; at < WIDTH * HEIGHT; at += 1) data[at] = 60 + ((at % WIDTH) / WIDTH) * 120;
    let sequence = 0;
    this.#every(FRAME_MS, track, () => {
      drawStamp({ width: WIDTH, height: HEIGHT, data }, { ticks: nowTicks(), sequence: sequence++ & 0xffff });
      source.onFrame({ width: WIDTH, height: HEIGHT, data });
    });
    return track;
  }

  #microphone(): MediaStreamTrack {
    const source = new this.#wrtc.nonstandard.RTCAudioSource();
    const track = source.createTrack();
    const startedAt = performance.now();
    let block = 0;
    this.#every(10, track, () => {
      const due = Math.floor((performance.now() - startedAt) / 10);
      block = Math.max(block, due - MAX_BLOCKS_AT_ONCE);
      for (; block < due; block += 1) source.onData(this.#tone(block));
    });
    return track;
  }

  #tone(block: number): Sound {
    const samples = Int16Array.from({ length: BLOCK }, (_, index) => {
      return AMPLITUDE * Math.sin((2 * Math.PI * this.#toneHz * (block * BLOCK + index)) / RATE);
    });
    return { samples, sampleRate: RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames: BLOCK };
  }

  /** Ends when the track is stopped, as a device does. */
  #every(periodMs: number, track: MediaStreamTrack, feed: () => void): void {
    const timer = setInterval(() => {
      if (track.readyState === "ended") end();
      else feed();
    }, periodMs);
    const end = () => {
      clearInterval(timer);
      this.#endings.delete(end);
      track.stop();
    };
    this.#endings.add(end);
  }
}
