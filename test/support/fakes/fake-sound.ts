// A Sound without devices, processes or timers. It keeps the contract of the real one (test/contract/sound.contract.ts).
//
//     const sound = createFakeSound();              one microphone `fake:mic`, one speaker `fake:speaker`
//     sound.emitBlock(block)                        the open microphones deliver it; muted ones report its level only
//     sound.played                                  the blocks that the speakers got, oldest first
//     sound.lose("microphone", "unplugged")         its owner's onLost is called
//     sound.plug("microphone", "fake:headset")      subscribers get the new list; unplug() likewise
//     sound.interrupt("speaker", "server gone")     its owner's onInterrupted is called; resume("speaker") likewise
//     sound.report("microphone", { … , notice })     its owner's onStatus is called
//     sound.ringers                                 the speakers that were opened for ringing, with what they played
//     createFakeSound({ format: { sampleRate: 44_100, channels: 2 } })   its devices are ALSA's, and open so
//     sound.failNextOpen = new SoundError("busy")   the next opening of a device is refused

import { peakLevel } from "../../../plugin/sound/level.ts";
import type {
  DeviceStatus,
  InterruptionCallbacks,
  Microphone,
  MicrophoneCallbacks,
  MicrophoneOptions,
  Sound,
  SoundDevices,
  Speaker,
} from "../../../plugin/sound/sound.ts";
import { BLOCK_SAMPLES, SoundError } from "../../../plugin/sound/sound.ts";
import { type OpenedFormat, RpcError } from "../../../rpc-schema/index.ts";

type Direction = "microphone" | "speaker";

export interface PlayedBlock {
  readonly samples: Int16Array;
  readonly sampleRate: number;
}

export interface FakeRinger {
  readonly deviceId: string;
  readonly played: Int16Array[];
  isOpen: boolean;
  onLost(error: SoundError): void;
}

interface FakeHandle {
  readonly id: string;
  isMuted: boolean;
  capture(block: Int16Array): void;
  /** The peak of a block that a muted microphone captured. */
  hear(level: number): void;
  lose(error: SoundError): void;
  readonly interruptions: InterruptionCallbacks;
}

export class FakeSound implements Sound {
  readonly played: PlayedBlock[] = [];
  /** The options of every microphone that was opened or changed, oldest first. */
  readonly microphoneOptions: MicrophoneOptions[] = [];
  failNextOpen: Error | null = null;
  /** Refuses every speaker for ringing. */
  failRinging: Error | null = null;
  /** Every speaker that was opened for ringing, oldest first. */
  readonly ringers: FakeRinger[] = [];
  readonly #devices: Record<Direction, string[]>;
  readonly #open: Record<Direction, Set<FakeHandle>> = { microphone: new Set(), speaker: new Set() };
  readonly #subscribers = new Set<{ onChange(devices: SoundDevices): void }>();
  readonly #format: OpenedFormat | null;
  #isClosed = false;

  /** @param format how ALSA opens the devices; null for devices of a sound server */
  constructor(microphones: string[], speakers: string[], format: OpenedFormat | null = null) {
    this.#devices = { microphone: [...microphones], speaker: [...speakers] };
    this.#format = format;
  }

