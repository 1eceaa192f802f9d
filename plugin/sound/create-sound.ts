// Implements Sound: resolves a settings value to a device, and provides the microphones and speakers without a device.
// supervision/ opens devices and keeps them open.

import type { Device } from "../../rpc-schema/index.ts";
import { RpcError } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { Direction, NamedDevice } from "./device-names.ts";
import { resampleLinear } from "./playback/resample.ts";
import type { DeviceLists } from "./process/sound-messages.ts";
import type {
  InterruptionCallbacks,
  Microphone,
  MicrophoneCallbacks,
  MicrophoneOptions,
  Sound,
  SoundDevices,
  Speaker,
} from "./sound.ts";
import { AUTO_ID, BLOCK_SAMPLES, NONE_ID, SAMPLE_RATE, SoundError, TONE_ID } from "./sound.ts";
import { monitorDeviceList, soundSigns } from "./supervision/device-list-monitor.ts";
import type { DeviceOwner, Opening } from "./supervision/device-supervisor.ts";
import { DeviceSupervisor } from "./supervision/device-supervisor.ts";
import type { StallLimits } from "./supervision/monitored-child.ts";
import { soundServerSocket } from "./supervision/server-monitor.ts";
import { createTone, paceBlocks } from "./tone.ts";

interface SoundOptions {
  readonly log: Log;
  /** The sound process's environment. Without it the plugin's own is used, and the sound server is not monitored. */
  readonly env?: NodeJS.ProcessEnv;
  /** When an open device counts as stuck. The default suits real devices. */
  readonly stallLimits?: StallLimits;
  /** Waits in milliseconds before each try to reopen devices. */
  readonly retryWaitsMs?: readonly number[];
}

class ProcessSound implements Sound {
  readonly #options: SoundOptions;
  readonly #supervisor: DeviceSupervisor;
  readonly #virtual = new Set<{ close(): Promise<void> }>();
  readonly #monitors = new Set<() => void>();
  #listing: Promise<DeviceLists> | null = null;
  #isClosed = false;

  constructor(options: SoundOptions) {
    this.#options = options;
    this.#supervisor = new DeviceSupervisor(options);
  }

  async list(): Promise<SoundDevices> {
    this.#refuseWhenClosed();
    const { microphones, speakers } = await this.#scan();
    return {
      microphones: [
        ...microphones.map(publicDevice),
        { id: TONE_ID, name: "Test tone", isDefault: false },
        { id: NONE_ID, name: "No microphone", isDefault: false },
      ],
      speakers: [
        ...speakers.map(publicDevice),
        { id: NONE_ID, name: "No speaker", isDefault: speakers.length === 0 },
      ],
    };
  }

  async openMicrophone(
    choice: string,
    { toneHz, processing }: MicrophoneOptions,
    callbacks: MicrophoneCallbacks,
  ): Promise<Microphone> {
    this.#refuseWhenClosed();
    if (choice === TONE_ID) return this.#trackVirtual(openTone(toneHz, callbacks));
    if (choice === NONE_ID) return this.#trackVirtual(silentMicrophone());
    const opening = await this.#open("microphone", choice, callbacks);
    if (opening.result === "unknown") {
      // A missing microphone must not fall back to the tone.
      if (choice === AUTO_ID) throw new SoundError("there is no microphone");
      throw unknownDevice("microphone", choice, [AUTO_ID, ...opening.known, TONE_ID, NONE_ID]);
    }
    let isOpen = true;
    this.#supervisor.setProcessing(processing);
    return {
      deviceId: opening.id,
      deviceName: opening.name,
      setMuted: (muted) => {
        if (isOpen) this.#supervisor.setMuted(muted);
      },
      setProcessing: (next) => {
        if (isOpen) this.#supervisor.setProcessing(next);
      },
      close: () => {
        const wasOpen = isOpen;
        isOpen = false;
        return wasOpen ? this.#supervisor.close("microphone") : Promise.resolve();
      },
    };
  }

  async openSpeaker(
    choice: string,
    onLost: (error: SoundError) => void,
    interruptions: InterruptionCallbacks = {},
  ): Promise<Speaker> {
    this.#refuseWhenClosed();
    if (choice === NONE_ID) return silentSpeaker();
    const owner: DeviceOwner = {
      onBlock: ignore,
      onLost,
      onInterrupted: (error) => interruptions.onInterrupted?.(error),
      onResumed: () => interruptions.onResumed?.(),
    };
    const opening = await this.#open("speaker", choice, owner);
    if (opening.result === "unknown") {
      if (choice === AUTO_ID) return silentSpeaker();
      throw unknownDevice("speaker", choice, [AUTO_ID, ...opening.known, NONE_ID]);
    }
    return this.#speaker(opening.id, opening.name);
  }

