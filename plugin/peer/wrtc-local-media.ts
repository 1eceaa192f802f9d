// Our sent media: one video track and one audio track, fed frame by frame and block by block. Mute stops feeding, and then
// no RTP is sent.

import type { VideoFrame } from "../../native/types.ts";
import { checkBlock, SEND_SAMPLE_RATE } from "./media-checks.ts";
import type { VideoContent } from "./peer.ts";
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
  readonly #video: Record<VideoContent, { readonly source: WrtcVideoSource; readonly track: WrtcTrack }>;
  readonly #audioSource: WrtcAudioSource;
  readonly #audioTrack: WrtcTrack;
  #content: VideoContent = "camera";
  readonly #stream: WrtcStream;
  #hasVideoCeiling = false;

  constructor(wrtc: WrtcModule) {
    const video = (isScreencast: boolean) => {
      const source = new wrtc.nonstandard.RTCVideoSource({ isScreencast });
      return { source, track: source.createTrack() };
    };
    this.#video = { camera: video(false), screen: video(true) };
    this.#audioSource = new wrtc.nonstandard.RTCAudioSource();
    this.#audioTrack = this.#audioSource.createTrack();
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
    this.#video[this.#content].source.onFrame({
      width: frame.width,
      height: frame.height,
      data: frame.data,
    });
  }

  /** Sends a frame of the bandwidth probe. */
  sendProbe(frame: WrtcVideoFrame): void {
    this.#video[this.#content].source.onFrame(frame);
  }

  /** Replaces the sent track, which needs no negotiation. */
  async setVideoContent(content: VideoContent, connection: WrtcConnection): Promise<void> {
    if (content === this.#content) return;
    const former = this.#video[this.#content].track.id;
    this.#content = content;
    const sending = connection
      .getTransceivers()
      .find(({ stopped, sender }) => !stopped && sender.track?.id === former);
    await sending?.sender.replaceTrack(this.#video[content].track);
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
      connection.addTransceiver(this.#trackOf(kind), {
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
    connection.addTrack(this.#trackOf("video"), this.#stream);
    connection.addTrack(this.#audioTrack, this.#stream);
  }

  /** Attaches our tracks to the m-lines of a remote offer that was just applied. Kinds that were not offered stay out. */
  attachForAnswer(connection: WrtcConnection): void {
    this.#attachToOffered(connection);
  }

  /** A running track would keep the process alive. */
  stop(): void {
    this.#audioTrack.stop();
    for (const { track } of Object.values(this.#video)) track.stop();
  }

  #trackOf(kind: WrtcKind): WrtcTrack {
    return kind === "audio" ? this.#audioTrack : this.#video[this.#content].track;
  }

  #attachToOffered(connection: WrtcConnection): void {
    for (const kind of ["audio", "video"] as const) {
      if (this.#isAttached(connection, kind)) continue;
      const free = connection
        .getTransceivers()
        .some((each) => !each.stopped && each.receiver.track.kind === kind && each.sender.track === null);
      // addTrack reuses such a transceiver instead of creating one (W3C webrtc-pc section 5.1).
      if (free) connection.addTrack(this.#trackOf(kind), this.#stream);
    }
  }

  #isAttached(connection: WrtcConnection, kind: WrtcKind): boolean {
    const { id } = this.#trackOf(kind);
    return connection.getTransceivers().some((each) => !each.stopped && each.sender.track?.id === id);
  }
}
