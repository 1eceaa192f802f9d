// What the plugin and its sound process say to each other over Node's IPC, and the checks on both ends.
// Written by hand instead of as zod schemas: loading zod would cost the sound process 0.13 s and 19 MB.

import type { Direction, NamedDevice } from "../device-names.ts";
import type { Processing } from "../sound.ts";

export type DeviceChoice = { readonly direction: Direction; readonly choice: string };

/** Plugin to sound process. Every request gets one reply with its `request` number. */
export type Request =
  | { readonly kind: "list"; readonly request: number }
  | ({ readonly kind: "open"; readonly request: number } & DeviceChoice)
  | { readonly kind: "close"; readonly request: number; readonly direction: Direction }
  /** No reply: it takes effect with the next block. */
  | { readonly kind: "mute"; readonly muted: boolean }
  /** No reply either. */
  | { readonly kind: "processing"; readonly processing: Processing };

/** What is answered. */
export type Question = Extract<Request, { readonly request: number }>;

export interface DeviceLists {
  readonly microphones: NamedDevice[];
  readonly speakers: NamedDevice[];
}

export type Answer =
  | { readonly result: "listed"; readonly devices: DeviceLists }
  | { readonly result: "opened"; readonly id: string; readonly name: string }
  | { readonly result: "closed" }
  /** The choice names no device; `known` are the ids that do. */
  | { readonly result: "unknown"; readonly known: string[] }
  | { readonly result: "failed"; readonly message: string };

/** Sound process to plugin. */
export type Report =
  | { readonly kind: "reply"; readonly request: number; readonly answer: Answer }
  | { readonly kind: "heartbeat"; readonly captured: number | null; readonly played: number | null };

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isDirection(value: unknown): value is Direction {
  return value === "microphone" || value === "speaker";
}

/** For the sound process. */
export function isRequest(message: unknown): message is Request {
  if (!isFields(message)) return false;
  if (message.kind === "mute") return typeof message.muted === "boolean";
  if (message.kind === "processing") return isProcessing(message.processing);
  if (typeof message.request !== "number") return false;
  switch (message.kind) {
    case "list":
      return true;
    case "open":
      return isDirection(message.direction) && typeof message.choice === "string";
    case "close":
      return isDirection(message.direction);
    default:
      return false;
  }
}

function isProcessing(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { echoCancellation, noiseSuppression, automaticGain } = value;
  return [echoCancellation, noiseSuppression, automaticGain].every((on) => typeof on === "boolean");
}

/** For the plugin. */
export function isReport(message: unknown): message is Report {
  if (!isFields(message)) return false;
  if (message.kind === "heartbeat") return isCount(message.captured) && isCount(message.played);
  return message.kind === "reply" && typeof message.request === "number" && isAnswer(message.answer);
}

function isCount(value: unknown): boolean {
  return value === null || typeof value === "number";
}

function isAnswer(value: unknown): value is Answer {
  if (!isFields(value)) return false;
  switch (value.result) {
    case "listed":
      return isDeviceLists(value.devices);
    case "opened":
      return typeof value.id === "string" && typeof value.name === "string";
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

function isDeviceLists(value: unknown): value is DeviceLists {
  return isFields(value) && areDevices(value.microphones) && areDevices(value.speakers);
}

function areDevices(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (device) =>
        isFields(device) &&
        typeof device.id === "string" &&
        typeof device.name === "string" &&
        typeof device.index === "number" &&
        typeof device.isDefault === "boolean",
    )
  );
}
