// The charts' activities that hold a device open: camera, microphone, speaker. An activity that is stopped releases
// its device, whatever stage it was at.

import { fromCallback } from "xstate";
import type { Settings } from "../../../rpc-schema/index.ts";
import type {
  CameraCommand,
  DeviceInput,
  MediaEvent,
  MicrophoneCommand,
  OpenDevice,
  UseCommand,
} from "../../../statecharts/index.ts";
import type { OpenCamera } from "../../camera/camera.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type {
  InterruptionCallbacks,
  Microphone,
  MicrophoneOptions,
  Processing,
  Speaker,
} from "../../sound/sound.ts";
import { DeviceHolder, type DeviceHolderOptions } from "../device-holder.ts";
import type { DeviceMutex } from "../device-mutex.ts";
import type { CallEnvironment } from "../environment.ts";

type Report = (event: MediaEvent) => void;
type Held = OpenDevice & { close(): Promise<void> };

/** The settings' words. */
const NO_CAMERA = "none";
const AUTO = "auto";

interface Holding<D extends Held>
  extends Pick<DeviceHolderOptions<D>, "open" | "attach" | "isSame" | "overlaps"> {
  readonly kind: "camera" | "microphone" | "speaker";
  readonly turn: DeviceMutex<DeviceHolder<D>>;
  readonly choice: string;
}

/**
 * For mediaMachine's `provide`. Each reports `device.…Opened` at most once, and `device.…Lost` for a failure
 * at any time.
 */
export function createDeviceEffects(context: CallEnvironment) {
  return {
    camera: cameraEffect(context),
    microphone: microphoneEffect(context),
    speaker: speakerEffect(context),
    deviceList: deviceListEffect(context),
  };
}

/** Runs for as long as the activity does; nothing is reported after its release. */
function hold<D extends Held>({ kind, turn, choice, ...device }: Holding<D>, report: Report, log: Log) {
  let isHeld = true;
  const lost = (error: unknown, deviceId?: string) => {
    if (!isHeld) return;
    log("warn", `${kind} lost: ${errorText(error)}`);
    const culprit = deviceId === undefined ? {} : { deviceId };
    report({ type: `device.${kind}Lost`, why: errorText(error), ...culprit });
  };
  const holder = new DeviceHolder<D>({
    ...device,
    onOpened: ({ deviceId, deviceName }) => {
      if (isHeld) report({ type: `device.${kind}Opened`, deviceId, deviceName });
    },
    onLost: lost,
    onRefused: (refused, error) => {
      log("warn", `${kind} ${refused} not taken: ${errorText(error)}`);
      if (isHeld && kind === "camera") {
        report({ type: "device.cameraRefused", deviceId: refused, why: errorText(error) });
      }
    },
    onCloseFailed: (error) => log("error", `closing a ${kind} failed: ${errorText(error)}`),
  });
  const release = turn.hold(
    () => holder.openFirst(choice),
    (opened) => opened.attachFirst(),
    (error) => lost(error),
  );
  return {
    use: (next: string) => holder.switchTo(next),
    renew: () => holder.reopen(),
    release() {
      isHeld = false;
      holder.release();
      release();
    },
  };
}

function cameraEffect({ cameras, settings, mediaOf, cameraMutex, log }: CallEnvironment) {
  return fromCallback<CameraCommand, DeviceInput>(({ input, sendBack, receive }) => {
    const report = sendBack as Report;
    const choice = input.choice ?? settings().camera;
    if (choice === NO_CAMERA) {
      report({ type: "device.cameraAbsent" });
      return undefined;
    }
    const media = mediaOf(input.callId);
    const held = hold<OpenCamera>(
      {
        kind: "camera",
        turn: cameraMutex,
        choice,
        overlaps: true,
        isSame: ({ deviceId }, next) =>
          deviceId === next || (next === AUTO && isDefaultCamera(cameras.list(), deviceId)),
        open: (next, { onLost, isCurrent, onAlive }) =>
          cameras.open(next, settings().picture, {
            onFrame: (frame) => {
              onAlive();
              if (isCurrent()) media.cameraFrame(frame);
            },
            onError: onLost,
          }),
        attach: (device) => {
          media.camera = device;
        },
      },
      report,
      log,
    );
    receive((command) => {
      if (command.type === "renew") held.renew();
      else if (command.choice === NO_CAMERA) report({ type: "device.cameraAbsent" });
      else held.use(command.choice);
    });
    return held.release;
  });
}

function isDefaultCamera(cameras: readonly { id: string; isDefault: boolean }[], deviceId: string): boolean {
  return cameras.some(({ id, isDefault }) => isDefault && id === deviceId);
}

function microphoneEffect({ sound, settings, mediaOf, microphoneMutex, log }: CallEnvironment) {
  return fromCallback<MicrophoneCommand, DeviceInput>(({ input, sendBack, receive }) => {
    const media = mediaOf(input.callId);
    const report = sendBack as Report;
    let isMuted = false;
    // The settings changed while a microphone was being opened with what they said before.
    let isOutdated = false;
    const held = hold<Microphone>(
      {
        kind: "microphone",
        turn: microphoneMutex,
        choice: input.choice ?? settings().microphone,
        overlaps: false,
        // Chosen again it is opened again, with what the settings now say of its processing.
        isSame: () => false,
        open: (choice, { onLost, isCurrent }) =>
          sound.openMicrophone(choice, microphoneOptions(settings()), {
            // Blocks that left the capturing process before it heard of the mute are dropped here.
            onBlock: (block) => {
              if (isCurrent() && !isMuted) media.microphoneBlock(block);
            },
            onLost,
            ...interruptionsOf("microphone", report, isCurrent),
          }),
        attach: (device) => {
          device?.setMuted(isMuted);
          if (isOutdated) device?.setProcessing(processingOf(settings()));
          isOutdated = false;
          media.microphone = device;
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
        media.microphone?.setProcessing(processingOf(settings()));
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

/** What the host is told while a device does not work for now, and when it does again. */
function interruptionsOf(
  kind: "microphone" | "speaker",
  report: Report,
  isCurrent: () => boolean,
): InterruptionCallbacks {
  return {
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
        turn: speakerMutex,
        choice: input.choice ?? settings().speaker,
        overlaps: false,
        isSame: ({ deviceId }, next) => deviceId === next,
        open: (choice, { onLost, isCurrent }) =>
          sound.openSpeaker(choice, onLost, interruptionsOf("speaker", report, isCurrent)),
        attach: (device) => {
          media.speaker = device;
        },
      },
      report,
      log,
    );
    receive(({ choice }) => held.use(choice));
    return held.release;
  });
}

/** Tells the chart of the machine's devices, and with them what the settings say at that moment. */
function deviceListEffect({ devices, settings }: CallEnvironment) {
  return fromCallback<{ type: "none" }, { callId: string }>(({ sendBack }) => {
    const report = sendBack as Report;
    return devices.subscribe((list) => {
      const { camera, microphone, speaker, whenDeviceReturns } = settings();
      report({
        type: "devices.changed",
        devices: list,
        preferred: { camera, microphone, speaker },
        whenDeviceReturns,
      });
    });
  });
}
