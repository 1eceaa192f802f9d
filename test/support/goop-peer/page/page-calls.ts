// Calls of the script in Goop²'s page [3.2-3.10, 5.4] or, with other habits, of its script interface. It runs in Chromium and, on
// another engine, in Node.

import type { DeployedCall, DeployedCalls, DeployedRing } from "../deployed-call.ts";
import type { Quirks } from "../quirks.ts";
import { asCallMessage, type CallMessage, type MediaKind, requestedKind } from "../wire/wire.ts";
import { PageSession } from "./page-session.ts";

/** The environment of the script. */
export interface PagePort {
  readonly platform: string;
  send(peerId: string, topic: string, payload: unknown): Promise<void>;
  connect(): RTCPeerConnection;
  /** Changes what the connection will offer. */
  beforeOffer?(connection: RTCPeerConnection): void;
  capture(kinds: { audio: boolean; video: boolean }): Promise<MediaStream>;
  /** Called for each remote track of each connection. */
  show(channelId: string, track: MediaStreamTrack, stream: MediaStream | undefined): void;
  /** Survives a reload of the page [5.4]. */
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

export type PageHabits = Pick<
  Quirks,
  | "ackWithoutMode"
  | "captures"
  | "constraintsRequest"
  | "endOfCandidates"
  | "hangsUpAtDisconnected"
  | "losesEarlyCandidates"
  | "reconnectAtAnyTime"
  | "videoInAudioCalls"
>;

const STORED_CALL = "goop_active_call";

export class PageCalls implements DeployedCalls {
  readonly complaints: string[] = [];
  readonly #port: PagePort;
  readonly #habits: PageHabits;
  readonly #sessions = new Map<string, PageSession>();
  #ring: (ring: DeployedRing) => void = () => undefined;

  constructor(port: PagePort, habits: PageHabits) {
    this.#port = port;
    this.#habits = habits;
  }

  onRing(take: (ring: DeployedRing) => void): void {
    this.#ring = take;
  }

  /** Opens devices and connection before it sends the request [5.4]. */
  async start(peerId: string, kind: MediaKind): Promise<PageSession> {
    const prefix = this.#habits.constraintsRequest ? "sdk" : "mc";
    const channelId = `${prefix}-${Math.random().toString(36).slice(2, 10)}`;
    const session = this.#add({ channelId, peerId, isOrigin: true, kind });
    await session.prepare();
    await session.send(
      this.#habits.constraintsRequest
        ? { type: "call-request", constraints: { video: kind === "video", audio: true } }
        : { type: "call-request", mode: "browser", platform: this.#port.platform, mediaType: kind },
    );
    if (this.#habits.reconnectAtAnyTime) await session.reconnect();
    return session;
  }

  /** Restores the call that this page had before its reload [3.7]. */
  async restore(): Promise<PageSession | undefined> {
    const stored = this.#port.storage.getItem(STORED_CALL);
    if (stored === null) return undefined;
    const { channelId, remotePeer, isOrigin, mediaType } = JSON.parse(stored);
    const session = this.#add({ channelId, peerId: remotePeer, isOrigin, kind: mediaType });
    await session.prepare();
    await session.send({ type: "call-reconnect", channelId, mediaType });
    return session;
  }

  /** As in deployed Goop², the sender is not compared with the call's peer [3.9]. */
  take(from: string, channelId: string, payload: unknown): void {
    if (channelId.startsWith("loopback:")) return;
    const message = asCallMessage(payload);
    if (!message) return;
    if (message.type === "call-request") this.#onRequest(from, channelId, message);
    else this.#sessions.get(channelId)?.take(message);
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions.values()) await session.hangup();
  }

  #onRequest(peerId: string, channelId: string, request: CallMessage & { type: "call-request" }): void {
    const kind = requestedKind(request);
    this.#ring({
      channelId,
      peerId,
      kind,
      accept: () => this.#accept({ channelId, peerId, isOrigin: false, kind }),
      reject: () => this.#port.send(peerId, `call:${channelId}`, { type: "call-hangup" }),
    });
  }

  async #accept(
    call: Pick<DeployedCall, "channelId" | "peerId" | "isOrigin" | "kind">,
  ): Promise<DeployedCall> {
    const session = this.#add(call);
    await session.prepare();
    const { platform } = this.#port;
    await session.send(
      this.#habits.ackWithoutMode ? { type: "call-ack" } : { type: "call-ack", mode: "browser", platform },
    );
    if (this.#habits.reconnectAtAnyTime) await session.reconnect();
    return session;
  }

  #add(call: Pick<DeployedCall, "channelId" | "peerId" | "isOrigin" | "kind">): PageSession {
    const session = new PageSession(call, this.#port, this.#habits, (why) => this.complaints.push(why));
    this.#sessions.set(call.channelId, session);
    this.#port.storage.setItem(
      STORED_CALL,
      JSON.stringify({
        channelId: call.channelId,
        remotePeer: call.peerId,
        isOrigin: call.isOrigin,
        mediaType: call.kind,
      }),
    );
    void session.ended.then(() => {
      this.#sessions.delete(call.channelId);
      this.#port.storage.removeItem(STORED_CALL);
    });
    return session;
  }
}
