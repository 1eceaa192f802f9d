// One call as Goop²'s pages know it: the members of its `Goop.call` sessions, their polarity and what they replay, made of
// what the plugin tells of the call. Draws nothing.

import type { CallInfo, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import type { Link } from "../link/page-link.ts";
import { type Listener, Listeners } from "../listeners.ts";
import type { CanvasView } from "../video/canvas-view.ts";
import { SessionMedia } from "./session-media.ts";

/** The words of RTCPeerConnection.connectionState, which pages of that host are written for. */
export type SessionState = "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";

type Ended = PluginNotificationParams<"call.ended">;

/** Ends that neither side wished for. */
const FAILURES: ReadonlySet<Ended["reason"]> = new Set<Ended["reason"]>([
  "unreachable",
  "negotiationTimeout",
  "negotiationFailed",
  "connectTimeout",
  "connectionLost",
  "mediaFailed",
]);

export function isFailure({ reason }: Ended): boolean {
  return FAILURES.has(reason);
}

export function stateOf({ phase }: CallInfo): SessionState {
  switch (phase) {
    case "requesting":
    case "ringing":
      return "new";
    case "reconnecting":
      return "disconnected";
    case "ended":
      return "closed";
    default:
      return phase;
  }
}

export class GoopSession {
  readonly channelId: string;
  /** The same under the two names that pages use. */
  readonly remotePeer: string;
  readonly remotePeerId: string;
  readonly isOrigin: boolean;
  readonly #link: Link;
  readonly #onError: (error: unknown) => void;
  readonly #hangups = new Listeners<void>();
  readonly #states = new Listeners<SessionState>();
  readonly #local: SessionMedia;
  readonly #remote: SessionMedia;
  #info: CallInfo;
  #state: SessionState;
  /** What toggles asked for; a second toggle turns this around, not what the plugin told before. */
  readonly #audio = new Wish();
  readonly #video = new Wish();

  constructor(link: Link, info: CallInfo, onError: (error: unknown) => void) {
    const { callId, peerId, direction } = info;
    this.#link = link;
    this.#onError = onError;
    this.#info = info;
    this.#state = stateOf(info);
    this.channelId = callId;
    this.remotePeer = peerId;
    this.remotePeerId = peerId;
    this.isOrigin = direction === "outgoing";
    this.#local = new SessionMedia({ link, callId, source: "local", onError });
    this.#remote = new SessionMedia({ link, callId, source: "remote", onError });
  }

  get mediaType(): "audio" | "video" {
    return this.#info.media;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Video alone; null until onLocalStream was asked for, and where the engine makes none. */
  get localStream(): MediaStream | null {
    return this.#local.stream;
  }

  /** Video alone, since the plugin plays the sound; null until onRemoteStream was asked for, and where the engine makes none. */
  get remoteStream(): MediaStream | null {
    return this.#remote.stream;
  }

  onLocalStream(listener: Listener<MediaStream>): void {
    this.#local.onStream(listener);
  }

  onRemoteStream(listener: Listener<MediaStream>): void {
    this.#remote.onStream(listener);
  }

  /** MJPEG, for an `<img>`. */
  onLocalVideoSrc(listener: Listener<string>): void {
    this.#local.onUrl(listener);
  }

  /** MJPEG, for an `<img>`. */
  onRemoteVideoSrc(listener: Listener<string>): void {
    this.#remote.onUrl(listener);
  }

  /** Once, whoever hung up and whatever the reason. */
  onHangup(listener: Listener<void>): void {
    this.#hangups.add(listener);
  }

  onStateChange(listener: Listener<SessionState>): void {
    this.#states.add(listener);
  }

  /** Beyond that host's interface: the peer's picture on a canvas of the page. Ends with the call by itself. */
  drawRemote(canvas: HTMLCanvasElement): CanvasView {
    return this.#remote.draw(canvas);
  }

  /** The own picture, likewise. */
  drawLocal(canvas: HTMLCanvasElement): CanvasView {
    return this.#local.draw(canvas);
  }

  /** @returns whether the microphone is on now */
  toggleAudio(): boolean {
    const on = !this.isAudioOn;
    this.#send(this.#audio.ask(on, this.#link.request("call.setMicrophone", { callId: this.channelId, on })));
    return on;
  }

  /** @returns whether the camera is on now */
  toggleVideo(): boolean {
    const on = !this.isVideoOn;
    this.#send(this.#video.ask(on, this.#link.request("call.setCamera", { callId: this.channelId, on })));
    return on;
  }

  get isAudioOn(): boolean {
    const { state } = this.#info.local.microphone;
    return this.#audio.value ?? (state === "live" || state === "opening");
  }

  get isVideoOn(): boolean {
    const { state } = this.#info.local.camera;
    return this.#video.value ?? (state === "live" || state === "opening");
  }

  /** The end itself is told by onHangup. */
  hangup(): void {
    this.#send(this.#link.request("call.hangup", { callId: this.channelId }));
  }

  /** For whoever listens to the plugin: the call is now so. */
  update(info: CallInfo): void {
    this.#info = info;
    this.#audio.told();
    this.#video.told();
    this.#change(stateOf(info));
  }

  /** The plugin died, and another goes on with the call: what it showed has stopped. */
  pause(info: CallInfo): void {
    this.#local.pause();
    this.#remote.pause();
    this.update(info);
  }

  /** There is a plugin again; without a pause before it this does nothing. */
  resume(): void {
    this.#local.resume();
    this.#remote.resume();
  }

  /** For whoever listens to the plugin: the call is over. */
  end(state: "failed" | "closed"): void {
    this.#local.close();
    this.#remote.close();
    this.#change(state);
    this.#hangups.notify();
  }

  #change(state: SessionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#states.notify(state);
  }

  #send(request: Promise<unknown>): void {
    request.catch(this.#onError);
  }
}

/** Holds from the asking until the plugin, having answered, tells how the device is. */
class Wish {
  value: boolean | undefined;
  #asking = 0;

  async ask(on: boolean, request: Promise<unknown>): Promise<void> {
    this.value = on;
    this.#asking += 1;
    try {
      await request;
      this.#asking -= 1;
    } catch (error) {
      this.#asking -= 1;
      this.told();
      throw error;
    }
  }

  told(): void {
    if (this.#asking === 0) this.value = undefined;
  }
}
