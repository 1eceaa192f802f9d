// What we receive: a sink on the newest remote track of each kind, its pictures and blocks in our own shapes.

import type { VideoFrame } from "../../native/types.ts";
import type { PeerCallbacks } from "./peer.ts";
import type { WrtcAudioData, WrtcKind, WrtcModule, WrtcTrack, WrtcVideoFrame } from "./wrtc-types.ts";

const US_PER_MS = 1000;

/** A sink at work on one track; stopping it stops both. */
interface Receiving {
  readonly trackId: string;
  stopSink(): void;
  stop(): void;
}

/** One track of each kind at most: a newer one takes the older one's place. */
export class WrtcRemoteMedia {
  readonly #wrtc: WrtcModule;
  readonly #callbacks: Pick<PeerCallbacks, "onVideo" | "onAudio">;
  readonly #receiving = new Map<WrtcKind, Receiving>();
  #audioTrack: WrtcTrack | null = null;
  #isAudioWanted = true;
  #stopped = false;

  constructor(wrtc: WrtcModule, callbacks: Pick<PeerCallbacks, "onVideo" | "onAudio">) {
    this.#wrtc = wrtc;
    this.#callbacks = callbacks;
  }

  /** A renegotiation may announce a track again, or a new one in its place. */
  add(track: WrtcTrack): void {
    if (this.#stopped || this.#receiving.get(track.kind)?.trackId === track.id) return;
    this.#receiving.get(track.kind)?.stop();
    if (track.kind === "audio") this.#audioTrack = track;
    this.#receiving.set(track.kind, track.kind === "video" ? this.#video(track) : this.#audio(track));
  }

  /** Takes the sink off the audio track, or puts one on; the track itself lives on. */
  setAudioReceiving(isWanted: boolean): void {
    if (this.#stopped || isWanted === this.#isAudioWanted) return;
    this.#isAudioWanted = isWanted;
    const track = this.#audioTrack;
    if (!track) return;
    this.#receiving.get("audio")?.stopSink();
    this.#receiving.set("audio", this.#audio(track));
  }

  /** A sink or track that is not stopped keeps the process alive. No callback comes after this. */
  stop(): void {
    this.#stopped = true;
    for (const receiving of this.#receiving.values()) receiving.stop();
    this.#receiving.clear();
  }

  #video(track: WrtcTrack): Receiving {
    const sink = new this.#wrtc.nonstandard.RTCVideoSink(track);
    sink.onframe = ({ frame }) => {
      if (this.#stopped) return;
      const picture = lendFrame(frame);
      this.#callbacks.onVideo(picture);
      picture.release();
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
    trackId: track.id,
    stopSink,
    stop() {
      stopSink();
      track.stop();
    },
  };
}

/**
 * The sink's buffer is fresh for every picture. It is given back with the last release instead of by garbage
 * collection: half a megabyte thirty times a second would keep the collector busy.
 */
export function lendFrame({
  width,
  height,
  data: { buffer, byteOffset, byteLength },
}: WrtcVideoFrame): VideoFrame {
  let holders = 1;
  return {
    width,
    height,
    data: new Uint8Array(buffer, byteOffset, byteLength),
    capturedAtUs: Math.round((performance.timeOrigin + performance.now()) * US_PER_MS),
    retain() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0 && buffer instanceof ArrayBuffer) buffer.transfer(0);
    },
  };
}

/** The mean of both channels; mono passes unchanged. The engine settles on its format only after some blocks. */
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
