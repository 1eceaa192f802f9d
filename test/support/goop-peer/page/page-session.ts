// One call of the script in Goop²'s page: its connection, which may be replaced, and the messages of its channel [3.3-3.7].
// It does not check roles, so either side answers an offer.

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
  #heldCandidates: WireCandidate[] = [];
  /** Serializes the handling of descriptions, see #inTurn. */
  #queue: Promise<unknown> = Promise.resolve();

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
    this.#replaceConnection();
  }

  /** Acts like a reloaded page, in any state of the call. */
  async reconnect(): Promise<void> {
    this.#replaceConnection();
    await this.send({ type: "call-reconnect", channelId: this.channelId, mediaType: this.kind });
  }

  /** Errors are only logged [3.6]. */
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
      // A connection with a remote description belongs to the other's old connection.
      if (this.#connection?.remoteDescription) this.#replaceConnection();
      await this.#offer();
    }
  }

  #replaceConnection(): void {
    this.#connection?.close();
    this.#heldCandidates = [];
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

  /** The offer has no m-line for a kind that was not captured. */
  async #offer(): Promise<void> {
    const connection = this.#requireConnection();
    this.#port.beforeOffer?.(connection);
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    await this.send({ type: "call-offer", sdp: offer.sdp ?? "" });
  }

  async #answer(sdp: string): Promise<void> {
    const connection = this.#requireConnection();
    await connection.setRemoteDescription({ type: "offer", sdp });
    const answer = await connection.createAnswer();
    await connection.setLocalDescription(answer);
    await this.#addCandidates();
    await this.send({ type: "call-answer", sdp: answer.sdp ?? "" });
  }

  async #accept(sdp: string): Promise<void> {
    await this.#requireConnection().setRemoteDescription({ type: "answer", sdp });
    await this.#addCandidates();
  }

  async #onReconnect(): Promise<void> {
    this.#replaceConnection();
    await this.send({ type: "call-reconnect-ack", mode: "browser", platform: this.#port.platform });
  }

  /** Holds candidates until both descriptions are set. The script interface does not, and loses early ones. */
  #takeCandidate(candidate: WireCandidate): void {
    if (candidate.candidate === "") return;
    this.#heldCandidates.push(candidate);
    if (this.#habits.losesEarlyCandidates && !this.#connection?.remoteDescription) {
      this.#heldCandidates.pop();
      return;
    }
    this.#inTurn(() => this.#addCandidates());
  }

  async #addCandidates(): Promise<void> {
    const connection = this.#requireConnection();
    if (!connection.remoteDescription || connection.signalingState !== "stable") return;
    for (const { candidate, sdpMid, sdpMLineIndex } of this.#heldCandidates.splice(0)) {
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

  #requireConnection(): RTCPeerConnection {
    if (!this.#connection || this.#isOver) throw new Error("the session has no connection");
    return this.#connection;
  }

  /** Runs one step at a time. The engine's own queue would not cover the code between its calls. */
  #inTurn(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#isOver) return;
      await work().catch((error: unknown) => this.#complain(String(error)));
    });
  }
}
