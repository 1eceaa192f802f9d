// The one list of settings under the names of a host, which keeps them in its own file and shows them to people. The manifest,
// the checks, and the conversion between the host's names and the plugin's come from it.

import { z } from "zod";
import type { DeviceKind } from "../common.ts";
import type { FieldIssue } from "../errors.ts";
import { issuesOf } from "../validation/issues.ts";
import { type DeepPartial, type Settings, settingsSchema } from "./settings.ts";

/** The section of the host's file: `viewer` for the settings that deployed Goop² has already, and one for the others. */
export type SettingSection = "viewer" | "plugins.call";

interface HostSetting {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly section: SettingSection;
  /** The plugin's name for it; null where only the host uses it. */
  readonly setting: keyof Settings | null;
  readonly schema: z.ZodType;
  /** The value is the id of a device of this kind. */
  readonly device?: DeviceKind;
}

const own = settingsSchema.shape;
const AUTO = "auto";
/** An empty value means `auto`, as in the files of deployed Goop². */
const deviceSchema = z.string().max(1024).default("");

export const hostSettings = [
  {
    name: "enabled",
    title: "Use this plugin for calls",
    description: "Off: the plugin does not run, and nobody can call.",
    section: "plugins.call",
    setting: null,
    schema: z.boolean().default(true),
  },
  {
    name: "video_disabled",
    title: "Switch calls off",
    description: "Nobody can call you, and others see that. Camera and microphone stay closed.",
    section: "viewer",
    setting: "videoDisabled",
    schema: own.videoDisabled,
  },
  {
    name: "preferred_cam",
    title: "Camera",
    description: "Which one calls use. Automatic takes the first that works.",
    section: "viewer",
    setting: "camera",
    schema: deviceSchema,
    device: "camera",
  },
  {
    name: "preferred_mic",
    title: "Microphone",
    description: "Which one calls use. Automatic takes the system's default.",
    section: "viewer",
    setting: "microphone",
    schema: deviceSchema,
    device: "microphone",
  },
  {
    name: "speaker",
    title: "Speaker",
    description: "Which one calls use. Automatic takes the system's default.",
    section: "plugins.call",
    setting: "speaker",
    schema: deviceSchema,
    device: "speaker",
  },
  {
    name: "ringer",
    title: "Ring on",
    description: "The speaker on which incoming calls ring. Automatic takes the system's default.",
    section: "plugins.call",
    setting: "ringer",
    schema: deviceSchema,
    device: "speaker",
  },
  {
    name: "ringtone",
    title: "Ring and tones",
    description: "Rings for incoming calls, and plays the tones of a call that rings, is busy or has ended.",
    section: "plugins.call",
    setting: "ringtone",
    schema: own.ringtone,
  },
  {
    name: "notifications",
    title: "Desktop notifications",
    description: "Shows an incoming call on the desktop, with Answer and Decline.",
    section: "plugins.call",
    setting: "notifications",
    schema: own.notifications,
  },
  {
    name: "echo_cancellation",
    title: "Remove echo",
    description: "Takes the speaker's sound out of the microphone's.",
    section: "plugins.call",
    setting: "echoCancellation",
    schema: own.echoCancellation,
  },
  {
    name: "noise_suppression",
    title: "Reduce noise",
    description: "Takes steady noise out of the microphone's sound.",
    section: "plugins.call",
    setting: "noiseSuppression",
    schema: own.noiseSuppression,
  },
  {
    name: "automatic_gain",
    title: "Keep my voice at an even level",
    description: "Makes a quiet voice louder and a loud one quieter.",
    section: "plugins.call",
    setting: "automaticGain",
    schema: own.automaticGain,
  },
  {
    name: "largest_picture",
    title: "Largest picture",
    description: "The size that the camera captures. Slow connections get smaller pictures.",
    section: "plugins.call",
    setting: "picture",
    schema: own.picture,
  },
  {
    name: "ice_servers",
    title: "Connection servers",
    description: "STUN and TURN servers that help to find a way to the other side.",
    section: "plugins.call",
    setting: "iceServers",
    schema: own.iceServers,
  },
  {
    name: "relay_only",
    title: "Calls only through a relay",
    description:
      "Hides your network address in calls; needs a TURN server above. Peers can still learn the address from the way you find each other (libp2p).",
    section: "plugins.call",
    setting: "relayOnly",
    schema: own.relayOnly,
  },
  {
    name: "mode",
    title: "Who makes the calls",
    description: "The plugin (native), the page (browser), or as the system suits (auto).",
    section: "plugins.call",
    setting: "mode",
    schema: own.mode,
  },
  {
    name: "debugging",
    title: "Write everything into the log",
    description: "Logs every signal and every change of state, to find the cause of a fault.",
    section: "plugins.call",
    setting: "debugging",
    schema: own.debugging,
  },
] as const satisfies readonly HostSetting[];

type Entry = (typeof hostSettings)[number];
export type HostSettingName = Entry["name"];
/** Complete, defaults filled in. */
export type HostValues = { [E in Entry as E["name"]]: z.output<E["schema"]> };

const unknownSchema = z.custom(() => false, "no setting of this name");
const byName = new Map<string, HostSetting>(hostSettings.map((one) => [one.name, one]));

/** The values of a host's file that sets nothing. */
export function defaultHostValues(): HostValues {
  return Object.fromEntries(
    hostSettings.map(({ name, schema }) => [name, schema.parse(undefined)]),
  ) as HostValues;
}

/** Every wrong value, under the host's name for it. */
export function hostValueIssues(values: Readonly<Record<string, unknown>>): FieldIssue[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const checked = (byName.get(name)?.schema ?? unknownSchema).safeParse(value);
    if (checked.success) return [];
    const nameOf = (field: string) => (field === "(whole)" ? name : `${name}.${field}`);
    return issuesOf(checked.error, value).map((issue) => ({ ...issue, field: nameOf(issue.field) }));
  });
}

/** Converts the given values to the plugin's names, for `initialize` and `settings.update`. */
export function toPluginSettings(values: Partial<HostValues>): DeepPartial<Settings> {
  const named = Object.entries(values).flatMap(([name, value]) => {
    const entry = byName.get(name);
    if (!entry?.setting) return [];
    return [[entry.setting, entry.device && value === "" ? AUTO : value]];
  });
  return Object.fromEntries(named) as DeepPartial<Settings>;
}

/** Converts a change in the plugin's names to the host's. Leaves out the settings for which the host has no name. */
export function toHostValues(settings: DeepPartial<Settings>): Partial<HostValues> {
  const named = hostSettings.flatMap((entry: HostSetting) => {
    const value = entry.setting === null ? undefined : settings[entry.setting];
    if (value === undefined) return [];
    return [[entry.name, entry.device && value === AUTO ? "" : value]];
  });
  return Object.fromEntries(named) as Partial<HostValues>;
}

/** Converts the path of a refused field, such as `settings.picture.width`, to the host's name. */
export function toHostField(field: string): string {
  const [setting = "", ...rest] = field.replace(/^settings\./, "").split(".");
  const name = hostSettings.find((entry) => entry.setting === setting)?.name ?? setting;
  return [name, ...rest].join(".");
}
