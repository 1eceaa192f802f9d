// Chart logs and bundles of a complete plugin: written, limited, masked, and read back.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { createActor } from "xstate";
import { ChartFeed } from "../../../plugin/diagnostics/chart-feed.ts";
import { openChartLog } from "../../../plugin/diagnostics/chart-log-file.ts";
import { readChartLog } from "../../../plugin/diagnostics/read-chart-log.ts";
import { replayFile } from "../../../plugin/tools/replay.ts";
import { PROTOCOL_VERSION, type SettingsInput, timeoutsSchema } from "../../../rpc-schema/index.ts";
import { callManagerMachine } from "../../../statecharts/index.ts";
import { createFakeSignallingNetwork } from "../../support/fakes/fake-signalling.ts";
import { PluginBench } from "../../support/plugin/plugin-pair.ts";

let folder: string;
const made: PluginBench[] = [];
let network = createFakeSignallingNetwork();

beforeEach(() => {
  network = createFakeSignallingNetwork();
  folder = mkdtempSync(join(tmpdir(), "goop-evidence-"));
});
afterEach(() => {
  for (const { host } of made.splice(0)) host.close();
  rmSync(folder, { recursive: true });
});

async function begin(settings: SettingsInput): Promise<PluginBench & { peerId: string }> {
  const plugin = new PluginBench(network);
  made.push(plugin);
  await plugin.host.request("initialize", {
    protocolVersion: PROTOCOL_VERSION,
    host: { name: "a test" },
    identity: { label: "Alice Liddell" },
    dataDir: folder,
    settings: settings as never,
  });
  plugin.host.notify("initialized", {});
  const { peerId } = await plugin.waitFor("signalling.changed", ({ state }) => state === "ready");
  return Object.assign(plugin, { peerId: peerId ?? "" });
}

/** A call that is started, accepted and ended. */
async function callOnce(settings: SettingsInput): Promise<PluginBench> {
  const alice = await begin(settings);
  const bob = await begin({});
  const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "video" });
  await bob.waitFor("call.incoming", (call) => call.callId === callId);
  await bob.host.request("call.accept", { callId });
  await alice.waitFor("call.changed", ({ phase }) => phase === "connected");
  await alice.host.request("call.hangup", { callId });
  await alice.waitFor("call.ended");
  return alice;
}

const logs = () => readdirSync(join(folder, "chart-logs")).map((name) => join(folder, "chart-logs", name));

describe("the chart log", () => {
  test("is written only if the setting says so", async () => {
    await callOnce({});
    assert.deepEqual(readdirSync(folder), []);
  });

  for (const recording of ["masked", "full"] as const) {
    test(`as ${recording} contains a whole call, and replays without a difference`, async () => {
      const alice = await callOnce({ recording });
      await alice.host.request("settings.update", { settings: { recording: "off" } });
      const [path = ""] = logs();
      const states = readChartLog(path).flatMap((entry) =>
        entry.kind === "step" ? JSON.stringify(entry.value) : [],
      );
      assert.ok(states.some((value) => value.includes("connected")));
      const { isSame, lines } = replayFile(path);
      assert.ok(isSame, lines.join("\n"));
    });
  }

  test("keeps ten files, and removes the oldest", () => {
    const feed = new ChartFeed({ roots: [], now: Date.now });
    const options = { feed, folder, masked: true, version: "0", log: () => undefined, isIdle: () => true };
    for (let year = 2000; year < 2015; year += 1) writeFileSync(join(folder, `${year}.charts.jsonl`), "");
    openChartLog(options).close();
    const names = readdirSync(folder).sort();
    assert.equal(names.length, 10);
    assert.equal(names[0], "2006.charts.jsonl");
  });

  test("continues in a new file after its size when no call is in progress, and ends at its limit", () => {
    const manager = createActor(callManagerMachine, {
      input: { timeouts: timeoutsSchema.parse({}) },
    }).start();
    const feed = new ChartFeed({ roots: [manager], now: Date.now });
    let isIdle = false;
    const logged: string[] = [];
    const log = openChartLog({
      feed,
      folder,
      masked: false,
      version: "0",
      log: (_, message) => logged.push(message),
      isIdle: () => isIdle,
    });
    const megabyte = "x".repeat(1024 * 1024);
    const write = () => {
      manager.send({ type: "signalling.ready", selfId: megabyte });
      log.flush();
    };
    for (let count = 0; count < 3; count += 1) write();
    assert.equal(readdirSync(folder).length, 1);
    isIdle = true;
    write();
    assert.equal(readdirSync(folder).length, 2);
    isIdle = false;
    for (let count = 0; count < 20; count += 1) write();
    assert.match(logged.join(), /is full/);
    assert.equal(log.flush(), null);
    log.close();
    manager.stop();
  });

  test("that cannot be written ends with a warning", () => {
    const feed = new ChartFeed({ roots: [], now: Date.now });
    const logged: string[] = [];
    writeFileSync(join(folder, "file"), "");
    const log = openChartLog({
      feed,
      folder: join(folder, "file"),
      masked: true,
      version: "0",
      log: (level, message) => logged.push(`${level}: ${message}`),
      isIdle: () => true,
    });
    assert.equal(log.flush(), null);
    assert.match(
      logged.join(),
      /^warn: the recording ends, because \S+ cannot be written: a file of this name exists \(EEXIST\)/,
    );
    log.close();
  });

  test("that is invalid is refused with its line and the expected value", () => {
    const path = join(folder, "log");
    const cases: [string, RegExp][] = [
      ["", /not a chart log/],
      ['{"kind":"step"}\n', /line 1 is not an entry/],
      ["{\n", /line 1 is not JSON/],
    ];
    for (const [text, expected] of cases) {
      writeFileSync(path, text);
      assert.throws(() => readChartLog(path), expected, text);
    }
    assert.throws(() => readChartLog(join(folder, "none")), /ENOENT/);
  });
});

describe("a diagnostics bundle", () => {
  test("contains versions, settings, devices, charts and the chart log, and no names when masked", async () => {
    const alice = await callOnce({
      recording: "masked",
      iceServers: [{ urls: ["turn:192.0.2.7"], username: "me", credential: "hunter2" }],
    });
    const { path, bytes } = await alice.host.request("debug.bundle", {});
    const text = readFileSync(path, "utf8");
    assert.equal(Buffer.byteLength(text), bytes);
    const bundle = JSON.parse(text);
    assert.deepEqual(
      [bundle.masked, bundle.plugin.name, bundle.recorded[0].kind],
      [true, "goop-call-plugin", "log"],
    );
    assert.ok(bundle.charts.some((entry: { id?: string }) => entry.id === "callManager"));
    for (const secret of ["hunter2", "192.0.2.7", '"me"', "fake:cam"])
      assert.ok(!text.includes(secret), secret);
  });

  test("keeps the names when unmasked", async () => {
    const alice = await callOnce({});
    const { path } = await alice.host.request("debug.bundle", { masked: false });
    const devices = await alice.host.request("devices.list", {});
    assert.deepEqual(JSON.parse(readFileSync(path, "utf8")).devices, devices);
  });
});
