// One call as a session of Goop²'s `Goop.call`: the same members, return values and replays, made from the plugin's
// notifications.

import type { CallInfo, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import type { Link } from "../link/page-link.ts";
import { UnansweredChanges } from "../link/unanswered-changes.ts";
import { type Listener, Listeners } from "../listeners.ts";
import type { CanvasView } from "../video/canvas-view.ts";
import { SessionMedia } from "./session-media.ts";

/** The values of RTCPeerConnection.connectionState, which Goop²'s pages expect. */
export type SessionState = "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";

type CallEnded = PluginNotificationParams<"call.ended">;

/** Reasons that neither user chose. */
const FAILURES: ReadonlySet<CallEnded["reason"]> = new Set<CallEnded["reason"]>([
  "unreachable",
  "negotiationTimeout",
  "negotiationFailed",
  "connectTimeout",
  "connectionLost",
  "mediaFailed",
]);

export function isFailure({ reason }: CallEnded): boolean {
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
  /** Pages use both names. */
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
  /** The states that the toggles have requested. A second toggle inverts these, not the plugin's last notification. */
  readonly #audio = new RequestedState();
  readonly #video = new RequestedState();

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
    this.#remote.setContent(this.isRemoteScreen ? "screen" : "camera");
  }

  get mediaType(): "audio" | "video" {
    return this.#info.media;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Video only. Null until the page calls onLocalStream, and in engines without captureStream. */
  get localStream(): MediaStream | null {
    return this.#local.stream;
  }

  /** Video only, because the plugin plays the sound. Null until the page calls onRemoteStream, and without captureStream. */
  get remoteStream(): MediaStream | null {
    return this.#remote.stream;
  }

  onLocalStream(listener: Listener<MediaStream>): void {
    this.#local.onStream(listener);
  }

  onRemoteStream(listener: Listener<MediaStream>): void {
    this.#remote.onStream(listener);
  }

  /** Passes the URL of an MJPEG stream, for an `<img>`. */
  onLocalVideoSrc(listener: Listener<string>): void {
    this.#local.onUrl(listener);
  }

  /** Passes the URL of an MJPEG stream, for an `<img>`. */
  onRemoteVideoSrc(listener: Listener<string>): void {
    this.#remote.onUrl(listener);
  }

  /** Runs once, for every reason and either side. */
  onHangup(listener: Listener<void>): void {
    this.#hangups.add(listener);
  }

  onStateChange(listener: Listener<SessionState>): void {
    this.#states.add(listener);
  }

  /** Not in Goop²'s interface. Draws the remote video on a canvas of the page until the call ends. */
  drawRemote(canvas: HTMLCanvasElement): Pick<CanvasView, "close"> {
    return this.#remote.draw(canvas);
  }

  /** The same for the local video. */
  drawLocal(canvas: HTMLCanvasElement): Pick<CanvasView, "close"> {
    return this.#local.draw(canvas);
  }

  /** @returns whether the microphone is on now */
  toggleAudio(): boolean {
    const on = !this.isAudioOn;
    this.#send(
      this.#audio.request(on, this.#link.request("call.setMicrophone", { callId: this.channelId, on })),
    );
    return on;
  }

  /** @returns whether the camera is on now */
  toggleVideo(): boolean {
    const on = !this.isVideoOn;
    this.#send(this.#video.request(on, this.#link.request("call.setCamera", { callId: this.channelId, on })));
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

  /** onHangup reports the end. */
  hangup(): void {
    this.#send(this.#link.request("call.hangup", { callId: this.channelId }));
  }

  /** Not in Goop²'s interface. Whether the remote video is the other side's screen, which must not be cropped. */
  get isRemoteScreen(): boolean {
    return this.#info.remote.screen === true;
  }

  /** Called with each new state of the call. */
  update(info: CallInfo): void {
    this.#info = info;
    this.#remote.setContent(this.isRemoteScreen ? "screen" : "camera");
    this.#audio.settle();
    this.#video.settle();
    this.#change(stateOf(info));
  }

  /** The plugin crashed and the next one continues the call. Until then there are no streams. */
  pause(info: CallInfo): void {
    this.#local.pause();
    this.#remote.pause();
    this.update(info);
  }

  /** The next plugin has the call. Does nothing without a pause before. */
  resume(): void {
    this.#local.resume();
    this.#remote.resume();
  }

  /** The call has ended. */
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

/** Holds the state that a toggle requested until the plugin has answered and has notified the device's state. */
class RequestedState {
  value: boolean | undefined;
  readonly #unanswered = new UnansweredChanges();

  async request(on: boolean, request: Promise<unknown>): Promise<void> {
    this.value = on;
    try {
      await this.#unanswered.add(request);
    } catch (error) {
      this.settle();
      throw error;
    }
  }

  /** Makes the plugin's notifications count again, unless a request is unanswered. */
  settle(): void {
    if (!this.#unanswered.exist) this.value = undefined;
  }
}
