// Builds the manifest, which a host reads before it starts the plugin. It has the plugin's name, its platforms, the command that
// starts it, and the settings that the host shows and keeps.

import { z } from "zod";
import { isRecord, type Json, type JsonObject } from "../is-record.ts";
import { PROTOCOL_VERSION, PROTOCOL_VERSIONS } from "../version.ts";
import { hostSettings, type SettingSection } from "./host-settings.ts";

/** Rises when an older host could misread the manifest. */
const MANIFEST_VERSION = 1;

const settingSchema = z.looseObject({
  title: z.string(),
  description: z.string().optional(),
  "x-section": z.enum(["viewer", "plugins.call"]),
});

/** The part that a host can rely on. A newer plugin can add fields. */
export const manifestSchema = z.looseObject({
  manifestVersion: z.literal(MANIFEST_VERSION),
  name: z.string().min(1),
  title: z.string(),
  version: z.string(),
  protocolVersion: z.number().int().describe("the newest version that the plugin speaks"),
  platforms: z.array(z.string().regex(/^[a-z0-9]+-[a-z0-9]+$/)),
  start: z.looseObject({ program: z.string().min(1), args: z.array(z.string()) }),
  settings: z.looseObject({ properties: z.record(z.string(), settingSchema) }),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** @param version of the package */
export function buildManifest(version: string): JsonObject {
  return {
    manifestVersion: MANIFEST_VERSION,
    name: "goop-call-plugin",
    title: "Voice and video calls",
    description: "Makes calls outside the webview, which cannot make them on Linux.",
    version,
    protocolVersion: PROTOCOL_VERSION,
    protocolVersions: [...PROTOCOL_VERSIONS],
    contract: "openrpc.json",
    // As Node names them: process.platform-process.arch.
    platforms: ["linux-x64", "linux-arm64"],
    start: {
      description:
        "Run with pipes for stdin and stdout. `program` is looked up in PATH, and `args` are relative to this file. In a global installation, the command `goop-call-plugin` is equivalent.",
      program: "node",
      args: ["../dist/plugin/main.js"],
    },
    settings: settingsJsonSchema(),
  };
}

/**
 * - x-section: the section of the host's file.
 * - x-setting: the plugin's name, for `initialize`; absent where only the host uses the setting.
 * - x-device: the value is an id of devices.list; an empty value is `auto`.
 * - x-needs-restart: a change takes effect at the next start.
 */
function settingsJsonSchema(): JsonObject {
  const properties = hostSettings.map((one): [SettingSection, string, JsonObject] => [
    one.section,
    one.name,
    {
      title: one.title,
      ...schemaOf(one.schema),
      description: one.description,
      "x-section": one.section,
      ...(one.setting === null ? {} : { "x-setting": one.setting }),
      ...("device" in one ? { "x-device": one.device } : {}),
    },
  ]);
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(properties.map(([, name, property]) => [name, property])),
  };
}

/** Draft 7, with the whole default. The title is the one for people, not the type's name. */
function schemaOf(schema: z.ZodType): JsonObject {
  const {
    $schema: _dialect,
    title: _name,
    ...written
  } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  const plain: Json = JSON.parse(JSON.stringify({ ...written, default: schema.parse(undefined) }));
  return isRecord(plain) ? plain : {};
}
