// Implements Sound: resolves a settings value to a device, and provides the microphones and speakers without a device.
// supervision/ opens devices and keeps them open.

import type { Device } from "../../rpc-schema/index.ts";
import { RpcError } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import { isExhaustion } from "../common/system-failure.ts";
import type { Log } from "../log.ts";
import type { Direction, NamedDevice } from "./device-names.ts";
import { resampleLinear } from "./playback/resample.ts";
import type { DeviceLists } from "./process/sound-messages.ts";
import { hasPulsePlugin } from "./server/alsa-plugin.ts";
import { bareCards } from "./server/bare-cards.ts";
import { devicesOf, Router } from "./server/router.ts";
import { choicesOf, findChoice, isServerId, meansDefault, publicChoice } from "./server/server-devices.ts";
import { SoundServer, type SoundServerEngine } from "./server/sound-server.ts";
import { SpeakerBuffer } from "./server/speaker-buffer.ts";
import type {
  InterruptionCallbacks,
  Microphone,
  MicrophoneCallbacks,
  MicrophoneOptions,
  Sound,
  SoundDevices,
  Speaker,
} from "./sound.ts";
import {
  AUTO_ID,
  BLOCK_SAMPLES,
  NO_PROCESSING,
  NONE_ID,
  type Processing,
  SAMPLE_RATE,
  SoundError,
  TONE_ID,
} from "./sound.ts";
import { monitorDeviceList, soundSigns } from "./supervision/device-list-monitor.ts";
import { DeviceLister } from "./supervision/device-lister.ts";
import type { DeviceOwner } from "./supervision/device-supervisor.ts";
import { DeviceSupervisor } from "./supervision/device-supervisor.ts";
import type { StallLimits } from "./supervision/monitored-child.ts";
import { type Opening, withOpenDevices } from "./supervision/open-device.ts";
import { soundServerSocket } from "./supervision/server-monitor.ts";
import { createTone, paceBlocks } from "./tone.ts";

interface SoundOptions {
  readonly log: Log;
  /**
   * The environment of the sound processes, which names the sound server. Without it the plugin's own is used, and the server is
   * neither listed nor monitored.
   */
  readonly env?: NodeJS.ProcessEnv;
  /** Reaches the sound server. Without it all devices are opened through ALSA. */
  readonly engine?: SoundServerEngine | undefined;
  /** Called before each sound process starts. */
  readonly beforeStart?: () => void;
  /** Called often while the sound process of this id moves blocks. */
  readonly onRunning?: (pid: number) => void;
  /** When an open device counts as stuck. The default suits real devices. */
  readonly stallLimits?: StallLimits;
  /** Within which a sound process answers. The default suits real machines. */
  readonly requestMs?: number;
  /** Waits in milliseconds before each try to reopen devices. */
  readonly retryWaitsMs?: readonly number[];
}

const NO_DEVICES: DeviceLists = { microphones: [], speakers: [] };

class ProcessSound implements Sound {
  readonly #options: SoundOptions;
  readonly #server: SoundServer;
  readonly #buffer: SpeakerBuffer;
  readonly #lister: DeviceLister;
  readonly #microphone: DeviceSupervisor;
  readonly #speaker: DeviceSupervisor;
  /** Beside the speaker of a call, which may open or close at the same time. */
  readonly #ringer: DeviceSupervisor;
  readonly #virtual = new Set<{ close(): Promise<void> }>();
  readonly #monitors = new Set<() => void>();
  #listing: Promise<DeviceLists> | null = null;
  #lastLists = NO_DEVICES;
  #isClosed = false;

