// The messages between the plugin and its sound process over Node's IPC, and the checks at both ends. Written by hand
// instead of as zod schemas: loading zod would cost the sound process 0.13 s and 19 MB.

import { isRecord } from "../../../rpc-schema/is-record.ts";
import type { DeviceFormat } from "../device-format/device-format.ts";
import type { Direction, NamedDevice } from "../device-names.ts";
import type { Processing } from "../sound.ts";

/** Plugin to sound process. Each request gets one reply with the same `request` number. */
export type Request =
  | { readonly kind: "list"; readonly request: number }
  | {
      readonly kind: "open";
      readonly request: number;
      readonly direction: Direction;
      readonly choice: string;
      /** Whether the device belongs to a sound server; otherwise its rate is checked before the reply. */
      readonly isServers: boolean;
    }
  | { readonly kind: "close"; readonly request: number; readonly direction: Direction };

/** Every message from plugin to sound process. The last three take effect with the next block and get no reply. */
export type Command =
  | Request
  | { readonly kind: "mute"; readonly muted: boolean }
  | { readonly kind: "restartVoice" }
  | { readonly kind: "processing"; readonly processing: Processing };

export interface DeviceLists {
  readonly microphones: NamedDevice[];
  readonly speakers: NamedDevice[];
}

/** A device and the way in which it was opened. */
export interface OpenedDevice {
  readonly id: string;
  readonly name: string;
  readonly format: DeviceFormat;
  /** What the conversion between that format and 10 ms blocks of one channel at 48 kHz adds, in milliseconds. */
  readonly delayMs: number;
}

export type Reply =
  | { readonly result: "listed"; readonly devices: DeviceLists }
  | ({ readonly result: "opened" } & OpenedDevice)
  | { readonly result: "closed" }
  /** The choice names no device; `known` are the existing ids. */
  | { readonly result: "unknown"; readonly known: string[] }
  | { readonly result: "failed"; readonly message: string };

/** Blocks since the device was opened; null while none is open. */
export interface Progress {
  readonly captured: number | null;
  readonly played: number | null;
}

/** Sound process to plugin. */
export type Report =
  | { readonly kind: "reply"; readonly request: number; readonly reply: Reply }
  | ({ readonly kind: "heartbeat" } & Heartbeat);

export interface Heartbeat extends Progress {
  /** Peak since the last heartbeat of what a muted microphone captured, 0 to 1; null while none is open and muted. */
  readonly mutedLevel: number | null;
}

function isDirection(value: unknown): value is Direction {
  return value === "microphone" || value === "speaker";
}

/** Used by the sound process. */
export function isCommand(message: unknown): message is Command {
  if (!isRecord(message)) return false;
  if (message.kind === "mute") return typeof message.muted === "boolean";
  if (message.kind === "restartVoice") return true;
  if (message.kind === "processing") return isProcessing(message.processing);
  if (typeof message.request !== "number") return false;
  switch (message.kind) {
    case "list":
      return true;
    case "open":
      return (
        isDirection(message.direction) &&
        typeof message.choice === "string" &&
        typeof message.isServers === "boolean"
      );
    case "close":
      return isDirection(message.direction);
    default:
      return false;
  }
}

function isProcessing(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { echoCancellation, noiseSuppression, automaticGain } = value;
  return [echoCancellation, noiseSuppression, automaticGain].every((on) => typeof on === "boolean");
}

/** Used by the plugin. */
export function isReport(message: unknown): message is Report {
  if (!isRecord(message)) return false;
  if (message.kind === "heartbeat") {
    return [message.captured, message.played, message.mutedLevel].every(isCount);
  }
  return message.kind === "reply" && typeof message.request === "number" && isReply(message.reply);
}

function isCount(value: unknown): boolean {
  return value === null || typeof value === "number";
}

function isReply(value: unknown): value is Reply {
  if (!isRecord(value)) return false;
  switch (value.result) {
    case "listed":
      return isDeviceLists(value.devices);
    case "opened":
      return isOpenedDevice(value);
    case "closed":
      return true;
    case "unknown":
      return Array.isArray(value.known) && value.known.every((id) => typeof id === "string");
    case "failed":
      return typeof value.message === "string";
    default:
      return false;
  }
}

function isOpenedDevice({ id, name, format, delayMs }: Record<string, unknown>): boolean {
  const isNamed = typeof id === "string" && typeof name === "string" && typeof delayMs === "number";
  return (
    isNamed &&
    isRecord(format) &&
    typeof format.sampleRate === "number" &&
    typeof format.channels === "number"
  );
}

function isDeviceLists(value: unknown): value is DeviceLists {
  return isRecord(value) && areDevices(value.microphones) && areDevices(value.speakers);
}

function areDevices(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (device) =>
        isRecord(device) &&
        typeof device.id === "string" &&
        typeof device.name === "string" &&
        typeof device.index === "number" &&
        (device.card === null || typeof device.card === "string") &&
        typeof device.pcm === "string" &&
        typeof device.maxChannels === "number" &&
        typeof device.defaultSampleRate === "number" &&
        typeof device.isDefault === "boolean",
    )
  );
}
