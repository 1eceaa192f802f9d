// The engines that the plugin uses. All other code depends on their interfaces only.

import { tmpdir } from "node:os";
import { loadNative, loadX11, type Native } from "../../native/index.ts";
import { loadPipeWire } from "../../native/pipewire.ts";
import { createDesktopNotifier, sessionBusAddress } from "../alerts/desktop-notifier.ts";
import type { CallNotifier, NotificationChoices } from "../alerts/notifier.ts";
import type { Cameras } from "../camera/camera.ts";
import { type CameraNotes, cameraNotePath, createCameraNotes } from "../camera/camera-notes.ts";
import { mayCapture } from "../camera/capture-nodes.ts";
import { createCameras } from "../camera/create-cameras.ts";
import { createPipeWireCameras, type PipeWireCameras } from "../camera/pipewire-cameras.ts";
import { createCameraPortal } from "../camera/portal/camera-portal.ts";
import { errorText } from "../common/error-text.ts";
import { libraryInTheWay } from "../common/library-path.ts";
import { openDescriptorBus } from "../dbus/bus.ts";
import { runtimeFolder } from "../diagnostics/runtime-file.ts";
import type { Log } from "../log.ts";
import { whyNoRoom } from "../peer/descriptor-room.ts";
import type { PeerEngine } from "../peer/peer.ts";
import { createWrtcEngine, whyNoWrtc } from "../peer/wrtc-engine.ts";
import type { DaemonOffer } from "../priority/real-time-daemon.ts";
import { busAddressesOf, connectToRealTimeKit } from "../priority/realtime-kit.ts";
import { createSoundPriority, type SoundPriority } from "../priority/sound-priority.ts";
import { createScreens } from "../screen/create-screens.ts";
import type { Screens } from "../screen/screens.ts";
import { createLibp2pSignalling } from "../signalling/libp2p-signalling.ts";
import type { Signalling, SignallingCallbacks } from "../signalling/port.ts";
import { createSound } from "../sound/create-sound.ts";
import type { Sound } from "../sound/sound.ts";
import type { DeviceAccess } from "./availability-service.ts";
import { closedNodes, systemAccess } from "./device-access.ts";
import type { SignallingConfig } from "./signalling-service.ts";
import { unavailableNative } from "./unavailable-native.ts";

/** Created once by main. Stopping the plugin closes `sound`; calls and the signalling service close what they opened. */
export interface Engines {
  readonly native: Native;
  /** Why the addon or WebRTC does not load; null when they do. */
  readonly whyNoCalls: string | null;
  /** What to do about it; null for the general advice. */
  readonly remedy: string | null;
  readonly cameras: Cameras;
  readonly screens: Screens;
  readonly sound: Sound;
  readonly access: DeviceAccess;
  readonly peers: PeerEngine;
  /** Why this process has no room for a call at present; null if it has. */
  whyNoRoom(): string | null;
  /** The caller closes it. */
  createNotifier(choices: NotificationChoices): CallNotifier;
  /** Does not start it. The caller closes it. */
  createSignalling(start: SignallingConfig, callbacks: SignallingCallbacks): Signalling;
}

/**
 * @param logOf creates the log of one part of the process
 * @param env the process's environment, which names the sound server
 */
export function createEngines(
  { native, whyNoCalls, remedy }: LoadedNative,
  logOf: (part: string) => Log,
  env: NodeJS.ProcessEnv,
): Engines {
  const priority = systemSoundPriority(native, env, logOf("priority"));
  const cameras = systemCameras(native, logOf("camera"), env);
  return {
    native,
    whyNoCalls: whyNoCalls ?? whyNoWrtc(),
    remedy,
    cameras,
    screens: systemScreens(env, logOf("screen")),
    sound: createSound({
      log: logOf("sound"),
      env,
      engine: native,
      beforeStart: () => native.closeOnExec(),
      onRunning: (pid) => priority.soundRuns(pid),
    }),
    access: {
      closedCameras: () =>
        cameras
          .list()
          .filter(({ problem }) => problem !== undefined)
          .map(({ id }) => id),
      closedNodes: () => closedNodes(systemAccess(mayCapture)),
    },
    peers: createWrtcEngine(undefined, { libraryPath: env.LD_LIBRARY_PATH }),
    whyNoRoom: () => whyNoRoom(),
    createNotifier: (choices) =>
      createDesktopNotifier({ busAddress: sessionBusAddress(env), choices, log: logOf("alerts") }),
    createSignalling: ({ label, privateKeyFile, settings }, callbacks) =>
      createLibp2pSignalling({ label, privateKeyFile, ...settings, log: logOf("signalling") }, callbacks),
  };
}

