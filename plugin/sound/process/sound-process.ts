// The sound process: opens devices when told, moves blocks between them and two pipes, says every now and then
// how far it got. It decides nothing; the plugin watches it and kills it when it is stuck.
// fd 3: microphone to plugin; fd 4: plugin to speaker; 16 bit mono 48 kHz. Control: Node's IPC (sound-messages.ts).

import { Socket } from "node:net";
import { errorText } from "../../common/error-text.ts";
import type { Direction } from "../device-names.ts";
import { BLOCK_BYTES, createBlockSplitter } from "../playback/block-splitter.ts";
import { createPlaybackRing } from "../playback/playback-ring.ts";
import { createWaitThenFill } from "../playback/wait-then-fill.ts";
import { VoiceProcessing } from "../voice-processing.ts";
import * as portaudio from "./portaudio.ts";
import type { Answer, Question, Report } from "./sound-messages.ts";
import { isRequest } from "./sound-messages.ts";

/** A tenth of the shortest stall limit, so that a few may come late. */
const HEARTBEAT_MS = 200;
/** 40 ms; what the plugin has not read by then is too old to send. */
const MAX_PIPE_BYTES = 4 * BLOCK_BYTES;

const microphonePipe = new Socket({ fd: 3, readable: false, writable: true });
const speakerPipe = new Socket({ fd: 4, readable: true, writable: false });
const ring = createPlaybackRing();
const patient = createWaitThenFill(ring);
const open = new Map<Direction, portaudio.OpenDevice>();
let isMuted = false;
const voice = new VoiceProcessing((message) => console.error(message));

function sendMicrophone(bytes: Uint8Array): void {
  // A closing stream may give a part of a block, which would shift every later sample.
  if (bytes.length !== BLOCK_BYTES) return;
  // Also while muted, so that the echo is still known afterwards.
  voice.captured(bytes);
  if (isMuted) return;
  if (microphonePipe.writableLength < MAX_PIPE_BYTES) microphonePipe.write(bytes);
}

function fillSpeaker(block: Int16Array, onFilled: () => void): void {
  patient.fill(block, () => {
    voice.playing(block);
    onFilled();
  });
}

function openDevice(direction: Direction, choice: string): Answer {
  try {
    if (open.has(direction)) throw new Error(`a ${direction} is open already`);
    voice.restart();
    if (direction === "microphone") isMuted = false;
    else {
      patient.clear();
      ring.clear();
    }
    const device =
      direction === "microphone"
        ? portaudio.openMicrophone(choice, sendMicrophone)
        : portaudio.openSpeaker(choice, fillSpeaker);
    open.set(direction, device);
    return { result: "opened", id: device.id, name: device.name };
  } catch (error) {
    if (error instanceof portaudio.UnknownDeviceError) return { result: "unknown", known: error.known };
    return { result: "failed", message: errorText(error) };
  }
}

async function closeDevice(direction: Direction): Promise<Answer> {
  const device = open.get(direction);
  open.delete(direction);
  voice.restart();
  await device?.close();
  return { result: "closed" };
}

async function answer(request: Question): Promise<Answer> {
  switch (request.kind) {
    case "list":
      return { result: "listed", devices: portaudio.listDevices() };
    case "open":
      return openDevice(request.direction, request.choice);
    case "close":
      return closeDevice(request.direction);
  }
}

function report(message: Report): void {
  process.send?.(message);
}

async function take(message: unknown): Promise<void> {
  if (!isRequest(message)) throw new Error(`not a request: ${JSON.stringify(message)}`);
  if (message.kind === "mute") {
    isMuted = message.muted;
    return;
  }
  if (message.kind === "processing") {
    voice.configure(message.processing);
    return;
  }
  report({ kind: "reply", request: message.request, answer: await answer(message) });
}

/** Not process.exit(): that hangs when the audio server has died during playback. */
function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** The kernel's promise to end us with the plugin, and the voice's processing; without the addon the IPC channel's end
 * still ends us. */
async function useAddon(): Promise<void> {
  try {
    const { loadNative } = await import("../../../native/index.ts");
    const native = loadNative();
    native.dieWithParent();
    voice.attach(native);
  } catch (error) {
    console.error(`goes on without the addon, the voice is sent as captured: ${errorText(error)}`);
  }
}

process.on("disconnect", die);
microphonePipe.on("error", die);
speakerPipe.on("error", die);
speakerPipe.on("end", die);
const splitter = createBlockSplitter((block) => {
  ring.push(block);
  patient.arrived();
});
speakerPipe.on("data", (bytes) => splitter.push(bytes));
process.on("message", (message) => {
  take(message).catch((error: unknown) => {
    console.error(error);
    die();
  });
});
setInterval(() => {
  report({
    kind: "heartbeat",
    captured: open.get("microphone")?.blocks() ?? null,
    played: open.get("speaker")?.blocks() ?? null,
  });
}, HEARTBEAT_MS);
await useAddon();
// The plugin may have died before any of this was listening.
if (!process.connected) die();
