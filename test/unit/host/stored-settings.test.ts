// The settings that the reference host stores for its plugin: Goop²'s own files, devices by label, changes that are refused by
// name, and the plugin's start and end by `enabled`.

import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readManifest, startCommandOf } from "../../../plugin/host/process/manifest-file.ts";
import { resolveDevice } from "../../../plugin/host/settings/preferred-device.ts";
import { openSettingsFile } from "../../../plugin/host/settings/settings-file.ts";
import { openStoredSettings } from "../../../plugin/host/settings/stored-settings.ts";
import { openSocket, type TestSocket } from "../../support/browser/page-socket.ts";
import { type ScriptedHost, startScriptedHost } from "../../support/fakes/scripted-host.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "goop-settings-"));
});
after(() => rm(folder, { recursive: true }));

const BROWSER_ID = "3f2a".repeat(16);
/** A file as Goop² writes it. Values that are not the plugin's must stay. */
const GOOP_FILE = {
  identity: { key_file: "data/identity.key" },
  p2p: { listen_port: 0, nacl_private_key: "c2VjcmV0" },
  viewer: { http_addr: ":8080", preferred_cam: BROWSER_ID, preferred_mic: "Headset", video_disabled: true },
};

let files = 0;
async function fileWith(content: unknown): Promise<string> {
  files += 1;
  const path = join(folder, `goop-${files}.json`);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
const contentOf = async (path: string) => JSON.parse(await readFile(path, "utf8"));
const silent = () => undefined;

describe("a host's settings file", () => {
  test("of Goop² is accepted: calls off, devices by label, and a browser's device id without a warning", async () => {
    const warnings: string[] = [];
    const settings = await openStoredSettings(await fileWith(GOOP_FILE), (line) => warnings.push(line));
    const { video_disabled, preferred_cam, preferred_mic } = settings.values();
    assert.deepEqual([video_disabled, preferred_cam, preferred_mic], [true, BROWSER_ID, "Headset"]);
    const microphones = [{ id: "ALSA:Headset", name: "Headset", isDefault: false }];
    assert.deepEqual(settings.pluginSettings({ cameras: [], microphones, speakers: [] }), {
      videoDisabled: true,
      camera: "auto",
      microphone: "ALSA:Headset",
    });
    assert.deepEqual(warnings, []);
  });

  test("keeps unknown values, and devices that were not changed", async () => {
    const path = await fileWith(GOOP_FILE);
    const settings = await openStoredSettings(path, silent);
    await settings.store({ video_disabled: false, echo_cancellation: false });
    assert.deepEqual(await contentOf(path), {
      ...GOOP_FILE,
      viewer: { ...GOOP_FILE.viewer, video_disabled: false },
      plugins: { call: { echo_cancellation: false } },
    });
  });

  test("is read again before it is written, because another program writes it too", async () => {
    const path = await fileWith(GOOP_FILE);
    const settings = await openStoredSettings(path, silent);
    await writeFile(path, JSON.stringify({ ...GOOP_FILE, profile: { label: "Ann" } }));
    await settings.store({ debugging: true });
    assert.deepEqual((await contentOf(path)).profile, { label: "Ann" });
  });

  test("keeps its mode, leaves no temporary file, and a new one is private to its owner", async () => {
    const path = await fileWith(GOOP_FILE);
    await chmod(path, 0o640);
    await (await openStoredSettings(path, silent)).store({ debugging: true });
    assert.equal((await stat(path)).mode & 0o777, 0o640);
    const fresh = join(folder, "fresh.json");
    await (await openStoredSettings(fresh, silent)).store({ debugging: true });
    assert.equal((await stat(fresh)).mode & 0o777, 0o600);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  test("serializes concurrent writes, and loses none", async () => {
    const path = await fileWith({});
    const file = await openSettingsFile(path);
    const keys = ["a", "b", "c", "d"];
    await Promise.all(keys.map((key) => file.write([{ section: "viewer", key, value: key }])));
    assert.deepEqual(Object.keys((await contentOf(path)).viewer), keys);
  });

  test("that is broken is refused and left unchanged", async () => {
    for (const broken of ["{ not json", "[]"]) {
      const path = await fileWith(broken);
      await assert.rejects(openStoredSettings(path, silent), /goop-\d+\.json .*left unchanged/);
      assert.equal(await readFile(path, "utf8"), broken);
    }
  });

  test("with a wrong value gives the default and a warning, and keeps the value", async () => {
    const warnings: string[] = [];
    const path = await fileWith({ viewer: { video_disabled: "yes" }, plugins: { call: { mode: "both" } } });
    const settings = await openStoredSettings(path, (line) => warnings.push(line));
    assert.deepEqual([settings.values().video_disabled, settings.values().mode], [false, "auto"]);
    assert.equal(warnings.length, 2);
    assert.match(warnings.join("\n"), /viewer\.video_disabled is "yes"[\s\S]*plugins\.call\.mode is "both"/);
    await settings.store({ debugging: true });
    assert.equal((await contentOf(path)).viewer.video_disabled, "yes");
  });
});

test("a stored device is found by id or label, and a browser's device id becomes auto", () => {
  const twins = [
    { id: "a", name: "Twin", isDefault: true },
    { id: "b", name: "Twin", isDefault: false },
    { id: "c", name: "Desk camera", isDefault: false },
  ];
  const cases: [string, string][] = [
    ["", "auto"],
    ["b", "b"],
    ["Desk camera", "c"],
    ["Twin", "Twin"],
    ["an absent one", "an absent one"],
    [BROWSER_ID, "auto"],
    [`${"A".repeat(43)}=`, "auto"],
    ["default", "auto"],
  ];
  for (const [stored, id] of cases) assert.equal(resolveDevice(stored, twins), id, stored);
});

test("the manifest names the plugin's start command", async () => {
  const manifest = await readManifest();
  const { program, args } = startCommandOf(manifest);
  assert.equal(program, process.execPath);
  assert.match(args[0] ?? "", /\/dist\/plugin\/main\.js$/);
});

describe("a page's change of settings", () => {
  let scripted: ScriptedHost | undefined;
  let page: TestSocket | undefined;
  const open = async (content: unknown) => {
    const path = await fileWith(content);
    scripted = await startScriptedHost({ settingsFile: path });
    page = await openSocket(scripted.host);
    return { path, ...scripted, page };
  };
  const close = async () => {
    page?.close();
    await scripted?.host.stop();
  };

  test("reaches the plugin, the file and every page", async (t) => {
    t.after(close);
    const { path, asked, page: own, host } = await open(GOOP_FILE);
    const values = { video_disabled: false, preferred_cam: "Desk camera" };
    const answer = await own.requestRaw("host.changeSettings", { values });
    assert.match(
      await asked(/^settings\.update .*videoDisabled/),
      /"videoDisabled":false,"camera":"usb-cam-2"/,
    );
    assert.deepEqual((await contentOf(path)).viewer, { ...GOOP_FILE.viewer, ...values });
    assert.equal((answer as { values: { video_disabled: boolean } }).values.video_disabled, false);
    assert.equal(host.state.settings?.camera, "usb-cam-2");
  });

  test("is refused by name before it takes effect", async (t) => {
    t.after(close);
    const { path, page: own } = await open(GOOP_FILE);
    const values = { video_disabled: false, largest_picture: { width: 1, height: 480, fps: 30 } };
    await assert.rejects(
      own.requestRaw("host.changeSettings", { values }),
      /largest_picture\.width is 1, at least 64/,
    );
    assert.deepEqual(await contentOf(path), GOOP_FILE);
  });

  test("by the plugin's own method is stored too", async (t) => {
    t.after(close);
    const { path, page: own } = await open(GOOP_FILE);
    await own.request("settings.update", { settings: { echoCancellation: false } });
    // The host's own next write waits for this one.
    await own.requestRaw("host.changeSettings", { values: { debugging: true } });
    const { viewer, plugins } = await contentOf(path);
    assert.deepEqual(plugins.call, { echo_cancellation: false, debugging: true });
    assert.deepEqual(viewer, GOOP_FILE.viewer);
  });

  test("switches the plugin off and on", async (t) => {
    t.after(close);
    const { host, page: own } = await open({});
    const first = host.pid;
    await own.requestRaw("host.changeSettings", { values: { enabled: false } });
    assert.deepEqual([host.state.plugin.state, host.pid], ["off", undefined]);
    await own.requestRaw("host.changeSettings", { values: { enabled: true } });
    assert.equal(host.state.plugin.state, "ready");
    assert.notEqual(host.pid, first);
  });

  test("of `enabled` in the file makes a host start without the plugin", async (t) => {
    t.after(close);
    const path = await fileWith({ plugins: { call: { enabled: false } } });
    scripted = undefined;
    const { startHost } = await import("../../../plugin/host/host.ts");
    const host = await startHost({ label: "Ann", settingsFile: path });
    t.after(() => host.stop());
    assert.deepEqual([host.state.plugin.state, host.pid], ["off", undefined]);
  });
});