/** For `doctor` too. @param env the process's environment, which names the display and the session bus */
export function systemScreens(env: NodeJS.ProcessEnv, log: Log): Screens {
  return createScreens(env, { busAddress: sessionBusAddress(env), loadX11, loadPipeWire, log });
}

/** For `doctor` too. @param env the process's environment */
export async function systemRealTimeOffer(env: NodeJS.ProcessEnv): Promise<DaemonOffer | null> {
  const daemon = await connectToRealTimeKit(busAddressesOf(env, sessionBusAddress(env)), () => undefined);
  daemon?.disconnect();
  return daemon?.offer ?? null;
}

function systemSoundPriority(native: Native, env: NodeJS.ProcessEnv, log: Log): SoundPriority {
  const addresses = busAddressesOf(env, sessionBusAddress(env));
  return createSoundPriority({
    system: native,
    connect: () => connectToRealTimeKit(addresses, (why) => log("debug", `no real time from ${why}`)),
    log,
  });
}

export interface LoadedNative {
  /** The addon, or a replacement whose errors say why it did not load. */
  readonly native: Native;
  /** Null when the addon is loaded. */
  readonly whyNoCalls: string | null;
  /** What to do, if that is known; null for the general advice. */
  readonly remedy: string | null;
}

/** @param libraryPath the environment's LD_LIBRARY_PATH. @param load loads the addon */
export function loadNativeOrExplain(libraryPath: string | undefined, load = loadNative): LoadedNative {
  try {
    return { native: load(), whyNoCalls: null, remedy: null };
  } catch (error) {
    const problem = errorText(error);
    const inTheWay = libraryInTheWay(problem, libraryPath);
    const why = inTheWay ? `${inTheWay.reason}: ${problem}` : problem;
    return { native: unavailableNative(why), whyNoCalls: why, remedy: inTheWay?.remedy ?? null };
  }
}

/** The cameras of the machine, also for the tools. @param env the process's environment, which names PipeWire's daemon */
export function systemCameras(native: Native, log: Log, env: NodeJS.ProcessEnv): Cameras {
  return createCameras(native, undefined, undefined, {
    notes: systemCameraNotes(env),
    pipewire: systemPipeWireCameras(env, log),
  });
}

/** For `doctor` too, which has the time to wait for a portal that has to start. @param mostWaitMs see `ready()` */
export function systemPipeWireCameras(
  env: NodeJS.ProcessEnv,
  log: Log,
  mostWaitMs?: number,
): PipeWireCameras {
  const connect = async (onClosed: () => void) => {
    const busAddress = sessionBusAddress(env);
    if (busAddress === null) throw new Error("there is no session bus");
    return openDescriptorBus(busAddress, loadPipeWire().openDescriptorSocket, onClosed);
  };
  return createPipeWireCameras({
    ...{ env, log },
    ...(mostWaitMs === undefined ? {} : { mostWaitMs }),
    openPortal: (onChange) => createCameraPortal({ connect, onChange, log }),
  });
}

function systemCameraNotes(env: NodeJS.ProcessEnv): CameraNotes {
  return createCameraNotes(systemCameraNotePath(env));
}

export function systemCameraNotePath(env: NodeJS.ProcessEnv): string {
  return cameraNotePath(runtimeFolder(env.XDG_RUNTIME_DIR, tmpdir(), process.getuid?.() ?? 0));
}
