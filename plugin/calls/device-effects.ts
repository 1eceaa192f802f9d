// The charts' activities that hold a device open: camera, microphone, speaker. An activity that is stopped releases
// its device, whatever stage it was at.

import { fromCallback } from "xstate";
import type { Settings } from "../../rpc-schema/index.ts";
import type { DeviceInput, MediaEvent, MicrophoneCommand, OpenDevice } from "../../statecharts/index.ts";
import type { OpenCamera } from "../camera/camera.ts";
import type { Log } from "../log.ts";
import type { Microphone, MicrophoneOptions, Speaker } from "../sound/sound.ts";
import { type CallContext, textOf } from "./context.ts";
import type { DeviceTurn } from "./device-turn.ts";

type Report = (event: MediaEvent) => void;
type Held = OpenDevice & { close(): Promise<void> };

/** The settings' word for it. */
const NO_CAMERA = "none";

interface Holding<D extends Held> {
  readonly kind: "camera" | "microphone" | "speaker";
  readonly turn: DeviceTurn<D>;
  /** `isHeld` turns false at the release; the device may still give pictures or samples until it is closed. */
  open(onLost: (error: unknown) => void, isHeld: () => boolean): Promise<D>;
  /** Connects the device with its call, and null when it goes. */
  attach(device: D | null): void;
}

export function createDeviceEffects(context: CallContext) {
  return {
    camera: cameraEffect(context),
    microphone: microphoneEffect(context),
    speaker: speakerEffect(context),
  };
}

function hold<D extends Held>(
  { kind, turn, open, attach }: Holding<D>,
  report: Report,
  log: Log,
): () => void {
  let isHeld = true;
  const lost = (error: unknown) => {
    if (!isHeld) return;
    log("warn", `${kind} lost: ${textOf(error)}`);
    report({ type: `device.${kind}Lost`, why: textOf(error) });
  };
  const opened = (device: D) => {
    attach(device);
    report({
      type: `device.${kind}Opened`,
      deviceId: device.deviceId,
      deviceName: device.deviceName,
    });
  };
  const release = turn.hold(() => open(lost, () => isHeld), opened, lost);
  return () => {
    isHeld = false;
    attach(null);
    release();
  };
}

function cameraEffect({ cameras, settings, mediaOf, cameraTurn, log }: CallContext) {
  return fromCallback<{ type: "none" }, DeviceInput>(({ input, sendBack }) => {
    const report = sendBack as Report;
    const choice = input.choice ?? settings().camera;
    if (choice === NO_CAMERA) {
      report({ type: "device.cameraAbsent" });
      return undefined;
    }
    const media = mediaOf(input.callId);
    const holding: Holding<OpenCamera> = {
      kind: "camera",
      turn: cameraTurn,
      open: (onError, isHeld) =>
        cameras.open(choice, settings().picture, {
          onFrame: (frame) => {
            if (isHeld()) media.cameraFrame(frame);
          },
          onError,
        }),
      attach: (device) => {
        media.camera = device;
      },
    };
    return hold(holding, report, log);
  });
}

function microphoneEffect({ sound, settings, mediaOf, microphoneTurn, log }: CallContext) {
  return fromCallback<MicrophoneCommand, DeviceInput>(({ input, sendBack, receive }) => {
    const media = mediaOf(input.callId);
    let isMuted = false;
    receive((command) => {
      isMuted = command.type === "mute";
      media.microphone?.setMuted(isMuted);
    });
    const holding: Holding<Microphone> = {
      kind: "microphone",
      turn: microphoneTurn,
      open: (onLost, isHeld) =>
        sound.openMicrophone(input.choice ?? settings().microphone, microphoneOptions(settings()), {
          // Blocks that left the capturing process before it heard of the mute are dropped here.
          onBlock: (block) => {
            if (isHeld() && !isMuted) media.microphoneBlock(block);
          },
          onLost,
        }),
      attach: (device) => {
        device?.setMuted(isMuted);
        media.microphone = device;
      },
    };
    return hold(holding, sendBack as Report, log);
  });
}

function microphoneOptions({ toneHz, ...settings }: Settings): MicrophoneOptions {
  const { echoCancellation, noiseSuppression, automaticGain } = settings;
  return { toneHz, processing: { echoCancellation, noiseSuppression, automaticGain } };
}

function speakerEffect({ sound, settings, mediaOf, speakerTurn, log }: CallContext) {
  return fromCallback<{ type: "none" }, DeviceInput>(({ input, sendBack }) => {
    const media = mediaOf(input.callId);
    const holding: Holding<Speaker> = {
      kind: "speaker",
      turn: speakerTurn,
      open: (onLost) => sound.openSpeaker(input.choice ?? settings().speaker, onLost),
      attach: (device) => {
        media.speaker = device;
      },
    };
    return hold(holding, sendBack as Report, log);
  });
}
