// The schema marks the settings that need a restart. The plugin reports exactly those, and the manifest names them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { createSettingsStore } from "../../../plugin/app/settings-store.ts";
import {
  buildManifest,
  hostSettings,
  settingsReadAtStart,
  settingsSchema,
} from "../../../rpc-schema/index.ts";
import { isRecord } from "../../../rpc-schema/is-record.ts";

/** Another value than the default, for every setting by its path. */
const CHANGED: Record<string, unknown> = {
  videoDisabled: true,
  mode: "native",
  debugging: true,
  recording: "full",
  camera: "test-pattern",
  microphone: "tone",
  speaker: "none",
  ringer: "none",
  ringtone: "off",
  notifications: false,
  toneHz: 600,
  echoCancellation: false,
  noiseSuppression: false,
  automaticGain: false,
  whenDeviceReturns: "offer",
  adaptation: false,
  "picture.width": 640,
  "picture.height": 480,
  "picture.fps": 15,
  maxVideoBitrateBps: 100_000,
  iceServers: [],
  relayOnly: true,
  "signalling.listen": [],
  "signalling.peers": ["/ip4/127.0.0.1/tcp/1/p2p/x"],
  "signalling.mdns": false,
  "signalling.presence": false,
  "signalling.relays": ["/ip4/127.0.0.1/tcp/1/p2p/x"],
  ...Object.fromEntries(
    Object.keys(settingsSchema.parse({}).timeouts).map((name) => [`timeouts.${name}`, 1234]),
  ),
};

/** What must be set as well, where a value alone is refused. */
const COMPANIONS: Record<string, object> = {
  relayOnly: { iceServers: [{ urls: ["turn:192.0.2.1"], username: "u", credential: "c" }] },
};

/** The paths of all settings; arrays are one setting. */
function pathsOf(value: unknown, path: string[] = []): string[] {
  if (!isRecord(value)) return [path.join(".")];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]));
}

test("the table of this test changes every setting", () => {
  assert.deepEqual(Object.keys(CHANGED).sort(), pathsOf(settingsSchema.parse({})).sort());
});

test("a change is reported as waiting for a restart exactly where the schema marks the setting", () => {
  for (const [path, value] of Object.entries(CHANGED)) {
    const change = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    const changes = { ...z.record(z.string(), z.unknown()).parse(change), ...COMPANIONS[path] };
    const { restartNeeded } = createSettingsStore().change(changes);
    assert.deepEqual(restartNeeded, settingsReadAtStart.includes(path) ? [path] : [], path);
  }
});

test("mode and all of signalling need a restart", () => {
  assert.deepEqual(
    [...settingsReadAtStart].sort(),
    ["listen", "mdns", "peers", "presence", "relays"]
      .map((name) => `signalling.${name}`)
      .toSpliced(0, 0, "mode"),
  );
});

test("the manifest marks the same settings", () => {
  const { properties } = z
    .object({ properties: z.record(z.string(), z.looseObject({})) })
    .parse(buildManifest("0").settings);
  for (const { name, setting } of hostSettings) {
    const isMarked = properties[name]?.["x-needs-restart"] === true;
    assert.equal(isMarked, setting !== null && settingsReadAtStart.includes(setting), name);
  }
});
