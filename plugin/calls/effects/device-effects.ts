// The media chart's activities that hold a device open: camera, microphone, speaker, screen. Stopping an activity releases its
// device, even while it is being opened.

import { isDeepStrictEqual } from "node:util";
import { fromCallback } from "xstate";
import type { CaptureConstraints } from "../../../native/types.ts";
import type { Settings } from "../../../rpc-schema/index.ts";
import type {
  CameraCommand,
  CameraInput,
  DeviceInput,
  MediaEvent,
  MicrophoneCommand,
  OpenDevice,
  UseCommand,
} from "../../../statecharts/index.ts";
import type { CameraCallbacks, OpenCamera } from "../../camera/camera.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type {
  InterruptionCallbacks,
  Microphone,
  MicrophoneOptions,
  Processing,
  Speaker,
} from "../../sound/sound.ts";
import type { CallMedia } from "../call-media.ts";
import { type DeviceCallbacks, DeviceHolder, type DeviceHolderOptions } from "../device-holder.ts";
import type { DeviceMutex } from "../device-mutex.ts";
import type { CallEnvironment } from "../environment.ts";
import { HeldCamera } from "../held-cameras.ts";
import { screenEffect } from "./screen-effects.ts";

type Report = (event: MediaEvent) => void;
type HeldDevice = OpenDevice & { close(): Promise<void> };

/** Values of the settings. */
const NO_CAMERA = "none";
const AUTO = "auto";

interface HoldOptions<D extends HeldDevice>
  extends Pick<DeviceHolderOptions<D>, "open" | "attach" | "isSame" | "isOutdated" | "overlaps"> {
  readonly kind: "camera" | "microphone" | "speaker";
  readonly mutex: DeviceMutex<DeviceHolder<D>>;
  readonly choice: string;
}

/**
 * For mediaMachine's `provide`. Each activity reports `device.…Opened` when a device opens, and `device.…Lost` for a
 * failure at any time.
 */
export function createDeviceEffects(environment: CallEnvironment) {
  return {
    camera: cameraEffect(environment),
    microphone: microphoneEffect(environment),
    speaker: speakerEffect(environment),
    screen: screenEffect(environment),
    deviceList: deviceListEffect(environment),
  };
}

/** Reports nothing after `release`. */
export function hold<D extends HeldDevice>(
  { kind, mutex, choice, ...device }: HoldOptions<D>,
  report: Report,
  log: Log,
) {
  let isHeld = true;
  const lost = (error: unknown, deviceId?: string) => {
    if (!isHeld) return;
    log("warn", `${kind} lost: ${errorText(error)}`);
    const failed = deviceId === undefined ? {} : { deviceId };
    report({ type: `device.${kind}Lost`, why: errorText(error), ...failed });
  };
  const holder = new DeviceHolder<D>({
    ...device,
    onOpened: ({ deviceId, deviceName }) => {
      if (isHeld) report({ type: `device.${kind}Opened`, deviceId, deviceName });
    },
    onLost: lost,
    onRefused: (refused, error) => {
      log("warn", `${kind} ${refused} did not open, the old one stays: ${errorText(error)}`);
      if (isHeld && kind === "camera") {
        report({ type: "device.cameraRefused", deviceId: refused, why: errorText(error) });
      }
    },
    onCloseFailed: (error) => log("error", `closing a ${kind} failed: ${errorText(error)}`),
  });
  const release = mutex.hold(
    () => holder.openFirst(choice),
    (opened) => opened.attachFirst(),
    (error) => lost(error),
  );
  return {
    use: (next: string) => holder.switchTo(next),
    renew: () => holder.optionsChanged(),
    release() {
      isHeld = false;
      holder.release();
      release();
    },
  };
}

