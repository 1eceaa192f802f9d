// The sound process: opens a device on request, moves blocks between it and two pipes, and sends heartbeats. The plugin
// monitors it and kills it when it is stuck. Control: Node's IPC (sound-messages.ts).
// Blocks are 16 bit mono 48 kHz. With a microphone, fd 3 carries the captured ones, and fd 4 those that the speaker's
// process plays. With a speaker, fd 4 carries the blocks to play, and fd 3 those that are played, for the echo canceller.

import { Socket } from "node:net";
import type { Native } from "../../../native/types.ts";
import { errorText } from "../../common/error-text.ts";
import type { Direction } from "../device-names.ts";
import { peakLevel } from "../level.ts";
import { BLOCK_BYTES, createBlockSplitter } from "../playback/block-splitter.ts";
import { createPlaybackRing } from "../playback/playback-ring.ts";
import { createWaitThenFill } from "../playback/wait-then-fill.ts";
import { VoiceProcessing } from "../voice-processing.ts";
import * as portaudio from "./portaudio.ts";
import { timesTooFast } from "./rate-check.ts";
import type { Reply, Report, Request } from "./sound-messages.ts";
import { isCommand } from "./sound-messages.ts";

type OpenRequest = Extract<Request, { kind: "open" }>;

/** A tenth of the shortest stall limit, so that a few heartbeats may be late. */
const HEARTBEAT_MS = 200;
/** A block takes less than a millisecond. Opening a device takes longer, and comes before real time. */
const REAL_TIME_US = 100_000;
/** The most that rtkit allows. */
const MOST_REAL_TIME_US = 200_000;
/** 40 ms. Blocks that the plugin has not read by then are too old. */
const MAX_PIPE_BYTES = 4 * BLOCK_BYTES;

const outPipe = new Socket({ fd: 3, readable: false, writable: true });
const inPipe = new Socket({ fd: 4, readable: true, writable: false });
const ring = createPlaybackRing();
const speakerFill = createWaitThenFill(ring);
const open = new Map<Direction, portaudio.OpenDevice>();
let isMuted = false;
/** Of the blocks since the last heartbeat that were not sent. */
let mutedPeak = 0;
let isRateChecked = false;
let hasEchoCanceller = false;
const voice = new VoiceProcessing((message) => console.error(message));

/** @param bytes a whole block */
function sendMicrophone(bytes: Uint8Array): void {
  // Processed also while muted, so that the echo filter stays adapted.
  voice.captured(bytes);
  if (isMuted) mutedPeak = Math.max(mutedPeak, peakLevel(samplesOf(bytes)));
  else send(bytes);
}

/** A copy, because the bytes of a pooled buffer can begin at an odd offset. */
function samplesOf(bytes: Uint8Array): Int16Array {
  return new Int16Array(new Uint8Array(bytes).buffer);
}

/** The muted blocks stay in this process. Only their loudness leaves it. */
function takeMutedLevel(): number | null {
  const peak = mutedPeak;
  mutedPeak = 0;
  return isMuted && open.has("microphone") ? peak : null;
}

function send(bytes: Uint8Array): void {
  if (isRateChecked && outPipe.writableLength < MAX_PIPE_BYTES) outPipe.write(bytes);
}

function fillSpeaker(block: Int16Array, onFilled: () => void): void {
  speakerFill.fill(block, () => {
    // The device's buffer is filled again before the pipe has taken a block.
    if (hasEchoCanceller) send(new Uint8Array(block.slice().buffer));
    onFilled();
  });
}

async function openDevice({ direction, choice, isServers }: OpenRequest): Promise<Reply> {
  try {
    const options = { isServers, engine: await addon };
    if (open.size > 0) throw new Error("a device is open already");
    isRateChecked = isServers;
    const device =
      direction === "microphone"
        ? portaudio.openMicrophone(choice, options, sendMicrophone)
        : portaudio.openSpeaker(choice, options, fillSpeaker);
    open.set(direction, device);
    if (!isServers) await checkRate(direction, device);
    isRateChecked = true;
    const { id, name, format, delayMs } = device;
    return { result: "opened", id, name, format, delayMs };
  } catch (error) {
    if (error instanceof portaudio.UnknownDeviceError) return { result: "unknown", known: error.known };
    return { result: "failed", message: errorText(error) };
  }
}

/** Until then nothing leaves this process. @throws Error for a device without a clock */
async function checkRate(direction: Direction, device: portaudio.OpenDevice): Promise<void> {
  const times = await timesTooFast(device.blocks);
  if (times === null) return;
  const verb = direction === "microphone" ? "gives" : "takes";
  throw new Error(
    `${device.name} ${verb} sound ${times} times too fast, so it is no real device (ALSA's null?)`,
  );
}

async function closeDevice(direction: Direction): Promise<Reply> {
  const device = open.get(direction);
  open.delete(direction);
  await device?.close();
  return { result: "closed" };
}

async function handle(request: Request): Promise<Reply> {
  switch (request.kind) {
    case "list":
      return { result: "listed", devices: portaudio.listDevices() };
    case "open":
      return openDevice(request);
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
  if (message.kind === "restartVoice") {
    voice.restart();
    return;
  }
  if (message.kind === "processing") {
    hasEchoCanceller = message.processing.echoCancellation;
    voice.configure(message.processing);
    return;
  }
  report({ kind: "reply", request: message.request, reply: await handle(message) });
}

/** process.exit() would hang when the audio server has died during playback. */
function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** Loads the addon for voice processing, for the formats of devices and for the kernel's signal at the plugin's death. Without
 * the addon this process still ends with the IPC channel. */
async function useAddon(): Promise<Native | null> {
  try {
    const { loadNative } = await import("../../../native/index.ts");
    const native = loadNative();
    native.dieWithParent();
    native.guardRealTime(REAL_TIME_US, MOST_REAL_TIME_US);
    voice.attach(native);
    return native;
  } catch (error) {
    console.error(`the addon is not available, so the voice is sent as captured: ${errorText(error)}`);
    return null;
  }
}

const addon = useAddon();
process.on("disconnect", die);
outPipe.on("error", die);
inPipe.on("error", die);
inPipe.on("end", die);
const splitter = createBlockSplitter((block) => {
  if (open.has("microphone")) {
    voice.playing(block);
    return;
  }
  ring.push(block);
  speakerFill.onPush();
});
inPipe.on("data", (bytes) => splitter.push(bytes));
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
    mutedLevel: takeMutedLevel(),
  });
}, HEARTBEAT_MS);
await addon;
// The plugin may have died before the listeners above were added.
if (!process.connected) die();
