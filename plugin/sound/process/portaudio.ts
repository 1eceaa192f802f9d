// PortAudio through naudiodon. Only the sound process may load it: it prints to fd 1 and blocks its thread while it opens a
// device. When the audio server has died, JavaScript cannot end it.

// Must be the first import.
import "./no-crash-handler.ts";
import naudiodon from "naudiodon";
import type { AlsaFormat } from "../../../native/sound-device.ts";
import type { Native } from "../../../native/types.ts";
import { errorText } from "../../common/error-text.ts";
import { createCaptureConverter } from "../device-format/capture-converter.ts";
import { blocksOf, type ConversionEngine, type DeviceBlocks } from "../device-format/device-blocks.ts";
import {
  convertsByItself,
  type DeviceFormat,
  formatsToTry,
  formatText,
  PLAIN,
} from "../device-format/device-format.ts";
import { createPlaybackConverter, type FillBlock } from "../device-format/playback-converter.ts";
import type { Direction, NamedDevice } from "../device-names.ts";
import { findDevice, nameDevices } from "../device-names.ts";
import type { DeviceLists, OpenedDevice } from "./sound-messages.ts";

/** An open device. */
export interface OpenDevice extends OpenedDevice {
  /** Blocks of 10 ms that were captured or played. */
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

/** The part of the addon that finds and converts formats. */
export type FormatEngine = ConversionEngine & Pick<Native, "alsaFormats">;

export interface OpenOptions {
  /** The server converts, so its devices are opened with one channel at 48 kHz. */
  readonly isServers: boolean;
  /** Null without the addon. Then only 48 kHz can be used. */
  readonly engine: FormatEngine | null;
}

/** PortAudio's texts for a format that the device does not have. */
const WRONG_FORMAT =
  /Invalid sample rate|Invalid number of channels|Illegal combination of I\/O devices|Unanticipated host error/;

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

function streamOptions(device: NamedDevice, { format, frames, bytes }: DeviceBlocks, maxQueue: number) {
  return {
    deviceId: device.index,
    sampleRate: format.sampleRate,
    channelCount: format.channels,
    sampleFormat: naudiodon.SampleFormat16Bit,
    framesPerBuffer: frames,
    highwaterMark: bytes,
    maxQueue,
    // With the default a single overrun would end the stream.
    closeOnError: false,
  } as const;
}

/** @throws UnknownDeviceError; Error with PortAudio's reason. */
export function openMicrophone(
  choice: string,
  options: OpenOptions,
  onBytes: (bytes: Uint8Array) => void,
): OpenDevice {
  const device = choose("microphone", choice);
  const { blocks: device10Ms, opened: stream } = openFitting("microphone", device, options, (blocks) =>
    naudiodon.AudioIO({ inOptions: streamOptions(device, blocks, MAX_CAPTURED_BLOCKS) }),
  );
  const converter = createCaptureConverter(device10Ms, options.engine, onBytes);
  let blocks = 0;
  stream.on("data", (bytes: Buffer) => {
    blocks += 1;
    converter.push(bytes);
  });
  const { delayMs } = converter;
  return start("microphone", { device, format: device10Ms.format, delayMs }, stream, () => blocks);
}

/**
 * Asks `fill` for the next block whenever the device has space, so the device's clock sets the pace. `fill` calls back
 * within 20 ms.
 * @throws UnknownDeviceError; Error with PortAudio's reason.
 */
export function openSpeaker(choice: string, options: OpenOptions, fill: FillBlock): OpenDevice {
  const device = choose("speaker", choice);
  const { blocks: device10Ms, opened: stream } = openFitting("speaker", device, options, (blocks) =>
    naudiodon.AudioIO({ outOptions: streamOptions(device, blocks, MAX_PLAYED_BLOCKS) }),
  );
  const converter = createPlaybackConverter(device10Ms, options.engine, fill);
  let blocks = 0;
  let isClosed = false;
  const samples = new Int16Array(device10Ms.frames * device10Ms.format.channels);
  const bytes = Buffer.from(samples.buffer);
  // naudiodon copies the bytes before write() returns, so one buffer is enough.
  const writeNext = () => {
    if (!isClosed) converter.fill(samples, write);
  };
  const write = () => {
    if (isClosed) return;
    stream.write(bytes, () => {
      blocks += 1;
      writeNext();
    });
  };
  const { delayMs } = converter;
  const opened = start("speaker", { device, format: device10Ms.format, delayMs }, stream, () => blocks);
  writeNext();
  return {
    ...opened,
    close() {
      isClosed = true;
      return opened.close();
    },
  };
}

/** Tries formats until the device takes one. @throws Error that names the formats when it takes none, or PortAudio's other reason */
function openFitting<Stream>(
  direction: Direction,
  device: NamedDevice,
  { isServers, engine }: OpenOptions,
  open: (blocks: DeviceBlocks) => Stream,
): { blocks: DeviceBlocks; opened: Stream } {
  const formats = isServers
    ? [PLAIN]
    : formatsToTry({ ...device, formats: offeredFormats(direction, device, engine) }, engine !== null);
  let reason = "";
  for (const format of formats) {
    const blocks = blocksOf(format);
    try {
      return { blocks, opened: open(blocks) };
    } catch (error) {
      reason = errorText(error);
      if (!WRONG_FORMAT.test(reason)) throw error;
    }
  }
  throw new Error(`${device.name} takes none of: ${formats.map(formatText).join(", ")} (${reason})`);
}

/** @returns null without an answer, as of a busy device; PortAudio then has the better reason, or opens it after a wait */
function offeredFormats(
  direction: Direction,
  device: NamedDevice,
  engine: FormatEngine | null,
): readonly AlsaFormat[] | null {
  if (engine === null || convertsByItself(device)) return null;
  try {
    return engine.alsaFormats(device.pcm, direction);
  } catch (error) {
    console.error(`the formats of ${device.name} are not known: ${errorText(error)}`);
    return null;
  }
}

interface Opened {
  readonly device: NamedDevice;
  readonly format: DeviceFormat;
  readonly delayMs: number;
}

function start(
  direction: Direction,
  { device, format, delayMs }: Opened,
  stream: { start(): void; quit(done: () => void): void },
  blocks: () => number,
): OpenDevice {
  const close = () => new Promise<void>((resolve) => stream.quit(resolve));
  verify(direction, device);
  stream.start();
  return { id: device.id, name: device.name, format, delayMs, blocks, close };
}