function cameraEffect(environment: CallEnvironment) {
  return fromCallback<CameraCommand, CameraInput>(({ input, sendBack, receive }) => {
    const report = sendBack as Report;
    const choice = input.choice ?? environment.settings.get().camera;
    if (choice === NO_CAMERA) {
      report({ type: "device.cameraAbsent" });
      return undefined;
    }
    const { callId } = input;
    const owner = {};
    const { heldCameras } = environment;
    let held = input.isAllowed ? null : heldCameras.take(callId, owner);
    // The own picture of the ringing call goes on, but it is not sent yet.
    held?.handOver(choice, ({ type }) => {
      if (type !== "device.cameraLost") return;
      heldCameras.release(callId, owner);
      held = null;
    });
    const open = () => {
      held ??= heldCameras.take(callId, owner);
      held?.handOver(choice, report);
      held ??= heldCameras.keep(
        callId,
        owner,
        new HeldCamera(choice, report, (own) => holdCamera(environment, callId, choice, own)),
      );
    };
    if (input.isAllowed) open();
    receive((command) => {
      if (command.type === "allow") open();
      else if (command.type === "renew") held?.renew();
      else if (command.choice === NO_CAMERA) report({ type: "device.cameraAbsent" });
      else held?.use(command.choice);
    });
    return () => heldCameras.release(callId, owner);
  });
}

function holdCamera(
  { cameras, settings, mediaOf, cameraMutex, log }: CallEnvironment,
  callId: string,
  choice: string,
  report: Report,
) {
  const media = mediaOf(callId);
  const pictures = new WeakMap<OpenCamera, CaptureConstraints>();
  return hold<OpenCamera>(
    {
      kind: "camera",
      mutex: cameraMutex,
      choice,
      overlaps: true,
      isSame: ({ deviceId }, next) =>
        deviceId === next || (next === AUTO && isDefaultCamera(cameras.list(), deviceId)),
      isOutdated: (device) => !isDeepStrictEqual(pictures.get(device), settings.get().picture),
      open: async (next, callbacks) => {
        const { picture } = settings.get();
        const own = cameraCallbacks(media, report, log, callbacks);
        const device = await cameras.open(next, picture, own, callbacks.signal);
        pictures.set(device, picture);
        return device;
      },
      attach: (device) => {
        media.camera = device;
      },
    },
    report,
    log,
  );
}

/** Reports to the chart that nothing which the camera sends can be shown, and that it can be again. */
function cameraCallbacks(
  media: CallMedia,
  report: Report,
  log: Log,
  { onLost, isCurrent, onAlive, onStalled }: DeviceCallbacks,
): CameraCallbacks {
  return {
    onFrame: (frame) => {
      onAlive();
      if (isCurrent()) media.cameraFrame(frame);
    },
    onError: onLost,
    onInterrupted: (reason) => {
      log("warn", `camera: ${reason}`);
      onStalled(reason);
      if (!isCurrent()) return;
      media.cameraInterrupted();
      report({ type: "device.cameraInterrupted", why: reason });
    },
    onResumed: ({ fourcc, width, height }) => {
      log("info", `camera: its pictures can be shown again, as ${fourcc} ${width}x${height}`);
      if (isCurrent()) report({ type: "device.cameraResumed" });
    },
    onTrouble: (message) => log("warn", `camera: ${message}`),
  };
}

function isDefaultCamera(cameras: readonly { id: string; isDefault: boolean }[], deviceId: string): boolean {
  return cameras.some(({ id, isDefault }) => isDefault && id === deviceId);
}