  watch(onChange: (devices: SoundDevices) => void): () => void {
    this.#refuseWhenClosed();
    const stop = monitorDeviceList({
      readSigns: () => soundSigns(soundServerSocket(this.#options.env ?? {})),
      list: () => this.list(),
      onChange,
      onError: (error) => this.#options.log("debug", `the devices could not be listed: ${errorText(error)}`),
    });
    this.#monitors.add(stop);
    return () => {
      this.#monitors.delete(stop);
      stop();
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#monitors) stop();
    for (const device of this.#virtual) await device.close();
    await this.#supervisor.closeAll();
  }

  #speaker(deviceId: string, deviceName: string): Speaker {
    let isOpen = true;
    let lastSample = 0;
    return {
      deviceId,
      deviceName,
      play: (block, sampleRate) => {
        if (!isOpen || block.length === 0) return;
        const samples = new Int16Array(BLOCK_SAMPLES);
        if (sampleRate === SAMPLE_RATE) samples.set(block.subarray(0, BLOCK_SAMPLES));
        else lastSample = resampleLinear(block, samples, lastSample);
        this.#supervisor.play(new Uint8Array(samples.buffer));
      },
      close: () => {
        const wasOpen = isOpen;
        isOpen = false;
        return wasOpen ? this.#supervisor.close("speaker") : Promise.resolve();
      },
    };
  }

  /** PortAudio aborts when it finds no sound system. Then there is no device, which `auto` accepts. */
  async #open(direction: Direction, choice: string, owner: DeviceOwner): Promise<Opening> {
    try {
      return await this.#supervisor.open(direction, choice, owner);
    } catch (error) {
      if (this.#isClosed || choice !== AUTO_ID || !(error instanceof SoundError)) throw error;
      const { microphones, speakers } = await this.#scan();
      const devices = direction === "microphone" ? microphones : speakers;
      if (devices.length > 0) throw error;
      this.#options.log("warn", `no ${direction}: ${error.message}`);
      return { result: "unknown", known: [] };
    }
  }

  /** Without a list of devices `tone` and `none` still work. */
  async #scan(): Promise<DeviceLists> {
    this.#listing ??= this.#supervisor.list().finally(() => {
      this.#listing = null;
    });
    try {
      return await this.#listing;
    } catch (error) {
      if (!(error instanceof SoundError)) throw error;
      this.#options.log("warn", `sound devices cannot be listed: ${error.message}`);
      return { microphones: [], speakers: [] };
    }
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new SoundError("sound was closed");
  }

  #trackVirtual(microphone: Microphone): Microphone {
    const close = async () => {
      this.#virtual.delete(tracked);
      await microphone.close();
    };
    const tracked: Microphone = { ...microphone, close };
    this.#virtual.add(tracked);
    return tracked;
  }
}

function openTone(toneHz: number, callbacks: MicrophoneCallbacks): Microphone {
  const nextBlock = createTone(toneHz);
  let isMuted = false;
  const stop = paceBlocks(() => {
    const block = nextBlock();
    if (!isMuted) callbacks.onBlock(block);
  });
  return {
    deviceId: TONE_ID,
    deviceName: "Test tone",
    setMuted(muted) {
      isMuted = muted;
    },
    setProcessing: ignore,
    async close() {
      stop();
    },
  };
}

function silentMicrophone(): Microphone {
  return {
    deviceId: NONE_ID,
    deviceName: "No microphone",
    setMuted: ignore,
    setProcessing: ignore,
    close: nothingToClose,
  };
}

function silentSpeaker(): Speaker {
  return { deviceId: NONE_ID, deviceName: "No speaker", play: ignore, close: nothingToClose };
}

function ignore(): void {
  // The device "none" accepts all calls and does nothing.
}

async function nothingToClose(): Promise<void> {
  // "none" holds no resources.
}

function publicDevice({ id, name, isDefault }: NamedDevice): Device {
  return { id, name, isDefault };
}

function unknownDevice(direction: Direction, choice: string, known: string[]): RpcError {
  const expected = `one of ${known.join(", ")}`;
  return new RpcError(
    "unknownDevice",
    `there is no ${direction} ${JSON.stringify(choice)}; expected ${expected}`,
    {
      issues: [{ field: direction, value: JSON.stringify(choice), expected }],
    },
  );
}

/** The first listing or opening starts the sound process. */
export function createSound(options: SoundOptions): Sound {
  return new ProcessSound(options);
}
