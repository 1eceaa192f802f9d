// One call of the viewer's script: its connection, which may be replaced, and the messages of its channel [3.3-3.7].
// No roles are checked: an offer is answered by whoever gets it.

import type { DeployedCall } from "../deployed-call.ts";
import type { CallMessage, MediaKind, WireCandidate } from "../wire/wire.ts";
import type { PageHabits, PagePort } from "./page-calls.ts";

type End = Awaited<DeployedCall["ended"]>;

export class PageSession implements DeployedCall {
  readonly channelId: string;
  readonly peerId: string;
  readonly isOrigin: boolean;
  readonly kind: MediaKind;
  readonly ended: Promise<End>;
  readonly #port: PagePort;
  readonly #habits: PageHabits;
  readonly #complain: (why: string) => void;
  readonly #end: (end: End) => void;
  #isOver = false;
  #connection: RTCPeerConnection | undefined;
  #stream: MediaStream | undefined;
  #held: WireCandidate[] = [];
  /** Descriptions are dealt with one after the other, as awaiting handlers in a page are not; see #inTurn. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(
    call: Pick<DeployedCall, "channelId" | "peerId" | "isOrigin" | "kind">,
    port: PagePort,
    habits: PageHabits,
    complain: (why: string) => void,
  ) {
    this.channelId = call.channelId;
    this.peerId = call.peerId;
    this.isOrigin = call.isOrigin;
    this.kind = call.kind;
    this.#port = port;
    this.#habits = habits;
    this.#complain = complain;
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#end = resolve;
  }

  get connectionState(): string {
    return this.#isOver ? "closed" : (this.#connection?.connectionState ?? "new");
  }

  /** Opens the devices and makes a connection. */
  async prepare(): Promise<void> {
    const { captures, videoInAudioCalls } = this.#habits;
    this.#stream ??= await this.#port.capture({
      audio: captures !== "video",
      video: captures !== "audio" && (this.kind === "video" || videoInAudioCalls),
    });
    this.#renew();
  }

  /** As a page does that was loaded anew; in whatever state the call is. */
  async reconnect(): Promise<void> {
    this.#renew();
    await this.send({ type: "call-reconnect", channelId: this.channelId, mediaType: this.kind });
  }

  /** Errors are swallowed [3.6]. */
  async send(message: CallMessage): Promise<void> {
    try {
      await this.#port.send(this.peerId, `call:${this.channelId}`, message);
    } catch (error) {
      this.#complain(`${message.type} was not delivered: ${error}`);
    }
  }

  take(message: Exclude<CallMessage, { type: "call-request" }>): void {
    if (message.type === "call-hangup") this.#finish("remote hung up");
    else if (message.type === "ice-candidate") this.#takeCandidate(message.candidate);
    else this.#inTurn(() => this.#handle(message));
  }

  async hangup(): Promise<void> {
    if (this.#isOver) return;
    this.#finish("hung up");
    await this.send({ type: "call-hangup" });
  }

  async #handle(message: CallMessage): Promise<void> {
    if (message.type === "call-ack") await this.#offer();
    if (message.type === "call-offer") await this.#answer(message.sdp);
    if (message.type === "call-answer") await this.#accept(message.sdp);
    if (message.type === "call-reconnect") await this.#onReconnect();
    if (message.type === "call-reconnect-ack") {
      // A connection that has met the other's old one is of no use with the new one.
      if (this.#connection?.remoteDescription) this.#renew();
      await this.#offer();
    }
  }

  #renew(): void {
    this.#connection?.close();
    this.#held = [];
    const connection = this.#port.connect();
    this.#connection = connection;
    for (const track of this.#stream?.getTracks() ?? []) {
      if (this.#stream) connection.addTrack(track, this.#stream);
    }
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null || (candidate.candidate === "" && !this.#habits.endOfCandidates)) return;
      const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
      const plain = { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment };
      void this.send({ type: "ice-candidate", candidate: plain });
    };
    connection.ontrack = ({ track, streams }) => this.#port.show(this.channelId, track, streams[0]);
    connection.onconnectionstatechange = () => {
      const isLost = connection.connectionState === "disconnected" || connection.connectionState === "failed";
      if (isLost && this.#habits.hangsUpAtDisconnected) {
        this.#finish("connection failed");
        void this.send({ type: "call-hangup" });
      }
    };
  }

  /** Without a kind that could not be captured: then nothing asks for its m-line. */
  async #offer(): Promise<void> {
    const connection = this.#need();
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    await this.send({ type: "call-offer", sdp: offer.sdp ?? "" });
  }

  async #answer(sdp: string): Promise<void> {
    const connection = this.#need();
    await connection.setRemoteDescription({ type: "offer", sdp });
    const answer = await connection.createAnswer();
    await connection.setLocalDescription(answer);
    await this.#addHeld();
    await this.send({ type: "call-answer", sdp: answer.sdp ?? "" });
  }

  async #accept(sdp: string): Promise<void> {
    await this.#need().setRemoteDescription({ type: "answer", sdp });
    await this.#addHeld();
  }

  async #onReconnect(): Promise<void> {
    this.#renew();
    await this.send({ type: "call-reconnect-ack", mode: "browser", platform: this.#port.platform });
  }

  /** Held until both descriptions are there; the script interface just tries, and what comes early is lost. */
  #takeCandidate(candidate: WireCandidate): void {
    if (candidate.candidate === "") return;
    this.#held.push(candidate);
    if (this.#habits.losesEarlyCandidates && !this.#connection?.remoteDescription) {
      this.#held.pop();
      return;
    }
    this.#inTurn(() => this.#addHeld());
  }

  async #addHeld(): Promise<void> {
    const connection = this.#need();
    if (!connection.remoteDescription || connection.signalingState !== "stable") return;
    for (const { candidate, sdpMid, sdpMLineIndex } of this.#held.splice(0)) {
      await connection.addIceCandidate({
        candidate,
        ...(sdpMid ? { sdpMid } : {}),
        ...(sdpMLineIndex === undefined || sdpMLineIndex === null ? {} : { sdpMLineIndex }),
      });
    }
  }

  #finish(end: End): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection?.close();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#end(end);
  }

  #need(): RTCPeerConnection {
    if (!this.#connection || this.#isOver) throw new Error("the session has no connection");
    return this.#connection;
  }

  /** One after the other: the engine's own queue would do the same, but for what lies between its calls. */
  #inTurn(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#isOver) return;
      await work().catch((error: unknown) => this.#complain(String(error)));
    });
  }
}
