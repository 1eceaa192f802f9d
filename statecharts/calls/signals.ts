// What a signal on the wire means: to the call that it belongs to, and of the program that sent it.

import type { MediaKind, Signal } from "../../rpc-schema/index.ts";
import type { SignalCallEvent } from "../call/model.ts";
import type { PeerKind } from "../link/model.ts";

/**
 * The host's wire gives no media in an SDK's request but getUserMedia's constraints; a missing `video` there, and a
 * missing media type, mean video.
 */
export function requestedMedia(signal: Signal): MediaKind {
  if (signal.type !== "call-request") return "video";
  return signal.mediaType ?? (signal.constraints?.video === false ? "audio" : "video");
}

/**
 * What program a request comes from: pages and the host's own stack name their mode, scripts send constraints instead.
 * Plugins like ours call themselves native too, until they say what only they say.
 */
export function requestingKind(signal: Signal): PeerKind {
  if (signal.type !== "call-request") return "native";
  if (signal.mode === "native") return "native";
  return signal.mode === undefined && signal.constraints !== undefined ? "script" : "browser";
}

/** What a signal means to the call that it belongs to. */
export function toCallEvent(signal: Signal): SignalCallEvent {
  switch (signal.type) {
    case "call-request":
      return { type: "signal.requestRepeated" };
    case "call-ringing":
      return { type: "signal.ringing" };
    case "call-ack":
      return { type: "signal.ack", mode: signal.mode ?? null };
    case "call-offer":
      return { type: "signal.offer", sdp: signal.sdp };
    case "call-answer":
      return { type: "signal.answer", sdp: signal.sdp };
    case "ice-candidate":
      return { type: "signal.candidate", candidate: signal.candidate };
    case "call-reconnect":
      return { type: "signal.reconnect" };
    case "call-reconnect-ack":
      return { type: "signal.reconnectAck" };
    case "call-media":
      return {
        type: "signal.media",
        microphone: signal.microphone,
        camera: signal.camera,
        mediaLevel: signal.mediaLevel ?? signal.rung ?? null,
        mediaLevelReason: signal.why ?? null,
      };
    case "call-hangup":
      return { type: "signal.hangup", reason: signal.reason ?? null };
  }
}
