// Records the messages of a plugin: node test/contract/corpus/record.ts <plugin's main.js> <protocol version> > version-N.jsonl
// Four processes call each other in pairs, two with nodes of their own and two over this program. One message of each shape is
// kept, long lists are cut, and addresses and paths are replaced.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Corpus } from "./corpus.ts";
import { type Message, RecordedPlugin } from "./recorded-plugin.ts";

const SETTINGS = {
  camera: "test-pattern",
  microphone: "tone",
  speaker: "none",
  iceServers: [],
  debugging: true,
  ...(process.argv[3] === "1" ? {} : { ringtone: "off", notifications: false }),
  picture: { width: 64, height: 64, fps: 10 },
  signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
};

const [program = "", version = ""] = process.argv.slice(2);
const corpus = new Corpus();
const folder = await mkdtemp(join(tmpdir(), "corpus-"));

async function initialize(plugin: RecordedPlugin, label: string, more: object = {}): Promise<void> {
  const identity = { host: { name: "recorder", version: "1" }, identity: { label } };
  const protocolVersion = Number(version);
  await plugin.request("initialize", { protocolVersion, ...identity, settings: SETTINGS, ...more });
  plugin.notify("initialized", {});
  await plugin.next("signalling.changed", ({ state }) => state === "ready");
}

/** Starts a call and accepts it. @returns its id once it is connected */
async function connect(caller: RecordedPlugin, callee: RecordedPlugin, peerId: unknown): Promise<string> {
  const { callId } = await caller.request("call.start", { peerId, media: "video" });
  await callee.next("call.incoming", (call) => call.callId === callId);
  await callee.request("call.accept", { callId, media: "video" });
  const isConnected = (call: Message) => call.callId === callId && call.phase === "connected";
  await Promise.all([caller, callee].map((one) => one.next("call.changed", isConnected)));
  return String(callId);
}

async function useCall(plugin: RecordedPlugin, callId: string): Promise<void> {
  await plugin.next("call.statistics");
  await plugin.request("call.list", {});
  await plugin.request("call.stats", { callId });
  for (const on of [false, true]) {
    await plugin.request("call.setMicrophone", { callId, on });
    await plugin.request("call.setCamera", { callId, on });
  }
  await plugin.request("call.useDevice", { callId, kind: "microphone", deviceId: "tone" });
  const subscription = {
    callId,
    source: "remote",
    format: "jpeg",
    quality: 1,
    maxWidth: 16,
    maxFps: 5,
    credit: 1,
  };
  const { stream } = await plugin.request("frames.subscribe", { ...subscription, delivery: "stdio" });
  const { seq } = await plugin.next("frame");
  plugin.notify("frames.ack", { stream, seq });
  await plugin.request("call.snapshot", { callId, source: "remote" });
  await plugin.request("frames.unsubscribe", { stream });
  await plugin.request("frames.subscribe", { callId, source: "local", delivery: "mjpeg" });
  if (version !== "1") await shareScreen(plugin, callId);
  await plugin.request("call.hangup", { callId });
  await plugin.next("call.ended");
}

/** Needs an X display with a monitor. */
async function shareScreen(plugin: RecordedPlugin, callId: string): Promise<void> {
  const { sources } = await plugin.request("screen.sources", {});
  const [monitor] = Array.isArray(sources) ? sources : [];
  await plugin.request("call.shareScreen", { callId, on: true, source: monitor.id });
  await plugin.next("call.changed", ({ local }) => /"state":"live"/.test(JSON.stringify(local)));
  await plugin.request("call.shareScreen", { callId, on: false });
}

async function leave(...plugins: RecordedPlugin[]): Promise<void> {
  for (const plugin of plugins) {
    await plugin.request("shutdown", {});
    plugin.notify("exit", {});
    await plugin.exited;
  }
}

