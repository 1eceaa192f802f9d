// What the effects of the charts work with: the engines, the settings, and the media of every live call.

import type { Native } from "../../native/types.ts";
import type { Signal } from "../../rpc-schema/index.ts";
import type { Cameras, OpenCamera } from "../camera/camera.ts";
import { monotonicMs, stampUs } from "../common/clock.ts";
import { errorText } from "../common/error-text.ts";
import type { PlaceOfPeer } from "../common/peer-place.ts";
import type { OnRefused } from "../common/refusals.ts";
import type { Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { PeerEngine } from "../peer/peer.ts";
import type { CapturedScreen, Screens } from "../screen/screens.ts";
import type { Microphone, Sound, Speaker } from "../sound/sound.ts";
import { CallMedia } from "./call-media.ts";
import { CheckExchange } from "./check-code/check-exchange.ts";
import type { DeviceHolder } from "./device-holder.ts";
import { createDeviceMonitor, type DeviceMonitor } from "./device-monitor.ts";
import { createDeviceMutex, type DeviceMutex } from "./device-mutex.ts";
import { HeldCameras } from "./held-cameras.ts";
import { createMeasurementChannel, type MeasurementChannel } from "./measurements.ts";
import { PeerBudget } from "./peer-budget.ts";
import type { SettingsSource } from "./settings-change.ts";

/** Each effect closes what it opens through these. The environment closes none of them. */
export interface CallEngines {
  readonly native: Pick<Native, "createScaler">;
  readonly cameras: Cameras;
  readonly screens: Screens;
  readonly sound: Sound;
  readonly peers: PeerEngine;
  readonly frames: Frames;
  /** @throws SignallingError, also while signalling does not run */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** Where the peer is at the moment, as far as its signalling shows it. */
  readonly placeOfPeer: PlaceOfPeer;
  /** Whether the user has chosen the peer. */
  isKnown(peerId: string): boolean;
  readonly settings: SettingsSource;
  /** Something of a peer was refused. */
  readonly onRefused: OnRefused;
  readonly log: Log;
}

/**
 * One for the whole process. All calls share the mutexes of the devices, since a call may end while the next one begins.
 */
export interface CallEnvironment extends CallEngines {
  /** The media of a call, created at its first use. */
  mediaOf(callId: string): CallMedia;
  /** The check code of a call, created at its first use. */
  checkOf(callId: string): CheckExchange;
  /** Drops the call's media and its check code, and ends its frame streams. The charts release its devices and connection. */
  endCall(callId: string): void;
  readonly cameraMutex: DeviceMutex<DeviceHolder<OpenCamera>>;
  /** The cameras that those holders have, for handing over. */
  readonly heldCameras: HeldCameras;
  readonly microphoneMutex: DeviceMutex<DeviceHolder<Microphone>>;
  readonly speakerMutex: DeviceMutex<DeviceHolder<Speaker>>;
  readonly screenMutex: DeviceMutex<CapturedScreen>;
  /** Resolves when every device that a call has released is closed. */
  devicesClosed(): Promise<void>;
  readonly devices: DeviceMonitor;
  readonly measurements: MeasurementChannel;
  /** How often a peer may make our host ring. */
  readonly ringBudget: PeerBudget;
  /** How often we answer a peer outside of any call. */
  readonly refusalBudget: PeerBudget;
  /** How many signals of a peer reach the charts. */
  readonly signalBudget: PeerBudget;
}

/** Enough for a person who calls again and again, too little for a program that does. */
export const RINGS = { burst: 6, refillMs: 10_000, strangers: { burst: 12, refillMs: 5_000 } };
/** Each refusal costs a message. A peer that gets none shows a ringing call for a while, which harms only itself. */
export const REFUSALS = { burst: 20, refillMs: 1_000, strangers: { burst: 60, refillMs: 100 } };
/**
 * A call needs about 60 signals, and a burst of candidates about 20. Each is parsed, checked and recorded. A stranger sends few,
 * because it becomes known when its call is accepted.
 */
export const SIGNALS = { burst: 512, refillMs: 16, strangers: { burst: 256, refillMs: 16 } };

export function createCallEnvironment(engines: CallEngines): CallEnvironment {
  const { frames, log, native, settings } = engines;
  const media = new Map<string, CallMedia>();
  const budgets = { isKnown: engines.isKnown, nowMs: monotonicMs };
  const closeFailed = (error: unknown) => log("error", `closing a device failed: ${errorText(error)}`);

  const mediaOf = (callId: string): CallMedia => {
    const known = media.get(callId);
    if (known) return known;
    const made = new CallMedia({
      showFrame: (source, frame) => frames.offer(callId, source, frame),
      setLocalContent: (content) => frames.setContent(callId, "local", content),
      nowUs: stampUs,
      createScaler: () => native.createScaler(),
      captureConstraints: () => settings.get().picture,
      onError: (error) => log("warn", `a frame was not sent: ${errorText(error)}`),
    });
    media.set(callId, made);
    return made;
  };

  const cameraMutex = createDeviceMutex<DeviceHolder<OpenCamera>>(closeFailed);
  const microphoneMutex = createDeviceMutex<DeviceHolder<Microphone>>(closeFailed);
  const speakerMutex = createDeviceMutex<DeviceHolder<Speaker>>(closeFailed);
  const screenMutex = createDeviceMutex<CapturedScreen>(closeFailed);
  const checks = new Map<string, CheckExchange>();
  const checkOf = (callId: string): CheckExchange => {
    const check = checks.get(callId) ?? new CheckExchange(callId);
    checks.set(callId, check);
    return check;
  };
  return {
    ...engines,
    mediaOf,
    checkOf,
    cameraMutex,
    heldCameras: new HeldCameras(),
    microphoneMutex,
    speakerMutex,
    screenMutex,
    endCall(callId) {
      media.get(callId)?.stop();
      media.delete(callId);
      checks.delete(callId);
      frames.endCall(callId);
    },
    async devicesClosed() {
      await Promise.all([cameraMutex, microphoneMutex, speakerMutex, screenMutex].map((one) => one.idle()));
    },
    devices: createDeviceMonitor(engines),
    measurements: createMeasurementChannel(),
    ringBudget: new PeerBudget({ ...RINGS, ...budgets }),
    refusalBudget: new PeerBudget({ ...REFUSALS, ...budgets }),
    signalBudget: new PeerBudget({
      ...SIGNALS,
      ...budgets,
      onRefused: () => engines.onRefused("signal"),
    }),
  };
}