function microphoneEffect({ sound, settings, mediaOf, microphoneMutex, log }: CallEnvironment) {
  return fromCallback<MicrophoneCommand, DeviceInput>(({ input, sendBack, receive }) => {
    const media = mediaOf(input.callId);
    const report = sendBack as Report;
    let isMuted = false;
    // The settings changed while the microphone was being opened with the old ones.
    let isOutdated = false;
    const held = hold<Microphone>(
      {
        kind: "microphone",
        mutex: microphoneMutex,
        choice: input.choice ?? settings.get().microphone,
        overlaps: false,
        // Choosing the same microphone again reopens it with the current settings.
        isSame: () => false,
        open: (choice, { onLost, isCurrent }) =>
          sound.openMicrophone(choice, microphoneOptions(settings.get()), {
            // Drops the blocks that left the capturing process before the mute reached it.
            onBlock: (block) => {
              if (isCurrent() && !isMuted) media.microphoneBlock(block);
            },
            onMutedLevel: (level) => {
              if (isCurrent() && isMuted) media.mutedMicrophoneLevel(level);
            },
            onLost,
            ...interruptionsOf("microphone", report, media, isCurrent),
          }),
        attach: (device) => {
          device?.setMuted(isMuted);
          if (isOutdated) device?.setProcessing(processingOf(settings.get()));
          isOutdated = false;
          media.microphone = device;
          if (device === null) delete media.soundStatus.microphone;
        },
      },
      report,
      log,
    );
    receive((command) => {
      if (command.type === "use") {
        held.use(command.choice);
        return;
      }
      if (command.type === "process") {
        media.microphone?.setProcessing(processingOf(settings.get()));
        isOutdated = media.microphone === null;
        return;
      }
      isMuted = command.type === "mute";
      media.microphone?.setMuted(isMuted);
    });
    return held.release;
  });
}

function microphoneOptions(settings: Settings): MicrophoneOptions {
  return { toneHz: settings.toneHz, processing: processingOf(settings) };
}

function processingOf({ echoCancellation, noiseSuppression, automaticGain }: Settings): Processing {
  return { echoCancellation, noiseSuppression, automaticGain };
}

/**
 * Reports to the chart that a device has stopped working for now, and that it works again. The status is kept for the host;
 * the charts do not use it.
 */
export function interruptionsOf(
  kind: "microphone" | "speaker",
  report: Report,
  media: CallMedia,
  isCurrent: () => boolean,
): InterruptionCallbacks {
  return {
    onStatus: (status) => {
      // The first report comes while the device is being opened.
      media.soundStatus[kind] = status;
    },
    onInterrupted: ({ message }) => {
      if (isCurrent()) report({ type: `device.${kind}Interrupted`, why: message });
    },
    onResumed: () => {
      if (isCurrent()) report({ type: `device.${kind}Resumed` });
    },
  };
}

function speakerEffect({ sound, settings, mediaOf, speakerMutex, log }: CallEnvironment) {
  return fromCallback<UseCommand, DeviceInput>(({ input, sendBack, receive }) => {
    const media = mediaOf(input.callId);
    const report = sendBack as Report;
    const held = hold<Speaker>(
      {
        kind: "speaker",
        mutex: speakerMutex,
        choice: input.choice ?? settings.get().speaker,
        overlaps: false,
        isSame: ({ deviceId }, next) => deviceId === next,
        open: (choice, { onLost, isCurrent }) =>
          sound.openSpeaker(choice, onLost, interruptionsOf("speaker", report, media, isCurrent)),
        attach: (device) => {
          media.speaker = device;
          if (device === null) delete media.soundStatus.speaker;
        },
      },
      report,
      log,
    );
    receive(({ choice }) => held.use(choice));
    return held.release;
  });
}

/** Reports the machine's devices to the chart, together with the current settings for them. */
function deviceListEffect({ devices, settings, sound }: CallEnvironment) {
  return fromCallback<{ type: "none" }, { callId: string }>(({ sendBack }) => {
    const report = sendBack as Report;
    return devices.subscribe((list) => {
      const { camera, microphone, speaker, whenDeviceReturns } = settings.get();
      report({
        type: "devices.changed",
        devices: list,
        preferred: {
          camera,
          microphone: sound.idOf("microphone", microphone),
          speaker: sound.idOf("speaker", speaker),
        },
        whenDeviceReturns,
      });
    });
  });
}