  async list(): Promise<SoundDevices> {
    this.#refuseWhenClosed();
    const listed = (direction: Direction) =>
      this.#choices(direction).map((id, index) => {
        const opened = this.openIds(direction).includes(id) ? this.#formatOf(id) : null;
        const device = { id, name: `Fake ${id}`, isDefault: index === 0 };
        return opened === null ? device : { ...device, opened };
      });
    return { microphones: listed("microphone"), speakers: listed("speaker") };
  }

  async openMicrophone(
    choice: string,
    options: MicrophoneOptions,
    callbacks: MicrophoneCallbacks,
  ): Promise<Microphone> {
    this.microphoneOptions.push(options);
    const handle = this.#take("microphone", choice, {
      capture: (block) => callbacks.onBlock(block),
      hear: (level) => callbacks.onMutedLevel?.(level),
      lose: (error) => callbacks.onLost(error),
      interruptions: callbacks,
    });
    return {
      ...this.#named(handle),
      setMuted(muted) {
        handle.isMuted = muted;
      },
      setProcessing: (processing) => void this.microphoneOptions.push({ ...options, processing }),
      close: async () => void this.#open.microphone.delete(handle),
    };
  }

  async openSpeaker(
    choice: string,
    onLost: (error: SoundError) => void,
    interruptions: InterruptionCallbacks = {},
  ): Promise<Speaker> {
    const handle = this.#take("speaker", choice, {
      capture: () => undefined,
      hear: () => undefined,
      lose: onLost,
      interruptions,
    });
    return {
      ...this.#named(handle),
      delayMs: 0,
      play: (block, sampleRate) => {
        if (handle.id === "none" || !this.#open.speaker.has(handle)) return;
        this.played.push({ samples: block.slice(), sampleRate });
      },
      close: async () => void this.#open.speaker.delete(handle),
    };
  }

  async openRinger(choice: string, onLost: (error: SoundError) => void): Promise<Speaker> {
    this.#refuseWhenClosed();
    if (this.failRinging) throw this.failRinging;
    const named = this.#named({ id: this.#choose("speaker", choice) });
    const { deviceId } = named;
    const ringer: FakeRinger = { deviceId, played: [], isOpen: true, onLost };
    this.ringers.push(ringer);
    return {
      ...named,
      delayMs: 0,
      play: (block) => {
        if (ringer.isOpen) ringer.played.push(block.slice());
      },
      close: async () => {
        ringer.isOpen = false;
      },
    };
  }

  idOf(_direction: Direction, choice: string): string {
    return choice.replace(/^former:/, "fake:");
  }

  watch(onChange: (devices: SoundDevices) => void): () => void {
    this.#refuseWhenClosed();
    const subscriber = { onChange };
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#subscribers.clear();
    this.#open.microphone.clear();
    this.#open.speaker.clear();
    for (const ringer of this.ringers) ringer.isOpen = false;
  }

  /** Ids of the open devices. */
  openIds(direction: Direction): string[] {
    return [...this.#open[direction]].map(({ id }) => id);
  }

  emitBlock(block: Int16Array = new Int16Array(BLOCK_SAMPLES)): void {
    for (const handle of this.#open.microphone) {
      if (handle.id === "none") continue;
      if (handle.isMuted) handle.hear(peakLevel(block));
      else handle.capture(block.slice());
    }
  }

  lose(direction: Direction, why: string): void {
    for (const handle of this.#open[direction]) handle.lose(new SoundError(why));
  }

  interrupt(direction: Direction, why: string): void {
    for (const handle of this.#open[direction]) handle.interruptions.onInterrupted?.(new SoundError(why));
  }

  resume(direction: Direction): void {
    for (const handle of this.#open[direction]) handle.interruptions.onResumed?.();
  }

  /** Calls the owners' `onStatus`, as a sound server's report does. */
  report(direction: Direction, status: DeviceStatus): void {
    for (const handle of this.#open[direction]) handle.interruptions.onStatus?.(status);
  }

  /** Adds the device first in the list, so that `auto` means it. Resolves after the subscribers were called. */
  async plug(direction: Direction, id: string): Promise<void> {
    this.#devices[direction].unshift(id);
    await this.#notifySubscribers();
  }

  async unplug(direction: Direction, id: string): Promise<void> {
    this.#devices[direction] = this.#devices[direction].filter((one) => one !== id);
    await this.#notifySubscribers();
  }

  /** The number of subscribers. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  async #notifySubscribers(): Promise<void> {
    const lists = await this.list();
    for (const { onChange } of this.#subscribers) onChange(lists);
  }

  #choices(direction: Direction): string[] {
    const builtIn = direction === "microphone" ? ["tone", "none"] : ["none"];
    return [...this.#devices[direction], ...builtIn];
  }

  #take(direction: Direction, choice: string, owner: Omit<FakeHandle, "id" | "isMuted">): FakeHandle {
    this.#refuseWhenClosed();
    const id = this.#choose(direction, choice);
    const error = this.failNextOpen;
    this.failNextOpen = null;
    if (error) throw error;
    const isDevice = this.#devices[direction].includes(id);
    if (isDevice && this.openIds(direction).some((open) => this.#devices[direction].includes(open))) {
      throw new SoundError(`a ${direction} is open already; close it first`);
    }
    const handle: FakeHandle = { id, isMuted: false, ...owner };
    this.#open[direction].add(handle);
    return handle;
  }

  /** @returns the device's id */
  #choose(direction: Direction, choice: string): string {
    const choices = this.#choices(direction);
    const id = choice === "auto" ? (choices[0] ?? "none") : choice;
    if (choice === "auto" && id === "tone") throw new SoundError("there is no microphone");
    if (!choices.includes(id)) {
      const expected = `one of auto, ${choices.join(", ")}`;
      const issues = [{ field: direction, value: JSON.stringify(choice), expected }];
      throw new RpcError("unknownDevice", `no ${direction} ${JSON.stringify(choice)}; expected ${expected}`, {
        issues,
      });
    }
    return id;
  }

  #named({ id }: { id: string }): Pick<Speaker, "deviceId" | "deviceName" | "opened"> {
    return { deviceId: id, deviceName: `Fake ${id}`, opened: this.#formatOf(id) };
  }

  /** The built-in devices have none. */
  #formatOf(id: string): OpenedFormat | null {
    return id === "tone" || id === "none" ? null : this.#format;
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new SoundError("sound was closed");
  }
}

export function createFakeSound(
  devices: { microphones?: string[]; speakers?: string[]; format?: OpenedFormat } = {},
): FakeSound {
  const { microphones = ["fake:mic"], speakers = ["fake:speaker"], format = null } = devices;
  return new FakeSound(microphones, speakers, format);
}
