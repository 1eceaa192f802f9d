// Received media: a sink on the newest remote track of each kind, which delivers frames and blocks in our types.

import type { Rotation, VideoFrame } from "../../native/types.ts";
import { stampUs } from "../common/clock.ts";
import { isProbeFrame } from "./bandwidth/bandwidth-probe.ts";
import type { PeerCallbacks } from "./peer.ts";
import type { WrtcAudioData, WrtcKind, WrtcModule, WrtcReceivedFrame, WrtcTrack } from "./wrtc-types.ts";

/** The values of libwebrtc's VideoRotation. */
const ROTATIONS = [0, 90, 180, 270] as const satisfies Rotation[];

/** A sink on a track. `stop` stops both. */
interface Receiving {
  readonly track: WrtcTrack;
  stopSink(): void;
  stop(): void;
}

/** At most one track of each kind. A newer track replaces an older one. */
export class WrtcRemoteMedia {
  readonly #wrtc: WrtcModule;
  readonly #callbacks: Pick<PeerCallbacks, "onVideo" | "onAudio">;
  readonly #receiving = new Map<WrtcKind, Receiving>();
  #audioTrack: WrtcTrack | null = null;
  #isAudioWanted = true;
  #rotation: Rotation = 0;
  #stopped = false;

  constructor(wrtc: WrtcModule, callbacks: Pick<PeerCallbacks, "onVideo" | "onAudio">) {
    this.#wrtc = wrtc;
    this.#callbacks = callbacks;
  }

  /** The rotation of the newest frame. */
  get rotation(): Rotation {
    return this.#rotation;
  }

  /**
   * A renegotiation may announce the same track again, or a replacement. A rejected section announces an ended track,
   * which keeps the process alive until it is stopped, and whose replacement has the same id.
   */
  add(track: WrtcTrack): void {
    if (this.#stopped) return;
    if (track.readyState === "ended") {
      track.stop();
      return;
    }
    const last = this.#receiving.get(track.kind);
    if (last?.track.id === track.id && last.track.readyState === "live") return;
    last?.stop();
    if (track.kind === "audio") this.#audioTrack = track;
    this.#receiving.set(track.kind, track.kind === "video" ? this.#video(track) : this.#audio(track));
  }

  /** Removes the sink from the audio track, or adds one. The track stays. */
  setAudioReceiving(isWanted: boolean): void {
    if (this.#stopped || isWanted === this.#isAudioWanted) return;
    this.#isAudioWanted = isWanted;
    const track = this.#audioTrack;
    if (!track) return;
    this.#receiving.get("audio")?.stopSink();
    this.#receiving.set("audio", this.#audio(track));
  }

  /** Stops all sinks and tracks, which would keep the process alive. No callback follows. */
  stop(): void {
    this.#stopped = true;
    for (const receiving of this.#receiving.values()) receiving.stop();
    this.#receiving.clear();
  }

  #video(track: WrtcTrack): Receiving {
    const sink = new this.#wrtc.nonstandard.RTCVideoSink(track);
    sink.onframe = ({ frame }) => {
      if (this.#stopped || isProbeFrame(frame)) return;
      const lent = lendFrame(frame);
      this.#rotation = lent.rotation ?? 0;
      this.#callbacks.onVideo(lent);
      lent.release();
    };
    return receiving(track, () => {
      sink.onframe = null;
      sink.stop();
    });
  }

  #audio(track: WrtcTrack): Receiving {
    if (!this.#isAudioWanted) return receiving(track, () => undefined);
    const sink = new this.#wrtc.nonstandard.RTCAudioSink(track);
    sink.ondata = (data) => {
      if (!this.#stopped) this.#callbacks.onAudio(toMono(data), data.sampleRate);
    };
    return receiving(track, () => {
      sink.ondata = null;
      sink.stop();
    });
  }
}

function receiving(track: WrtcTrack, stopSink: () => void): Receiving {
  return {
    track,
    stopSink,
    stop() {
      stopSink();
      track.stop();
    },
  };
}

/**
 * The sink allocates a buffer for every frame. The last release frees it instead of garbage collection, because half a
 * megabyte thirty times a second would keep the collector busy.
 */
export function lendFrame({
  width,
  height,
  rotation,
  data: { buffer, byteOffset, byteLength },
}: WrtcReceivedFrame): VideoFrame {
  let holders = 1;
  return {
    width,
    height,
    rotation: ROTATIONS.find((known) => known === rotation) ?? 0,
    data: new Uint8Array(buffer, byteOffset, byteLength),
    capturedAtUs: Math.round(stampUs()),
    retain() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0 && buffer instanceof ArrayBuffer) buffer.transfer(0);
    },
  };
}

/** The mean of all channels. Mono is returned unchanged. The format may change during the first blocks. */
export function toMono(data: Pick<WrtcAudioData, "samples" | "channelCount">): Int16Array {
  const { samples, channelCount } = data;
  if (channelCount === 1) return samples;
  const mono = new Int16Array(Math.floor(samples.length / channelCount));
  for (let frame = 0; frame < mono.length; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channelCount; channel++) {
      sum += samples[frame * channelCount + channel] ?? 0;
    }
    mono[frame] = Math.round(sum / channelCount);
  }
  return mono;
}
