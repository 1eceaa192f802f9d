// The manifest agrees with the code, and its list of settings converts a host's names to the plugin's and back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parseCommandLine } from "../../../plugin/command-line.ts";
import {
  buildManifest,
  defaultHostValues,
  hostSettings,
  hostValueIssues,
  manifestSchema,
  settingsSchema,
  toHostField,
  toHostValues,
  toPluginSettings,
} from "../../../rpc-schema/index.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const { version } = JSON.parse(read("package.json"));

describe("plugin-manifest.json", () => {
  test("agrees with the list of settings (otherwise run: node rpc-schema/documents/generate-openrpc.ts)", () => {
    assert.deepEqual(JSON.parse(read("rpc-schema/plugin-manifest.json")), buildManifest(version));
  });

  test("is the output of --manifest", () => {
    const command = parseCommandLine(["--manifest"], version);
    assert.equal(command.name, "print");
    assert.deepEqual(JSON.parse("text" in command ? command.text : ""), buildManifest(version));
  });

  test("can be read by a host, and has a title, a type, a default and a section for every setting", () => {
    const { settings } = manifestSchema.parse(buildManifest(version));
    const properties = Object.entries(settings.properties);
    assert.deepEqual(
      properties.map(([name]) => name),
      hostSettings.map(({ name }) => name),
    );
    for (const [name, property] of properties) {
      assert.ok(property.title && property.description, name);
      assert.ok("type" in property && "default" in property, name);
    }
  });

  test("keeps the settings that deployed Goop² has already in their section", () => {
    const inViewer = hostSettings.filter(({ section }) => section === "viewer").map(({ name }) => name);
    assert.deepEqual(inViewer, ["video_disabled", "preferred_cam", "preferred_mic"]);
  });
});

describe("a host's settings", () => {
  test("default to the plugin's defaults", () => {
    const mapped = toPluginSettings(defaultHostValues());
    const defaults: Record<string, unknown> = settingsSchema.parse({});
    for (const [name, value] of Object.entries(mapped)) assert.deepEqual(value, defaults[name], name);
    assert.equal(Object.keys(mapped).length, hostSettings.length - 1);
  });

  test("convert to the plugin's settings and back, with an empty device as auto", () => {
    const values = { video_disabled: true, preferred_cam: "", preferred_mic: "Headset", debugging: true };
    const settings = { videoDisabled: true, camera: "auto", microphone: "Headset", debugging: true };
    assert.deepEqual(toPluginSettings(values), settings);
    assert.deepEqual(toHostValues(settings), values);
    assert.deepEqual(toPluginSettings({ enabled: false }), {});
    assert.deepEqual(toHostValues({ toneHz: 500 }), {});
  });

  test("are refused under the names of the host", () => {
    const wrong = {
      video_disabled: "yes",
      largest_picture: { width: 1, height: 480, fps: 30 },
      ice_servers: [{ urls: ["http://example.org"] }],
      mode: "both",
      unheard_of: 1,
    };
    const issues = hostValueIssues(wrong);
    assert.deepEqual(
      issues.map(({ field }) => field),
      ["video_disabled", "largest_picture.width", "ice_servers.0.urls.0", "mode", "unheard_of"],
    );
    assert.equal(issues.at(-1)?.expected, "no setting of this name");
    assert.deepEqual(hostValueIssues({ video_disabled: true, speaker: "" }), []);
  });

  test("that the plugin refuses are converted to the host's names", () => {
    assert.equal(toHostField("settings.picture.width"), "largest_picture.width");
    assert.equal(toHostField("settings.mode"), "mode");
    assert.equal(toHostField("settings.toneHz"), "toneHz");
  });
});
