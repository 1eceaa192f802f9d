// Implements Goop²'s `/api/call/*` over the plugin's contract, so that pages written for Goop² run here unchanged: the same
// requests, answers, polarity and errors. The page server checks access before.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type CallInfo, RpcError } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { HostLink } from "../../rpc/host-link.ts";
import { ChannelNames } from "./channel-names.ts";
import { sendMjpeg } from "./mjpeg-proxy.ts";
import { RequestError, readFields } from "./request-body.ts";

export const CALL_API_PREFIX = "/api/call/";

export interface CallApiOptions {
  /** The running plugin, or undefined. */
  plugin(): HostLink | undefined;
  /** Whether the plugin or the page makes calls. Undefined before the answer to `initialize`. */
  mode(): "native" | "browser" | undefined;
  /** The origin of the page that shows the frames. */
  origin(): string;
}

export interface CallApi {
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Follows the calls of this plugin. */
  attach(plugin: HostLink): void;
}

/** One call in Goop²'s format. `pc_state` is a state of RTCPeerConnection. */
interface SessionStatus {
  readonly channel_id: string;
  readonly remote_peer: string;
  readonly is_origin: boolean;
  readonly pc_state: string;
  readonly audio_on: boolean;
  readonly video_on: boolean;
  readonly hung: boolean;
}

interface ApiRequest {
  readonly plugin: HostLink;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path after the route's name. */
  readonly rest: string;
}

interface Route {
  readonly method: "GET" | "POST";
  /** @returns the JSON answer, or undefined when it has already answered */
  answer(request: ApiRequest): Promise<object | undefined>;
}

export function createCallApi(options: CallApiOptions): CallApi {
  return new GoopCallApi(options);
}

class GoopCallApi implements CallApi {
  readonly #options: CallApiOptions;
  readonly #names = new ChannelNames();
  #isFirst = true;

