// The interface to microphones and speakers: PortAudio devices, a test tone, or none.

import type { Device, OpenedFormat } from "../../rpc-schema/index.ts";

export const SAMPLE_RATE = 48_000;
/** 10 ms, the only block length that WebRTC's audio source takes. */
export const BLOCK_SAMPLES = 480;

export const TONE_ID = "tone";
export const NONE_ID = "none";
export const AUTO_ID = "auto";

/** The device or the sound process failed. `message` names the failure and the remedy. */
export class SoundError extends Error {
  override readonly name = "SoundError";
}

/** Processing of the voice before it is sent; see the settings of the same names. */
export interface Processing {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly automaticGain: boolean;
}

export interface MicrophoneOptions {
  /** Pitch of `tone`. The tone is never processed. */
  readonly toneHz: number;
  readonly processing: Processing;
}

export const NO_PROCESSING: Processing = Object.freeze({
  echoCancellation: false,
  noiseSuppression: false,
  automaticGain: false,
});

/** What the sound server reports about an open device. */
export interface DeviceStatus {
  /** Another device than the opened one when the system's sound settings moved the sound. */
  readonly deviceId: string;
  readonly deviceName: string;
  /** What keeps sound from passing, or which device the system chose; null when nothing is unusual. */
  readonly notice: string | null;
}

/** The first two are called alternately, `onInterrupted` first. */
export interface InterruptionCallbacks {
  /** The device stopped working. It is reopened until it works, is closed, or is lost. */
  onInterrupted?(error: SoundError): void;
  /** The device works again, under the same id unless the choice was `auto`. */
  onResumed?(): void;
  /** The status of the open device has changed. Devices that ALSA opens by itself have none. */
  onStatus?(status: DeviceStatus): void;
}

export interface MicrophoneCallbacks extends InterruptionCallbacks {
  /** 10 ms, mono, 16 bit, 48 kHz. The array covers its whole ArrayBuffer. Not called while muted. */
  onBlock(block: Int16Array): void;
  /** Peak of what the microphone captured while muted, 0 to 1, about five times a second. Built-in microphones report none. */
  onMutedLevel?(level: number): void;
  /** The device failed and could not be reopened. The owner must still call `close()`. */
  onLost(error: SoundError): void;
}

export interface Microphone {
  readonly deviceId: string;
  readonly deviceName: string;
  /** How ALSA opened the device; null for one of a sound server, and where there is no device. */
  readonly opened: OpenedFormat | null;
  /** While muted no block leaves the capturing process. */
  setMuted(muted: boolean): void;
  /** Takes effect with the next block. */
  setProcessing(processing: Processing): void;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface Speaker {
  readonly deviceId: string;
  readonly deviceName: string;
  /** As a microphone's. */
  readonly opened: OpenedFormat | null;
  /** From `play()` until the sound card has the sound, in milliseconds. */
  readonly delayMs: number;
  /** 10 ms, mono, at `sampleRate` (WebRTC starts with 16 kHz before it settles on 48 kHz). Copied before it returns. */
  play(block: Int16Array, sampleRate: number): void;
  close(): Promise<void>;
}

export interface SoundDevices {
  readonly microphones: Device[];
  readonly speakers: Device[];
}

export interface Sound {
  /** Lists all devices, including `tone` and `none`, without opening any. A device that ALSA opened says how. */
  list(): Promise<SoundDevices>;
  /**
   * `auto` (the system's default), `tone`, `none`, or a device id.
   * @throws SoundError, also for `auto` when there is no microphone; RpcError unknownDevice for an unknown id
   */
  openMicrophone(
    choice: string,
    options: MicrophoneOptions,
    callbacks: MicrophoneCallbacks,
  ): Promise<Microphone>;
  /** `auto` (the system's default, or silence when there is none), `none`, or a device id. */
  openSpeaker(
    choice: string,
    onLost: (error: SoundError) => void,
    interruptions?: InterruptionCallbacks,
  ): Promise<Speaker>;
  /**
   * Opens a second speaker beside that of a call, for ringing. Only one can be open; the next one waits for its end.
   * @param choice as for {@link openSpeaker}
   * @throws SoundError; RpcError unknownDevice for an unknown id
   */
  openRinger(choice: string, onLost: (error: SoundError) => void): Promise<Speaker>;
  /**
   * Settings may hold an id of an earlier version, which names a device of the sound server in another way.
   * @returns the id that the lists have for it, or `auto`; the same text where there is none
   */
  idOf(direction: "microphone" | "speaker", choice: string): string;
  /**
   * Reports the lists whenever they change, until the returned function is called. Checks cheap signs every two seconds
   * and lists the devices when a sign changes, which starts a process. Watch only while the list is shown.
   */
  watch(onChange: (devices: SoundDevices) => void): () => void;
  /** Closes every device and ends the sound process. Idempotent. */
  close(): Promise<void>;
}
