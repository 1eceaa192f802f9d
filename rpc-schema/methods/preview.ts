// A look at oneself without a call: the device check of the host's page.

import { z } from "zod";
import { deviceStateSchema } from "../common.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { choice, named } from "../named.ts";

export const previewIdSchema = named(
  "PreviewId",
  z.string().min(1).max(64),
  "Opaque id of one preview, chosen by the plugin. `frames.subscribe` takes it as `callId`, with the source `local`",
);

const previewSoundSchema = choice("PreviewSound", "What a preview does with sound at the moment", {
  quiet: "nothing is recorded or played, and the speaker is closed",
  recording: "three seconds of the user's own voice",
  playing: "the recording, on the chosen speaker; it is dropped from memory then",
  testSound: "the test sound, on the chosen speaker",
});

export const previewInfoSchema = named(
  "PreviewInfo",
  z.object({
    previewId: previewIdSchema,
    camera: deviceStateSchema,
    microphone: deviceStateSchema,
    sound: previewSoundSchema,
    soundWhy: z
      .string()
      .optional()
      .describe("for people: why the last sound was not played, or what keeps it from being heard"),
  }),
  "The state of a preview. The devices fail with the sentences that they have in a call",
);
export type PreviewInfo = z.infer<typeof previewInfoSchema>;

/** Every method has the `servingErrors`. */
export const previewMethods = {
  "preview.start": method(
    "Opens the chosen camera and microphone for the user to check them. Nobody else sees or hears them. It replaces the preview that is open, and a call that the user starts or accepts ends it. A change of the device settings applies at once",
    z.object({
      camera: z.boolean().default(true).describe("false opens no camera"),
      microphone: z.boolean().default(true).describe("false opens no microphone"),
    }),
    z.object({ previewId: previewIdSchema }),
    [...servingErrors, "alreadyInCall", "callsUnavailable", "callsDisabled", "callsInPage"],
  ),
  "preview.hearYourself": method(
    "Records the microphone for three seconds, plays that on the chosen speaker, and drops it from memory",
    noParams,
    done,
    [...servingErrors, "noPreview"],
  ),
  "preview.testSound": method(
    "Plays a short test sound on the chosen speaker, which is open for that time only",
    noParams,
    done,
    [...servingErrors, "noPreview"],
  ),
  "preview.stop": method(
    "Closes the devices of the preview. Without a preview it does nothing",
    noParams,
    done,
    [...servingErrors],
  ),
};

/** A host that starts no preview gets none of these. */
export const previewNotifications = {
  "preview.changed": notification(
    "A device of the preview, or what it does with sound, changed",
    previewInfoSchema,
  ),
  "preview.levels": notification(
    "Peak level of the preview's microphone since the last notification, from 0 (silence) to 1 (full scale), ten times a second",
    z.object({
      previewId: previewIdSchema,
      microphone: z.number().min(0).describe("0 without a microphone"),
    }),
  ),
  "preview.ended": notification(
    "The preview has ended and its devices are being closed. It is the last notification about the preview",
    z.object({
      previewId: previewIdSchema,
      reason: choice("PreviewEnd", "Why a preview ended", {
        stopped: "the host stopped it",
        replaced: "another preview began",
        call: "the user started or accepted a call",
        callsDisabled: "calls were switched off, or became impossible",
        shutdown: "the plugin shuts down",
      }),
    }),
  ),
};
