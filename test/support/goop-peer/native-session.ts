// One call of Go with Pion [3.2-3.6, 3.9]. It checks roles, holds candidates until the remote description is set, and does not
// know `call-reconnect`. Devices open as soon as the session exists.

import type { DeployedCall } from "./deployed-call.ts";
import type { Observer } from "./observer.ts";
import type { Quirks } from "./quirks.ts";
import type { RtcEngine } from "./rtc-engine.ts";
import { SoundGate } from "./sound-gate.ts";
import type { CallMessage, MediaKind, WireCandidate } from "./wire/wire.ts";

type End = Awaited<DeployedCall["ended"]>;

export interface NativeEnvironment {
  readonly engine: RtcEngine;
  readonly observer: Observer;
  readonly quirks: Quirks;
  readonly complain: (why: string) => void;
  /** Rejects when the message was not delivered. */
  readonly send: (peerId: string, channelId: string, message: CallMessage) => Promise<void>;
}

/** [3.5] Only VP8 and Opus, without retransmission. */
const CODECS = { video: /vp8/i, audio: /opus/i } as const;

export class NativeSession implements DeployedCall {
  readonly channelId: string;
  readonly peerId: string;
  readonly isOrigin: boolean;
  readonly kind: MediaKind;
  readonly ended: Promise<End>;
  readonly #env: NativeEnvironment;
  readonly #connection: RTCPeerConnection;
  readonly #media: Promise<void>;
  readonly #end: (end: End) => void;
  #stream: MediaStream | undefined;
  #heldCandidates: WireCandidate[] = [];
  #isOver = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    call: Pick<DeployedCall, "channelId" | "peerId" | "isOrigin" | "kind">,
    env: NativeEnvironment,
  ) {
    this.channelId = call.channelId;
    this.peerId = call.peerId;
    this.isOrigin = call.isOrigin;
    this.kind = call.kind;
    this.#env = env;
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#end = resolve;
    this.#connection = env.engine.connect();
    this.#listen();
    this.#media = this.#openMedia();
  }

  get connectionState(): string {
    return this.#isOver ? "closed" : this.#connection.connectionState;
  }

  async send(message: CallMessage): Promise<void> {
    await this.#env.send(this.peerId, this.channelId, message);
  }

  take(message: CallMessage): void {
    if (message.type === "call-hangup") this.#finish("remote hung up");
    this.#queue = this.#queue.then(() =>
      this.#handle(message).catch((error: unknown) => this.#env.complain(`${message.type}: ${error}`)),
    );
  }

  async hangup(): Promise<void> {
    if (this.#isOver) return;
    this.#finish("hung up");
    await this.send({ type: "call-hangup" }).catch((error: unknown) => this.#env.complain(String(error)));
  }

  async #handle(message: CallMessage): Promise<void> {
    if (this.#isOver) return;
    if (message.type === "call-ack" && this.isOrigin) return await this.#offer();
    if (message.type === "call-answer" && this.isOrigin) {
      await this.#connection.setRemoteDescription({ type: "answer", sdp: message.sdp });
      return await this.#addCandidates();
    }
    if (message.type === "call-offer" && !this.isOrigin) return await this.#answer(message.sdp);
    if (message.type === "ice-candidate") {
      if (message.candidate.candidate === "") return;
      this.#heldCandidates.push(message.candidate);
      return await this.#addCandidates();
    }
    const role = this.isOrigin ? "origin" : "target";
    this.#env.complain(`unknown signal ${message.type} for the ${role}`);
  }

  async #offer(): Promise<void> {
    await this.#media;
    const offer = await this.#connection.createOffer();
    await this.#connection.setLocalDescription(offer);
    await this.send({ type: "call-offer", sdp: offer.sdp ?? "" });
  }

  /** An early offer waits until the devices are open [3.3]. */
  async #answer(sdp: string): Promise<void> {
    await this.#media;
    await this.#connection.setRemoteDescription({ type: "offer", sdp });
    await this.#addCandidates();
    const answer = await this.#connection.createAnswer();
    await this.#connection.setLocalDescription(answer);
    await this.send({ type: "call-answer", sdp: answer.sdp ?? "" });
  }

  /** Reads only candidate, sdpMid and sdpMLineIndex. An empty sdpMid counts as missing [3.4]. */
  async #addCandidates(): Promise<void> {
    if (!this.#connection.remoteDescription) {
      if (this.#env.quirks.losesEarlyCandidates) this.#heldCandidates = [];
      return;
    }
    for (const { candidate, sdpMid, sdpMLineIndex } of this.#heldCandidates.splice(0)) {
      const mid = sdpMid ? { sdpMid } : {};
      const line = typeof sdpMLineIndex === "number" ? { sdpMLineIndex } : {};
      await this.#connection.addIceCandidate({ candidate, ...mid, ...line });
    }
  }

  /** Go captures all available devices, whatever the kind of the call [3.5]. */
  async #openMedia(): Promise<void> {
    const { engine, quirks } = this.#env;
    const wantsVideo = this.kind === "video" || quirks.videoInAudioCalls;
    const kinds = { audio: quirks.captures !== "video", video: quirks.captures !== "audio" && wantsVideo };
    this.#stream = await engine.capture(kinds);
    for (const track of this.#stream.getTracks()) this.#connection.addTrack(track, this.#stream);
    for (const transceiver of this.#connection.getTransceivers()) {
      const kind = transceiver.receiver.track.kind === "video" ? "video" : "audio";
      transceiver.setCodecPreferences(engine.codecs(kind, CODECS[kind]));
    }
  }

  #listen(): void {
    const { engine, observer, quirks } = this.#env;
    const gate = new SoundGate(observer, quirks.soundWaitsFor);
    this.#connection.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
      const plain = { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment };
      this.send({ type: "ice-candidate", candidate: plain }).catch((error: unknown) =>
        this.#env.complain(String(error)),
      );
    };
    this.#connection.ontrack = ({ track }) => engine.observe(track, gate);
    // In Go, `failed` ends a call, but `disconnected` does not [3.5].
    this.#connection.onconnectionstatechange = () => {
      const { connectionState } = this.#connection;
      const isLost = connectionState === "disconnected" && this.#env.quirks.hangsUpAtDisconnected;
      if (connectionState === "failed" || isLost) {
        this.#finish("connection failed");
        this.send({ type: "call-hangup" }).catch((error: unknown) => this.#env.complain(String(error)));
      }
    };
  }

  #finish(end: End): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection.close();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#end(end);
  }
}
