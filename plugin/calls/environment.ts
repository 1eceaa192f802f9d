// What the effects of the charts work with: the engines behind their interfaces, and the media of every live call.

import type { Native, VideoFrame } from "../../native/types.ts";
import type { FrameSource, Settings, Signal } from "../../rpc-schema/index.ts";
import type { Cameras, OpenCamera } from "../camera/camera.ts";
import { errorText } from "../common/error-text.ts";
import type { Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { PeerEngine } from "../peer/peer.ts";
import type { Microphone, Sound, Speaker } from "../sound/sound.ts";
import { CallMedia } from "./call-media.ts";
import type { DeviceHolder } from "./device-holder.ts";
import { createDeviceMonitor, type DeviceMonitor } from "./device-monitor.ts";
import { createDeviceMutex, type DeviceMutex } from "./device-mutex.ts";
import { PeerBudget } from "./peer-budget.ts";
import { createMeasurementChannel, type MeasurementChannel } from "./sampler.ts";

/** Each part closes what it opens through these; none of them is closed here. */
export interface CallEngines {
  readonly native: Pick<Native, "createScaler">;
  readonly cameras: Cameras;
  readonly sound: Sound;
  readonly peers: PeerEngine;
  readonly frames: Frames;
  /** @throws SignallingError, also while there is no signalling */
  send(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  /** Those of the moment; what a running call heeds at once is told to its charts (settings-news.ts). */
  settings(): Settings;
  readonly log: Log;
}

/**
 * One for the whole process. A device has one turn for all calls, since a call may end while the next begins.
 */
export interface CallEnvironment extends CallEngines {
  /** The media of a call; made when first asked for. */
  mediaOf(callId: string): CallMedia;
  /** Ends the call's frame streams too. Its devices and connection are released by their charts. */
  endCall(callId: string): void;
  readonly cameraMutex: DeviceMutex<DeviceHolder<OpenCamera>>;
  readonly microphoneMutex: DeviceMutex<DeviceHolder<Microphone>>;
  readonly speakerMutex: DeviceMutex<DeviceHolder<Speaker>>;
  readonly devices: DeviceMonitor;
  readonly measurements: MeasurementChannel;
  /** How often a peer may make our host ring. */
  readonly ringBudget: PeerBudget;
  /** How often a peer is answered outside of any call. */
  readonly refusalBudget: PeerBudget;
}

/** Somebody who calls again and again is let through; a machine that does is not. */
const RINGS = { burst: 6, refillMs: 10_000 };
/** Each costs a message; a peer that gets none thinks for a while that it rings, which harms nobody but itself. */
const REFUSALS = { burst: 20, refillMs: 1_000 };

/**
 * On the clock of the cameras' stamps, Unix time; finer than Date.now, whose milliseconds would blur the
 * delay measured.
 */
const nowUs = () => (performance.timeOrigin + performance.now()) * 1000;

export function createCallEnvironment(engines: CallEngines): CallEnvironment {
  const { frames, log, native, settings } = engines;
  const media = new Map<string, CallMedia>();
  const closeFailed = (error: unknown) => log("error", `closing a device failed: ${errorText(error)}`);

  const mediaOf = (callId: string): CallMedia => {
    const known = media.get(callId);
    if (known) return known;
    const showFrame = (source: FrameSource, frame: VideoFrame) => frames.offer(callId, source, frame);
    const made = new CallMedia({
      showFrame,
      nowUs,
      createScaler: () => native.createScaler(),
      captureConstraints: () => settings().picture,
      onError: (error) => log("warn", `a picture was not sent: ${errorText(error)}`),
    });
    media.set(callId, made);
    return made;
  };

  return {
    ...engines,
    mediaOf,
    endCall(callId) {
      media.get(callId)?.stop();
      media.delete(callId);
      frames.endCall(callId);
    },
    cameraMutex: createDeviceMutex<DeviceHolder<OpenCamera>>(closeFailed),
    microphoneMutex: createDeviceMutex<DeviceHolder<Microphone>>(closeFailed),
    speakerMutex: createDeviceMutex<DeviceHolder<Speaker>>(closeFailed),
    devices: createDeviceMonitor(engines),
    measurements: createMeasurementChannel(),
    ringBudget: new PeerBudget({ ...RINGS, nowMs: () => performance.now() }),
    refusalBudget: new PeerBudget({ ...REFUSALS, nowMs: () => performance.now() }),
  };
}
