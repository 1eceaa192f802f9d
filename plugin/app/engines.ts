// Which engine the plugin uses for what. Everything else meets them by their interfaces only.

import { loadNative, type Native } from "../../native/index.ts";
import type { Cameras } from "../camera/camera.ts";
import { createCameras } from "../camera/create-cameras.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { PeerEngine } from "../peer/peer.ts";
import { createWrtcEngine, whyNoWrtc } from "../peer/wrtc-engine.ts";
import { createLibp2pSignalling } from "../signalling/libp2p-signalling.ts";
import type { Signalling, SignallingCallbacks } from "../signalling/port.ts";
import { createSound } from "../sound/create-sound.ts";
import type { Sound } from "../sound/sound.ts";
import type { DeviceAccess } from "./availability-service.ts";
import { closedNodes, systemAccess } from "./device-access.ts";
import type { SignallingConfig } from "./signalling-service.ts";
import { unavailableNative } from "./unavailable-native.ts";

/**
 * Made once by main; stopping the plugin closes `sound`, while calls and the signalling service close what
 * they opened.
 */
export interface Engines {
  readonly native: Native;
  /** Why the addon or WebRTC does not load; null when they do. */
  readonly whyNoCalls: string | null;
  readonly cameras: Cameras;
  readonly sound: Sound;
  readonly access: DeviceAccess;
  readonly peers: PeerEngine;
  /** Does not start it. Whoever called this closes it. */
  createSignalling(start: SignallingConfig, callbacks: SignallingCallbacks): Signalling;
}

/**
 * @param logOf gives the log of one part of the process
 * @param env the process's own environment, which names the sound server
 */
export function createEngines(
  native: Native,
  whyNoCalls: string | null,
  logOf: (part: string) => Log,
  env: NodeJS.ProcessEnv,
): Engines {
  return {
    native,
    whyNoCalls: whyNoCalls ?? whyNoWrtc(),
    cameras: createCameras(native),
    sound: createSound({ log: logOf("sound"), env }),
    access: {
      // The addon lists what may not be opened without modes.
      closedCameras: () =>
        native
          .listCameras()
          .filter(({ modes }) => modes.length === 0)
          .map(({ id }) => id),
      closedNodes: () => closedNodes(systemAccess()),
    },
    peers: createWrtcEngine(),
    createSignalling: ({ label, privateKeyFile, settings }, callbacks) =>
      createLibp2pSignalling({ label, privateKeyFile, ...settings, log: logOf("signalling") }, callbacks),
  };
}

/** The addon, or something that says why it is not there. */
export function loadNativeOrExplain(): { native: Native; whyNoCalls: string | null } {
  try {
    return { native: loadNative(), whyNoCalls: null };
  } catch (error) {
    const why = errorText(error);
    return { native: unavailableNative(why), whyNoCalls: why };
  }
}