  constructor(options: SoundOptions) {
    this.#options = options;
    const { engine, env, log } = options;
    const isUsable = env !== undefined && hasPulsePlugin(env.ALSA_PLUGIN_DIR);
    this.#server = new SoundServer(isUsable ? (engine ?? null) : null, env, log);
    this.#buffer = new SpeakerBuffer(env);
    this.#lister = new DeviceLister(options);
    const shared = { ...options, router: new Router(this.#server, env, this.#buffer), server: this.#server };
    this.#microphone = new DeviceSupervisor({ ...shared, direction: "microphone" });
    this.#speaker = new DeviceSupervisor({ ...shared, direction: "speaker" });
    this.#ringer = new DeviceSupervisor({ ...shared, direction: "speaker" });
  }

  async list(): Promise<SoundDevices> {
    this.#refuseWhenClosed();
    const listed = await this.#listDevices();
    const microphones = withOpenDevices(listed.microphones, [this.#microphone.current]);
    const speakers = withOpenDevices(listed.speakers, [this.#speaker.current, this.#ringer.current]);
    return {
      microphones: [
        ...microphones,
        { id: TONE_ID, name: "Test tone", isDefault: false },
        { id: NONE_ID, name: "No microphone", isDefault: false },
      ],
      speakers: [
        ...speakers,
        { id: NONE_ID, name: "No speaker", isDefault: !speakers.some(({ isDefault }) => isDefault) },
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
      if (meansDefault(choice)) throw new SoundError("there is no microphone");
      throw unknownDevice("microphone", choice, [AUTO_ID, ...opening.known, TONE_ID, NONE_ID]);
    }
    let isOpen = true;
    this.#process(processing);
    return {
      deviceId: opening.id,
      deviceName: opening.name,
      opened: opening.format,
      setMuted: (muted) => {
        if (isOpen) this.#microphone.setMuted(muted);
      },
      setProcessing: (next) => {
        if (isOpen) this.#process(next);
      },
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        this.#process(NO_PROCESSING);
        await this.#microphone.close();
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
      // The echo canceller runs in the microphone's process and needs what is played.
      onBlock: (block) => this.#microphone.play(new Uint8Array(block.buffer)),
      onLost,
      onInterrupted: (error) => interruptions.onInterrupted?.(error),
      onResumed: () => {
        this.#microphone.restartVoice();
        interruptions.onResumed?.();
      },
      onStatus: (status) => interruptions.onStatus?.(status),
    };
    this.#buffer.choose();
    const opening = await this.#open("speaker", choice, owner);
    if (opening.result === "unknown") {
      if (meansDefault(choice)) return silentSpeaker();
      throw unknownDevice("speaker", choice, [AUTO_ID, ...opening.known, NONE_ID]);
    }
    this.#microphone.restartVoice();
    return openedSpeaker(opening, this.#speaker, this.#buffer);
  }

  async openRinger(choice: string, onLost: (error: SoundError) => void): Promise<Speaker> {
    this.#refuseWhenClosed();
    if (choice === NONE_ID) return silentSpeaker();
    // What rings is no part of the echo that the microphone of a call has to lose.
    const opening = await this.#ringer.open(choice, { onBlock: ignore, onLost });
    if (opening.result === "opened") return openedSpeaker(opening, this.#ringer, this.#buffer);
    if (meansDefault(choice)) return silentSpeaker();
    throw unknownDevice("speaker", choice, [AUTO_ID, ...opening.known, NONE_ID]);
  }

  idOf(direction: Direction, choice: string): string {
    const { state } = this.#server;
    if (state === null) return choice;
    if (meansDefault(choice)) return AUTO_ID;
    return findChoice(devicesOf(choicesOf(state), direction), choice)?.id ?? choice;
  }

  watch(onChange: (devices: SoundDevices) => void): () => void {
    this.#refuseWhenClosed();
    const stop = monitorDeviceList({
      readSigns: () => soundSigns(soundServerSocket(this.#options.env ?? {})),
      list: () => this.list(),
      // The server reports its changes. Without one the signs are all there is.
      onHint: (check) => this.#server.follow({ onState: check }),
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
    this.#lister.close();
    await Promise.all([this.#microphone, this.#speaker, this.#ringer].map((device) => device.closeAll()));
    await this.#server.close();
  }

  /** The speaker's process passes on what it plays only while the microphone's cancels echo. */
  #process(processing: Processing): void {
    this.#microphone.setProcessing(processing);
    this.#speaker.setProcessing(processing);
  }

  /** PortAudio aborts when it finds no sound system. Then there is no device, which `auto` accepts. */
  async #open(direction: Direction, choice: string, owner: DeviceOwner): Promise<Opening> {
    try {
      const supervisor = direction === "microphone" ? this.#microphone : this.#speaker;
      return await supervisor.open(choice, owner);
    } catch (error) {
      if (this.#isClosed || choice !== AUTO_ID || !(error instanceof SoundError)) throw error;
      if ((await this.#server.current()) !== null) throw error;
      const { microphones, speakers } = await this.#scan();
      const devices = direction === "microphone" ? microphones : speakers;
      if (devices.length > 0) throw error;
      this.#options.log("warn", `no ${direction}: ${error.message}`);
      return { result: "unknown", known: [] };
    }
  }

  /** The sound server's devices, and the cards that it does not hold; without a server those of ALSA. */
  async #listDevices(): Promise<SoundDevices> {
    const state = await this.#server.current();
    if (state === null) {
      const { microphones, speakers } = await this.#scan();
      return { microphones: microphones.map(publicDevice), speakers: speakers.map(publicDevice) };
    }
    const { microphones, speakers } = choicesOf(state);
    const cards = bareCards(state);
    const bare = cards.size > 0 ? await this.#scan() : { microphones: [], speakers: [] };
    const ofCards = (devices: readonly NamedDevice[]) =>
      devices
        .filter(({ card }) => card !== null && cards.has(card))
        .map((device) => ({ ...publicDevice(device), isDefault: false }));
    return {
      microphones: [...microphones.map(publicChoice), ...ofCards(bare.microphones)],
      speakers: [...speakers.map(publicChoice), ...ofCards(bare.speakers)],
    };
  }

  /** Without a list of devices `tone` and `none` still work. */
  async #scan(): Promise<DeviceLists> {
    this.#refuseWhenClosed();
    this.#listing ??= this.#lister.list().finally(() => {
      this.#listing = null;
    });
    try {
      this.#lastLists = await this.#listing;
      return this.#lastLists;
    } catch (error) {
      if (!(error instanceof SoundError)) throw error;
      this.#options.log("warn", `sound devices cannot be listed: ${error.message}`);
      // While no process can be started, no device is known to be gone.
      return isExhaustion(error.cause) ? this.#lastLists : NO_DEVICES;
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

/** @param supervisor keeps the speaker open */
function openedSpeaker(
  { id, name, format, delayMs }: Extract<Opening, { result: "opened" }>,
  supervisor: DeviceSupervisor,
  buffer: SpeakerBuffer,
): Speaker {
  let isOpen = true;
  let lastSample = 0;
  return {
    deviceId: id,
    deviceName: name,
    opened: format,
    delayMs: buffer.delayMs(isServerId(id)) + delayMs,
    play: (block, sampleRate) => {
      if (!isOpen || block.length === 0) return;
      const samples = new Int16Array(BLOCK_SAMPLES);
      if (sampleRate === SAMPLE_RATE) samples.set(block.subarray(0, BLOCK_SAMPLES));
      else lastSample = resampleLinear(block, samples, lastSample);
      supervisor.play(new Uint8Array(samples.buffer));
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await supervisor.close();
    },
  };
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
    opened: null,
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
    opened: null,
    setMuted: ignore,
    setProcessing: ignore,
    close: nothingToClose,
  };
}

function silentSpeaker(): Speaker {
  return {
    deviceId: NONE_ID,
    deviceName: "No speaker",
    opened: null,
    delayMs: 0,
    play: ignore,
    close: nothingToClose,
  };
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
