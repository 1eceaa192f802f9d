// The sound process: opens devices on request, moves blocks between them and two pipes, and sends heartbeats. The plugin
// monitors it and kills it when it is stuck.
// fd 3: microphone to plugin; fd 4: plugin to speaker; 16 bit mono 48 kHz. Control: Node's IPC (sound-messages.ts).

import { Socket } from "node:net";
import { errorText } from "../../common/error-text.ts";
import type { Direction } from "../device-names.ts";
import { BLOCK_BYTES, createBlockSplitter } from "../playback/block-splitter.ts";
import { createPlaybackRing } from "../playback/playback-ring.ts";
import { createWaitThenFill } from "../playback/wait-then-fill.ts";
import { VoiceProcessing } from "../voice-processing.ts";
import * as portaudio from "./portaudio.ts";
import type { Reply, Report, Request } from "./sound-messages.ts";
import { isCommand } from "./sound-messages.ts";

/** A tenth of the shortest stall limit, so that a few heartbeats may be late. */
const HEARTBEAT_MS = 200;
/** 40 ms. Blocks that the plugin has not read by then are too old. */
const MAX_PIPE_BYTES = 4 * BLOCK_BYTES;

const microphonePipe = new Socket({ fd: 3, readable: false, writable: true });
const speakerPipe = new Socket({ fd: 4, readable: true, writable: false });
const ring = createPlaybackRing();
const speakerFill = createWaitThenFill(ring);
const open = new Map<Direction, portaudio.OpenDevice>();
let isMuted = false;
const voice = new VoiceProcessing((message) => console.error(message));

function sendMicrophone(bytes: Uint8Array): void {
  // A closing stream may deliver part of a block, which would shift every later sample.
  if (bytes.length !== BLOCK_BYTES) return;
  // Processed also while muted, so that the echo filter stays adapted.
  voice.captured(bytes);
  if (isMuted) return;
  if (microphonePipe.writableLength < MAX_PIPE_BYTES) microphonePipe.write(bytes);
}

function fillSpeaker(block: Int16Array, onFilled: () => void): void {
  speakerFill.fill(block, () => {
    voice.playing(block);
    onFilled();
  });
}

function openDevice(direction: Direction, choice: string): Reply {
  try {
    if (open.has(direction)) throw new Error(`a ${direction} is open already`);
    voice.restart();
    if (direction === "microphone") isMuted = false;
    else {
      speakerFill.clear();
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

async function closeDevice(direction: Direction): Promise<Reply> {
  const device = open.get(direction);
  open.delete(direction);
  voice.restart();
  await device?.close();
  return { result: "closed" };
}

async function handle(request: Request): Promise<Reply> {
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

async function receive(message: unknown): Promise<void> {
  if (!isCommand(message)) throw new Error(`not a command: ${JSON.stringify(message)}`);
  if (message.kind === "mute") {
    isMuted = message.muted;
    return;
  }
  if (message.kind === "processing") {
    voice.configure(message.processing);
    return;
  }
  report({ kind: "reply", request: message.request, reply: await handle(message) });
}

/** process.exit() would hang when the audio server has died during playback. */
function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** Loads the addon for voice processing and for the kernel's signal at the plugin's death. Without the addon this process
 * still ends with the IPC channel. */
async function useAddon(): Promise<void> {
  try {
    const { loadNative } = await import("../../../native/index.ts");
    const native = loadNative();
    native.dieWithParent();
    voice.attach(native);
  } catch (error) {
    console.error(`the addon is not available, so the voice is sent as captured: ${errorText(error)}`);
  }
}

process.on("disconnect", die);
microphonePipe.on("error", die);
speakerPipe.on("error", die);
speakerPipe.on("end", die);
const splitter = createBlockSplitter((block) => {
  ring.push(block);
  speakerFill.onPush();
});
speakerPipe.on("data", (bytes) => splitter.push(bytes));
process.on("message", (message) => {
  receive(message).catch((error: unknown) => {
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
// The plugin may have died before the listeners above were added.
if (!process.connected) die();
