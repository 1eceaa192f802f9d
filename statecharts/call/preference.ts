// What the user set before the accept: microphone, camera, and devices. Nothing opens by it while the other user decides,
// except the user's own picture. Pure rules.

import type { DeviceKind, MediaKind } from "../../rpc-schema/index.ts";
import type { MediaEvent, ResumedMedia } from "../media/model.ts";

/** Absent parts are as the call's kind and the settings say. */
export interface MediaPreference {
  readonly isMicrophoneOn?: boolean;
  readonly isCameraOn?: boolean;
  readonly devices?: Readonly<Partial<Record<DeviceKind, string>>>;
}

/** The requests that a preference remembers. */
export type PreferenceEvent = Exclude<
  Extract<MediaEvent, { type: `user.${string}` }>,
  { type: "user.shareScreen" }
>;

/** @returns the preference with this request in it */
export function preferenceAfter(
  preference: MediaPreference | undefined,
  event: PreferenceEvent,
): MediaPreference {
  const withDevice = (kind: DeviceKind, deviceId: string): MediaPreference => ({
    ...preference,
    devices: { ...preference?.devices, [kind]: deviceId },
  });
  switch (event.type) {
    case "user.setMicrophone":
      return { ...preference, isMicrophoneOn: event.on };
    case "user.setCamera":
      return { ...preference, isCameraOn: event.on };
    case "user.useCamera":
      return withDevice("camera", event.deviceId);
    case "user.useMicrophone":
      return withDevice("microphone", event.deviceId);
    case "user.useSpeaker":
      return withDevice("speaker", event.deviceId);
  }
}

/** @returns what microphone and camera will be with the accept */
export function wantedMedia(
  media: MediaKind,
  preference: MediaPreference | undefined,
): { microphone: boolean; camera: boolean } {
  return {
    microphone: preference?.isMicrophoneOn ?? true,
    camera: preference?.isCameraOn ?? media === "video",
  };
}

/** @returns the choices with which the media chart begins; null without any */
export function choicesOf(media: MediaKind, preference: MediaPreference | undefined): ResumedMedia | null {
  if (preference === undefined) return null;
  const wanted = wantedMedia(media, preference);
  const deviceOf = (kind: DeviceKind) => ({ choice: preference.devices?.[kind] ?? null, first: null });
  return {
    isMicrophoneOn: wanted.microphone,
    isCameraOn: wanted.camera,
    devices: {
      camera: deviceOf("camera"),
      microphone: deviceOf("microphone"),
      speaker: deviceOf("speaker"),
    },
  };
}
