// Schemas of devices: cameras, microphones and speakers.

import { z } from "zod";
import { choice, named } from "../named.ts";

export const soundKindSchema = choice(
  "SoundKind",
  "What a device of a sound server is. `auto` opens neither a monitor nor an empty device",
  {
    microphone: "captures sound",
    speaker: "plays sound",
    monitor: "captures what a speaker plays, which is this computer's own sound",
    null: "an empty device that a server shows while there is no real one",
  },
);
export type SoundKind = z.infer<typeof soundKindSchema>;

const soundPortSchema = named(
  "SoundPort",
  z.object({
    name: z.string().describe("for people, such as Headset"),
    available: choice("PortAvailability", "Whether something is plugged into a connector", {
      yes: "something is plugged in",
      no: "nothing is plugged in",
      unknown: "the connector cannot tell",
    }),
  }),
  "The connector that a sound device uses",
);

const deviceProblemSchema = choice("DeviceProblem", "Why a listed camera cannot be opened", {
  permission: "this user may not open it; doctor says how to change that",
  format:
    "it offers only formats that cannot be shown, such as H264 or a sensor's raw data; doctor names them",
});
export type DeviceProblem = z.infer<typeof deviceProblemSchema>;

const openedFormatSchema = named(
  "OpenedFormat",
  z.object({
    sampleRate: z.number().describe("in Hz"),
    channels: z
      .number()
      .describe("a microphone with several gives the sound of one, a speaker plays on the first two"),
  }),
  "How a sound device was opened. The plugin converts the sound",
);
export type OpenedFormat = z.infer<typeof openedFormatSchema>;

/**
 * Settings and call.useDevice take the `id`. Only cameras have `problem`, only devices of a sound server have `kind`, `port`, `isMuted` and `volume`, and only
 * others have `opened`.
 */
export const deviceSchema = named(
  "Device",
  z.object({
    id: z
      .string()
      .min(1)
      .describe("for settings and call.useDevice; names the same device after a restart of the machine"),
    name: z.string().describe("as the desktop shows it"),
    isDefault: z.boolean().describe("whether `auto` opens it"),
    kind: soundKindSchema.optional(),
    port: soundPortSchema
      .optional()
      .describe("the connector in use, such as Headset, and whether something is plugged in"),
    isMuted: z.boolean().optional().describe("whether the system's sound settings mute it"),
    volume: z
      .number()
      .optional()
      .describe("in per cent of the nominal volume, in the system's sound settings"),
    problem: deviceProblemSchema.optional().describe("only for cameras; absent if it can be opened"),
    opened: openedFormatSchema.optional().describe("while the plugin has it open without a sound server"),
  }),
  "A camera, microphone or speaker of this machine, or one that the plugin itself provides",
);
export type Device = z.infer<typeof deviceSchema>;

export const deviceListSchema = named(
  "DeviceList",
  z.object({
    cameras: z.array(deviceSchema).describe("also `test-pattern`, which the plugin provides"),
    microphones: z.array(deviceSchema).describe("also `tone` and `none`, which the plugin provides"),
    speakers: z.array(deviceSchema).describe("also `none`, which the plugin provides"),
  }),
  "Every device that calls can use",
);
export type DeviceList = z.infer<typeof deviceListSchema>;