  readonly #routes: Readonly<Record<string, Route>> = {
    active: { method: "GET", answer: async ({ plugin }) => await this.#sessions(plugin) },
    debug: {
      method: "GET",
      answer: async ({ plugin }) => {
        const sessions = await this.#sessions(plugin);
        return { session_count: sessions.length, sessions };
      },
    },
    start: { method: "POST", answer: (request) => this.#start(request) },
    accept: { method: "POST", answer: (request) => this.#accept(request) },
    hangup: { method: "POST", answer: (request) => this.#hangUp(request) },
    "toggle-audio": {
      method: "POST",
      answer: async (request) => ({ muted: !(await this.#toggle(request, "call.setMicrophone", isAudioOn)) }),
    },
    "toggle-video": {
      method: "POST",
      answer: async (request) => ({ disabled: !(await this.#toggle(request, "call.setCamera", isVideoOn)) }),
    },
    video: { method: "GET", answer: (request) => this.#sendFrames(request, "remote") },
    selfvideo: { method: "GET", answer: (request) => this.#sendFrames(request, "local") },
    media: { method: "GET", answer: (request) => this.#refuseWebM(request) },
    self: { method: "GET", answer: (request) => this.#refuseWebM(request) },
    // Goop² gives the same answers, because its loopback connection to the page was never built.
    loopback: { method: "POST", answer: async ({ rest }) => loopbackStub(rest) },
  };

  constructor(options: CallApiOptions) {
    this.#options = options;
  }

  attach(plugin: HostLink): void {
    this.#names.clear();
    plugin.onNotification("call.ended", ({ callId }) => this.#names.forget(callId));
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    this.#respond(request, response).catch((error: unknown) => {
      const status = error instanceof RequestError ? error.status : 500;
      sendText(response, status, errorText(error));
    });
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://host").pathname.slice(CALL_API_PREFIX.length);
    const [, name = "", rest = ""] = /^([a-z-]+)(?:\/(.*))?$/.exec(path) ?? [];
    const route = name === "mode" ? this.#modeRoute : this.#nativeRoute(name);
    if (!route) throw new RequestError(404, "404 page not found");
    if (request.method !== route.method) throw new RequestError(405, "method not allowed");
    const plugin = this.#options.plugin();
    if (!plugin) throw new RequestError(500, "the call plugin is not running");
    const body = await route.answer({ plugin, request, response, rest });
    if (body) sendJson(response, body);
  }

  /** When the page makes the calls, only `mode` exists. */
  #nativeRoute(name: string): Route | undefined {
    return this.#options.mode() === "browser" || !Object.hasOwn(this.#routes, name)
      ? undefined
      : this.#routes[name];
  }

  /** `first` is true for the first request of this process, when no page can have left a call behind. */
  readonly #modeRoute: Route = {
    method: "GET",
    answer: async () => {
      const first = this.#isFirst;
      this.#isFirst = false;
      return { mode: this.#options.mode() ?? "native", first, platform: process.platform };
    },
  };

  async #sessions(plugin: HostLink): Promise<SessionStatus[]> {
    const { calls } = await plugin.request("call.list", {});
    return calls.filter(isSession).map((call) => statusOf(call, this.#names.channelOf(call.callId)));
  }

  async #start({ plugin, request }: ApiRequest): Promise<object> {
    const { channel_id, remote_peer, media_type } = await readFields(request, ["remote_peer"]);
    const media = media_type === "audio" ? "audio" : "video";
    const { callId } = await orFail(plugin.request("call.start", { peerId: remote_peer ?? "", media }));
    if (channel_id) this.#names.set(channel_id, callId);
    return { status: "started", channel_id: channel_id || callId };
  }

  async #accept({ plugin, request }: ApiRequest): Promise<object> {
    const { channel_id = "" } = await readFields(request, ["channel_id"]);
    await orFail(plugin.request("call.accept", { callId: this.#names.callOf(channel_id) }));
    return { status: "accepted", channel_id };
  }

  async #hangUp({ plugin, request }: ApiRequest): Promise<object> {
    const { channel_id = "" } = await readFields(request, ["channel_id"]);
    try {
      await plugin.request("call.hangup", { callId: this.#names.callOf(channel_id) });
      return { status: "hung_up" };
    } catch (error) {
      if (!isUnknownCall(error)) throw error;
      return { status: "not_found" };
    }
  }

  /** @returns whether it is on now */
  async #toggle(
    { plugin, request }: ApiRequest,
    method: "call.setMicrophone" | "call.setCamera",
    isOn: (call: CallInfo) => boolean,
  ): Promise<boolean> {
    const { channel_id = "" } = await readFields(request, ["channel_id"]);
    const call = await this.#sessionOf(plugin, channel_id);
    const on = !isOn(call);
    await orFail(plugin.request(method, { callId: call.callId, on }));
    return on;
  }

  /** @throws RequestError 404 */
  async #sessionOf(plugin: HostLink, channel: string): Promise<CallInfo> {
    const callId = this.#names.callOf(channel);
    const { calls } = await plugin.request("call.list", {});
    const call = calls.find((one) => one.callId === callId && isSession(one));
    if (!call) throw new RequestError(404, "session not found");
    return call;
  }

  async #sendFrames(
    { plugin, request, response, rest }: ApiRequest,
    source: "remote" | "local",
  ): Promise<undefined> {
    if (rest === "") throw new RequestError(400, "missing channel id");
    const { callId } = await this.#sessionOf(plugin, rest);
    await sendMjpeg({ plugin, callId, source, origin: this.#options.origin() }, request, response);
  }

  /** An explicit refusal is better than an empty video. */
  async #refuseWebM({ plugin, rest }: ApiRequest): Promise<undefined> {
    if (rest === "") throw new RequestError(400, "missing channel id");
    await this.#sessionOf(plugin, rest);
    throw new RequestError(
      501,
      "WebM is not available. Show /api/call/video/{channel} in an <img>, or use frames.subscribe.",
    );
  }
}

/** An incoming call that still rings is not a session. */
function isSession({ direction, phase }: CallInfo): boolean {
  return phase !== "ended" && !(direction === "incoming" && (phase === "requesting" || phase === "ringing"));
}

function statusOf(call: CallInfo, channel: string): SessionStatus {
  return {
    channel_id: channel,
    remote_peer: call.peerId,
    is_origin: call.direction === "outgoing",
    pc_state: pcStateOf(call),
    audio_on: isAudioOn(call),
    video_on: isVideoOn(call),
    hung: false,
  };
}

function pcStateOf({ phase }: CallInfo): string {
  switch (phase) {
    case "requesting":
    case "ringing":
      return "unknown";
    case "reconnecting":
      return "disconnected";
    case "ended":
      return "closed";
    default:
      return phase;
  }
}

/** No device is open before the call is accepted. Until then, this is the state in which the call will begin. */
function isAudioOn({ phase, local: { microphone } }: CallInfo): boolean {
  return isBeforeMedia(phase) || microphone.state === "live" || microphone.state === "opening";
}

function isVideoOn({ phase, media, local: { camera } }: CallInfo): boolean {
  return isBeforeMedia(phase) ? media === "video" : camera.state === "live" || camera.state === "opening";
}

function isBeforeMedia(phase: CallInfo["phase"]): boolean {
  return phase === "requesting" || phase === "ringing";
}

function loopbackStub(rest: string): object {
  if (rest.endsWith("/offer")) return { sdp: "", status: "loopback SDP not implemented" };
  if (rest.endsWith("/ice")) return { status: "ok" };
  throw new RequestError(404, "404 page not found");
}

function isUnknownCall(error: unknown): boolean {
  // An invalid call id counts as an unknown one.
  return error instanceof RpcError && (error.kind === "unknownCall" || error.kind === "invalidParams");
}

/** Goop² answers 500 for every failure. */
async function orFail<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new RequestError(500, errorText(error));
  }
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(`${text}\n`);
}
