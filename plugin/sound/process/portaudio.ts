// PortAudio through naudiodon. Only the sound process may load it: it prints to fd 1 and blocks its thread while it opens a
// device. When the audio server has died, JavaScript cannot end it.

// Must be the first import.
import "./no-crash-handler.ts";
import naudiodon from "naudiodon";
import type { Direction, NamedDevice } from "../device-names.ts";
import { findDevice, nameDevices } from "../device-names.ts";
import { BLOCK_BYTES } from "../playback/block-splitter.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../sound.ts";
import type { DeviceLists } from "./sound-messages.ts";

/** An open device. */
export interface OpenDevice {
  readonly id: string;
  readonly name: string;
  /** Blocks captured or played. */
  blocks(): number;
  /** Never settles when the audio server has died. */
  close(): Promise<void>;
}

/** No device has this id. `known` are the existing ids. */
export class UnknownDeviceError extends Error {
  override readonly name = "UnknownDeviceError";
  readonly known: string[];

  constructor(choice: string, known: string[]) {
    super(`there is no device ${choice}`);
    this.known = known;
  }
}

/** 20 ms between PortAudio and us, which bridge a slow turn of the event loop. */
const MAX_CAPTURED_BLOCKS = 2;
/** One block waits in the queue and one before it, so a written block is needed 20 ms later unless the device starves. */
const MAX_PLAYED_BLOCKS = 1;

/** Blocks the thread for 10 to 320 ms, and longer with many devices. */
export function listDevices(): DeviceLists {
  return { microphones: scan("microphone"), speakers: scan("speaker") };
}

function scan(direction: Direction): NamedDevice[] {
  const apis = naudiodon.getHostAPIs();
  const api = apis.HostAPIs[apis.defaultHostAPI];
  const defaultIndex = direction === "microphone" ? api?.defaultInput : api?.defaultOutput;
  return nameDevices(naudiodon.getDevices(), direction, defaultIndex ?? -1);
}

function choose(direction: Direction, choice: string): NamedDevice {
  const devices = scan(direction);
  const device = findDevice(devices, choice);
  if (device) return device;
  throw new UnknownDeviceError(
    choice,
    devices.map(({ id }) => id),
  );
}

/**
 * PortAudio opens the default device for an unknown number, and numbers may change between our scan and its own. They are
 * stable while a stream is open, so a second scan shows whether the right device was opened.
 */
function verify(direction: Direction, device: NamedDevice): void {
  const now = scan(direction).find(({ index }) => index === device.index);
  if (now?.id !== device.id) throw new Error(`the ${direction} ${device.id} disappeared while it was opened`);
}

function streamOptions(device: NamedDevice, maxQueue: number) {
  return {
    deviceId: device.index,
    sampleRate: SAMPLE_RATE,
    channelCount: 1,
    sampleFormat: naudiodon.SampleFormat16Bit,
    framesPerBuffer: BLOCK_SAMPLES,
    highwaterMark: BLOCK_BYTES,
    maxQueue,
    // With the default a single overrun would end the stream.
    closeOnError: false,
  } as const;
}

/** @throws UnknownDeviceError; Error with PortAudio's reason. */
export function openMicrophone(choice: string, onBytes: (bytes: Uint8Array) => void): OpenDevice {
  const device = choose("microphone", choice);
  const stream = naudiodon.AudioIO({ inOptions: streamOptions(device, MAX_CAPTURED_BLOCKS) });
  let blocks = 0;
  stream.on("data", (bytes: Buffer) => {
    blocks += 1;
    onBytes(bytes);
  });
  return start("microphone", device, stream, () => blocks);
}

/**
 * Asks `fill` for the next block whenever the device has space, so the device's clock sets the pace. `fill` calls back
 * within 20 ms.
 * @throws UnknownDeviceError; Error with PortAudio's reason.
 */
export function openSpeaker(
  choice: string,
  fill: (block: Int16Array, onFilled: () => void) => void,
): OpenDevice {
  const device = choose("speaker", choice);
  const stream = naudiodon.AudioIO({ outOptions: streamOptions(device, MAX_PLAYED_BLOCKS) });
  let blocks = 0;
  let isClosed = false;
  const samples = new Int16Array(BLOCK_SAMPLES);
  const bytes = Buffer.from(samples.buffer);
  // naudiodon copies the bytes before write() returns, so one buffer is enough.
  const writeNext = () => {
    if (!isClosed) fill(samples, write);
  };
  const write = () => {
    if (isClosed) return;
    stream.write(bytes, () => {
      blocks += 1;
      writeNext();
    });
  };
  const opened = start("speaker", device, stream, () => blocks);
  writeNext();
  return {
    ...opened,
    close() {
      isClosed = true;
      return opened.close();
    },
  };
}

function start(
  direction: Direction,
  device: NamedDevice,
  stream: { start(): void; quit(done: () => void): void },
  blocks: () => number,
): OpenDevice {
  const close = () => new Promise<void>((resolve) => stream.quit(resolve));
  verify(direction, device);
  stream.start();
  return { id: device.id, name: device.name, blocks, close };
}
