// Where the local voice comes from and the remote voice goes: PortAudio in a child process, a tone, or nothing.

import type { Device } from "../../rpc-schema/index.ts";

export const SAMPLE_RATE = 48_000;
/** 10 ms, the only block length that WebRTC's audio source takes. */
export const BLOCK_SAMPLES = 480;

export const TONE_ID = "tone";
export const NONE_ID = "none";
export const AUTO_ID = "auto";

/** The device or the sound process failed; `message` says what and what to do. */
export class SoundError extends Error {
  override readonly name = "SoundError";
}

/** What is done to the voice before it is sent; see the settings of the same names. */
export interface Processing {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly automaticGain: boolean;
}

export interface MicrophoneOptions {
  /** Pitch of `tone`, which is never processed. */
  readonly toneHz: number;
  readonly processing: Processing;
}

export const NO_PROCESSING: Processing = Object.freeze({
  echoCancellation: false,
  noiseSuppression: false,
  automaticGain: false,
});

/** What a device's owner may want to know of its absence; both are told in turn, `onInterrupted` first. */
export interface InterruptionCallbacks {
  /** The device does not work for now: it is tried again until it comes back, is closed, or is lost. */
  onInterrupted?(error: SoundError): void;
  /** It works again, under the same id unless the choice was `auto`. */
  onResumed?(): void;
}

export interface MicrophoneCallbacks extends InterruptionCallbacks {
  /** 10 ms, mono, 16 bit, 48 kHz; an array of its own that covers its whole ArrayBuffer. Not called while muted. */
  onBlock(block: Int16Array): void;
  /** The device ended by itself and was not brought back. `close()` is still owed. */
  onLost(error: SoundError): void;
}

export interface Microphone {
  readonly deviceId: string;
  readonly deviceName: string;
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
  /** 10 ms, mono, at `sampleRate` (WebRTC starts with 16 kHz before it settles on 48 kHz). Copied before it returns. */
  play(block: Int16Array, sampleRate: number): void;
  close(): Promise<void>;
}

export interface SoundDevices {
  readonly microphones: Device[];
  readonly speakers: Device[];
}

export interface Sound {
  /** Lists without opening any. `tone` and `none` are among them. */
  list(): Promise<SoundDevices>;
  /**
   * `auto` (the system's default), `tone`, `none`, or a device id.
   * @throws SoundError, also for `auto` where there is no microphone; RpcError unknownDevice for an id that names nothing.
   */
  openMicrophone(
    choice: string,
    options: MicrophoneOptions,
    callbacks: MicrophoneCallbacks,
  ): Promise<Microphone>;
  /** `auto` (the system's default; nothing where there is none), `none`, or a device id. */
  openSpeaker(
    choice: string,
    onLost: (error: SoundError) => void,
    interruptions?: InterruptionCallbacks,
  ): Promise<Speaker>;
  /**
   * Tells the lists whenever they changed, until the result is called. Looks at what costs nothing every two seconds
   * and lists only when that changed, so watch only while somebody cares.
   */
  watch(onChange: (devices: SoundDevices) => void): () => void;
  /** Closes every device and ends the sound process. Idempotent. */
  close(): Promise<void>;
}
