// Our sent media: one video track and one audio track, fed frame by frame and block by block. Mute stops feeding, and then
// no RTP is sent.

import type { VideoFrame } from "../../native/types.ts";
import { checkBlock, SEND_SAMPLE_RATE } from "./media-checks.ts";
import type {
  WrtcAudioSource,
  WrtcConnection,
  WrtcKind,
  WrtcModule,
  WrtcStream,
  WrtcTrack,
  WrtcVideoFrame,
  WrtcVideoSource,
} from "./wrtc-types.ts";

/** Created and stopped with its connection. Its tracks live through every negotiation. */
export class WrtcLocalMedia {
  readonly #videoSource: WrtcVideoSource;
  readonly #audioSource: WrtcAudioSource;
  readonly #tracks: Record<WrtcKind, WrtcTrack>;
  readonly #stream: WrtcStream;
  #hasVideoCeiling = false;

  constructor(wrtc: WrtcModule) {
    this.#videoSource = new wrtc.nonstandard.RTCVideoSource();
    this.#audioSource = new wrtc.nonstandard.RTCAudioSource();
    this.#tracks = { audio: this.#audioSource.createTrack(), video: this.#videoSource.createTrack() };
    // One stream for both, because a remote browser plays the stream of the track event.
    this.#stream = new wrtc.MediaStream();
  }

  /**
   * Whether the engine itself limits our video. Only a transceiver that we created can. One created by a remote offer
   * cannot, because setParameters always rejects in this engine.
   */
  get hasVideoCeiling(): boolean {
    return this.#hasVideoCeiling;
  }

  /** @param frame checked by the caller */
  sendVideo(frame: VideoFrame): void {
    this.#videoSource.onFrame({ width: frame.width, height: frame.height, data: frame.data });
  }

  /** Sends a frame of the bandwidth probe. */
  sendProbe(frame: WrtcVideoFrame): void {
    this.#videoSource.onFrame(frame);
  }

  /** @throws PeerError */
  sendAudio(block: Int16Array): void {
    checkBlock(block);
    this.#audioSource.onData({
      samples: block,
      sampleRate: SEND_SAMPLE_RATE,
      bitsPerSample: 16,
      channelCount: 1,
      numberOfFrames: block.length,
    });
  }

  /** Ensures that the offer contains both kinds, with a limited video bit rate. */
  attachForOffer(connection: WrtcConnection, maxVideoBitrateBps: number): void {
    this.#attachToOffered(connection);
    for (const kind of ["audio", "video"] as const) {
      if (this.#isAttached(connection, kind)) continue;
      connection.addTransceiver(this.#tracks[kind], {
        direction: "sendrecv",
        streams: [this.#stream],
        ...(kind === "video" ? { sendEncodings: [{ maxBitrate: maxVideoBitrateBps }] } : {}),
      });
      this.#hasVideoCeiling ||= kind === "video";
    }
  }

  /**
   * Call it before a remote offer is applied. Then the offer's sections take our transceivers instead of making new ones, and
   * the video is first. libwebrtc takes its largest estimate from the last transceiver that it configures, and b=AS in the
   * video section would limit it (README.md, "Bandwidth estimate").
   */
  prepareForAnswer(connection: WrtcConnection): void {
    if (connection.getTransceivers().length > 0) return;
    connection.addTrack(this.#tracks.video, this.#stream);
    connection.addTrack(this.#tracks.audio, this.#stream);
  }

  /** Attaches our tracks to the m-lines of a remote offer that was just applied. Kinds that were not offered stay out. */
  attachForAnswer(connection: WrtcConnection): void {
    this.#attachToOffered(connection);
  }

  /** A running track would keep the process alive. */
  stop(): void {
    this.#tracks.audio.stop();
    this.#tracks.video.stop();
  }

  #attachToOffered(connection: WrtcConnection): void {
    for (const kind of ["audio", "video"] as const) {
      if (this.#isAttached(connection, kind)) continue;
      const free = connection
        .getTransceivers()
        .some((each) => !each.stopped && each.receiver.track.kind === kind && each.sender.track === null);
      // addTrack reuses such a transceiver instead of creating one (W3C webrtc-pc section 5.1).
      if (free) connection.addTrack(this.#tracks[kind], this.#stream);
    }
  }

  #isAttached(connection: WrtcConnection, kind: WrtcKind): boolean {
    const id = this.#tracks[kind].id;
    return connection.getTransceivers().some((each) => !each.stopped && each.sender.track?.id === id);
  }
}