async function recordOwnNodes(alice: RecordedPlugin, bob: RecordedPlugin): Promise<void> {
  await initialize(alice, "Alice", { dataDir: folder, pageOrigins: ["http://127.0.0.1:8080"] });
  await initialize(bob, "Bob");
  await alice.request("charts.list", {});
  await alice.request("charts.subscribe", {});
  await alice.request("devices.list", {});
  await alice.request("settings.update", { settings: { toneHz: 500, mode: "native" } });
  await alice.request("contacts.list", {});
  const { peerId, addresses } = bob.last("signalling.changed");
  await alice.request("contacts.add", { address: Array.isArray(addresses) ? addresses[0] : "" });
  await useCall(alice, await connect(alice, bob, peerId));
  const { callId } = await alice.request("call.start", { peerId, media: "audio" });
  await bob.next("call.incoming", (call) => call.callId === callId);
  await bob.request("call.reject", { callId, reason: "rejected" });
  await alice.next("call.ended", (call) => call.callId === callId);
  if (version !== "1") {
    await recordMissedCall(alice, bob);
    await recordPreview(alice);
    await alice.request("debug.refusals", {});
  }
  await alice.request("charts.unsubscribe", {});
  await alice.request("debug.bundle", { masked: true });
  await alice.refused("call.hangup", { callId: "none" });
  await alice.refused("settings.update", { settings: { toneHz: 1 } });
  await alice.request("settings.update", { settings: { videoDisabled: true } });
  await alice.next("availability.changed", ({ videoDisabled }) => videoDisabled === true);
  await leave(alice, bob);
}

async function recordMissedCall(alice: RecordedPlugin, bob: RecordedPlugin): Promise<void> {
  const { peerId } = alice.last("signalling.changed");
  const { callId } = await bob.request("call.start", { peerId, media: "video" });
  await alice.next("call.incoming", (call) => call.callId === callId);
  await bob.request("call.hangup", { callId });
  await alice.next("calls.missedChanged");
  await alice.request("calls.missed", {});
  await alice.request("calls.seen", { until: Date.now() });
}

async function recordPreview(alice: RecordedPlugin): Promise<void> {
  const { previewId } = await alice.request("preview.start", {});
  await alice.next("preview.levels");
  await alice.request("preview.hearYourself", {});
  await alice.request("preview.stop", { previewId });
  await alice.request("preview.start", {});
  await alice.request("preview.testSound", {});
  await alice.request("settings.update", { settings: { videoDisabled: true } });
  await alice.next("preview.ended");
  await alice.request("settings.update", { settings: { videoDisabled: false } });
  await alice.next("availability.changed", ({ videoDisabled }) => videoDisabled === false);
}

/** This program is the network between the two. */
async function recordRelayed(carol: RecordedPlugin, dave: RecordedPlugin): Promise<void> {
  const ids = new Map([
    [carol, "12D3KooWCaro1Caro1Caro12"],
    [dave, "12D3KooWDaveDaveDaveDave"],
  ]);
  for (const [plugin, from] of ids) {
    const other = plugin === carol ? dave : carol;
    plugin.serve("signal.send", async ({ topic, payload }) => {
      // The last signal of a call may come after the other plugin has left. A network loses it too.
      await other.request("signal.deliver", { from, topic, payload }).catch((error: unknown) => {
        process.stderr.write(`lost ${topic}: ${String(error)}\n`);
      });
      return null;
    });
    await initialize(plugin, "relayed", { carrier: { selfId: from } });
  }
  const contact = { label: "Dave", addresses: [], reachable: true, videoDisabled: false };
  carol.notify("contacts.set", { contacts: [{ peerId: ids.get(dave), ...contact }] });
  const callId = await connect(carol, dave, ids.get(dave));
  await carol.request("call.hangup", { callId });
  await dave.next("call.ended");
  await leave(carol, dave);
}

const plugins = Array.from({ length: 4 }, () => new RecordedPlugin(program, corpus));
const [alice, bob, carol, dave] = plugins;
try {
  if (!alice || !bob || !carol || !dave) throw new Error("unreachable: there are four");
  await recordOwnNodes(alice, bob);
  await recordRelayed(carol, dave);
  process.stdout.write(corpus.lines([[folder, "/tmp/data"]]));
} finally {
  for (const plugin of plugins) plugin.kill();
  await rm(folder, { recursive: true, force: true });
}
