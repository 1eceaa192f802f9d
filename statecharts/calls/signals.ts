// Translates signals: into events of the call chart, and into the media of a request.

import { type MediaKind, type Signal, signalMediaLevel } from "../../rpc-schema/index.ts";
import type { SignalCallEvent } from "../call/model.ts";

/**
 * A request of Goop²'s SDK has getUserMedia's constraints instead of a media type. A missing `video` in them means video,
 * and so does a missing media type.
 */
export function requestedMedia(signal: Signal): MediaKind {
  if (signal.type !== "call-request") return "video";
  return signal.mediaType ?? (signal.constraints?.video === false ? "audio" : "video");
}

/** @returns the event for the call chart */
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
        ...(signal.screen === true ? { screen: true as const } : {}),
        mediaLevel: signalMediaLevel(signal),
        mediaLevelReason: signal.why ?? null,
      };
    case "call-check":
      return { type: "signal.check", nonce: signal.nonce };
    case "call-hangup":
      return { type: "signal.hangup", reason: signal.reason ?? null };
  }
}
