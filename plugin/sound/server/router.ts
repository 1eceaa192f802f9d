// Decides by which way a chosen device is opened: through the sound server if there is one, else through ALSA. Gives the
// environment that makes ALSA's pulse plugin open exactly this device and name its stream.

import { fileURLToPath } from "node:url";
import { type ServerState, STREAM_PROPERTY } from "../../../native/sound-server.ts";
import type { Direction } from "../device-names.ts";
import { AUTO_ID, SoundError } from "../sound.ts";
import { bareCards } from "./bare-cards.ts";
import {
  choicesOf,
  findChoice,
  isOrdinary,
  isServerId,
  meansDefault,
  type ServerChoice,
  type ServerChoices,
  unusableText,
} from "./server-devices.ts";
import type { SoundServer } from "./sound-server.ts";
import type { SpeakerBuffer } from "./speaker-buffer.ts";

/** How the sound process opens a device. */
export interface Target {
  /** For PortAudio. */
  readonly choice: string;
  /** The sound process's environment. */
  readonly env: NodeJS.ProcessEnv | undefined;
  /** Null for a device that ALSA opens by itself. */
  readonly server: ServerTarget | null;
}

export interface ServerTarget {
  readonly device: ServerChoice;
  /** Whether the user left the choice to the system, so that the stream may follow the server's default. */
  readonly isAutomatic: boolean;
  /** Identifies the stream among the server's. */
  readonly token: string;
}

export type Resolution =
  | { readonly result: "target"; readonly target: Target }
  /** The server does not have the device. `known` are the ids of those that it has. */
  | { readonly result: "unknown"; readonly known: string[] };

/** Names the program in volume controls, and tells the server that this is a call: pulse/proplist.h. */
const PROPERTIES = {
  "application.name": "Goop² call",
  "application.icon_name": "call-start",
  "application.process.binary": "goop-call-plugin",
  "media.role": "phone",
};
const CONFIGURATION = fileURLToPath(new URL("sound-server.conf", import.meta.url));

export class Router {
  readonly #server: SoundServer;
  readonly #env: NodeJS.ProcessEnv | undefined;
  readonly #buffer: Pick<SpeakerBuffer, "environment">;
  #opened = 0;

  constructor(
    server: SoundServer,
    env: NodeJS.ProcessEnv | undefined,
    buffer: Pick<SpeakerBuffer, "environment">,
  ) {
    this.#server = server;
    this.#env = env;
    this.#buffer = buffer;
  }

  /**
   * @param needsServer whether the device is unknown while there is no server
   * @throws SoundError for `auto` when the server has no real one
   */
  async resolve(direction: Direction, choice: string, needsServer: boolean): Promise<Resolution> {
    const state = await this.#server.current();
    if (state === null && (needsServer || isServerId(choice))) return { result: "unknown", known: [] };
    if (state === null) return this.#throughAlsa(choice);
    const devices = devicesOf(choicesOf(state), direction);
    const device = findChoice(devices, choice);
    if (device) return { result: "target", target: this.#through(direction, device, state, choice) };
    if (meansDefault(choice)) {
      if (direction === "microphone" && devices.length > 0) {
        throw new SoundError(noMicrophone(devices, state.defaultSource));
      }
    } else if (choice.startsWith("ALSA:") && bareCards(state).size > 0) {
      return this.#throughAlsa(choice);
    }
    return { result: "unknown", known: devices.map(({ id }) => id) };
  }

  #throughAlsa(choice: string): Resolution {
    return { result: "target", target: { choice, env: this.#env, server: null } };
  }

  #through(direction: Direction, device: ServerChoice, state: ServerState, choice: string): Target {
    this.#opened += 1;
    const token = `${process.pid}-${direction}-${this.#opened}`;
    const isAutomatic = meansDefault(choice);
    const defaultName = direction === "microphone" ? state.defaultSource : state.defaultSink;
    const variable = direction === "microphone" ? "PULSE_SOURCE" : "PULSE_SINK";
    // A stream without a device of its own follows the server's default when the user changes it.
    const follows = isAutomatic && device.serverName === defaultName;
    const properties = { ...PROPERTIES, [STREAM_PROPERTY]: token };
    const env = {
      ...this.#env,
      ...(follows ? {} : { [variable]: device.serverName }),
      ...(direction === "speaker" ? this.#buffer.environment : {}),
      PULSE_PROP_OVERRIDE: Object.entries(properties)
        .map(([key, value]) => `${key}='${value}'`)
        .join(" "),
      ALSA_CONFIG_PATH: CONFIGURATION,
    };
    return { choice: AUTO_ID, env, server: { device, isAutomatic, token } };
  }
}

export function devicesOf(choices: ServerChoices, direction: Direction): readonly ServerChoice[] {
  return direction === "microphone" ? choices.microphones : choices.speakers;
}

/**
 * @param defaultName the server's name of its default source
 * @returns why `auto` uses no microphone, as text for the user
 */
export function noMicrophone(devices: readonly ServerChoice[], defaultName: string): string {
  const isDefault = ({ serverName }: ServerChoice) => serverName === defaultName;
  const unusable = devices.find(isDefault) ?? devices[0];
  if (unusable === undefined || isOrdinary(unusable.kind)) return "there is no microphone";
  return `there is no microphone: the system's default is ${unusable.name}, ${unusableText(unusable)}`;
}
