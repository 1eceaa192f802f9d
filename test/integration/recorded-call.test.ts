// A real call, recorded by both sides. Both logs replay byte for byte, and the masked one contains no private data.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectCall, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import { runTool } from "../support/plugin/run-tool.ts";
import { type Pulse, startPulse } from "../support/sound/pulse.ts";

/** Two megabytes of chart log, and small other parts. */
const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "goop-recorded-"));
const dataDirs = { alice: join(folder, "alice"), bob: join(folder, "bob") };
let pulse: Pulse;
/** Alice records masked, Bob in full. */
const logs = { alice: "", bob: "" };
let bundle = { path: "", bytes: 0 };
let deviceNames: string[] = [];

before(async () => {
  pulse = await startPulse();
  const { alice, bob, stop } = await startPair(
    {
      env: pulse.env,
      dataDir: dataDirs.alice,
      settings: { recording: "masked", microphone: "auto", speaker: "auto" },
    },
    { dataDir: dataDirs.bob, settings: { recording: "full" } },
  );
  try {
    await callThroughEverything(alice, bob);
    assert.deepEqual([await alice.stop(), await bob.stop()], [0, 0]);
  } finally {
    await stop();
  }
  logs.alice = onlyLogIn(dataDirs.alice);
  logs.bob = onlyLogIn(dataDirs.bob);
});
after(async () => {
  await pulse.stop();
  rmSync(folder, { recursive: true });
});

/** Mutes, switches the camera and the microphone, collects a bundle in between, and hangs up. */
async function callThroughEverything(alice: PluginProcess, bob: PluginProcess): Promise<void> {
  const { microphones, speakers } = await alice.host.request("devices.list", {});
  deviceNames = [...microphones, ...speakers]
    .filter(({ id }) => !["auto", "none", "tone"].includes(id))
    .flatMap(({ id, name }) => [id, name]);
  const callId = await connectCall(alice, bob);
  const microphone = (state: "on" | "off") =>
    bob.next("call.changed", (call) => call.remote.microphone === state);
  const camera = (state: "on" | "off") => bob.next("call.changed", (call) => call.remote.camera === state);

  await alice.host.request("call.setMicrophone", { callId, on: false });
  await microphone("off");
  bob.clearNotifications();
  await alice.host.request("call.setMicrophone", { callId, on: true });
  await microphone("on");
  await alice.host.request("call.setCamera", { callId, on: false });
  await camera("off");
  bob.clearNotifications();
  await alice.host.request("call.setCamera", { callId, on: true });
  await camera("on");
  await alice.host.request("call.useDevice", { callId, kind: "microphone", deviceId: "tone" });
  await alice.next("call.changed", ({ local }) => local.microphone.deviceId === "tone");
  await alice.next("call.statistics", ({ sendVideoBps }) => sendVideoBps > 0);
  bundle = await alice.host.request("debug.bundle", {});
  await bob.host.request("call.hangup", { callId });
  const isOver = (end: { callId: string }) => end.callId === callId;
  await Promise.all([alice.next("call.ended", isOver), bob.next("call.ended", isOver)]);
}

function onlyLogIn(dataDir: string): string {
  const [name = "", ...others] = readdirSync(join(dataDir, "chart-logs"));
  assert.deepEqual(others, []);
  return join(dataDir, "chart-logs", name);
}

/** The private data that the peers exchanged, by kind, from Bob's unmasked log. */
function secretsOfTheCall(): Record<string, Set<string>> {
  const text = readFileSync(logs.bob, "utf8");
  const all = (pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, found]) => found ?? ""));
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const ownAddresses = interfaces.map(({ address }) => address).filter((address) => address !== "::1");
  return {
    ufrag: all(/a=ice-ufrag:([^\\\s"]+)/g),
    password: all(/a=ice-pwd:([^\\\s"]+)/g),
    fingerprint: all(/a=fingerprint:[\w-]+ ([0-9A-F:]+)/g),
    candidate: all(/candidate:\d+ \d+ \w+ \d+ (\S+) /g),
    own: new Set(["127.0.0.1", ...ownAddresses]),
    device: new Set(deviceNames),
  };
}

function assertHidden(path: string): void {
  const text = readFileSync(path, "utf8");
  for (const [kind, secrets] of Object.entries(secretsOfTheCall())) {
    assert.ok(secrets.size > 0, `the log contains no ${kind} to look for`);
    for (const secret of secrets) assert.ok(!isIn(secret, text), `${path} contains the ${kind} ${secret}`);
  }
}

/** A ufrag has four letters, which may also occur within a longer word. */
function isIn(secret: string, text: string): boolean {
  const quoted = secret.replace(/[^\w]/g, "\\$&");
  return new RegExp(`(?<![\\w+/])${quoted}(?![\\w+/])`).test(text);
}

describe("a real call that was recorded", { timeout: 120_000 }, () => {
  for (const [who, how] of [
    ["alice", "masked"],
    ["bob", "full"],
  ] as const) {
    test(`replays byte for byte from a ${how} log`, async (t) => {
      const { status, stdout, stderr } = await runTool(["replay", logs[who]]);
      t.diagnostic(stdout.trim().replaceAll("\n", "; "));
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^attach: \d+ steps, as recorded\ncallManager: \d+ steps, as recorded\n$/);
      const steps = Number(/callManager: (\d+) steps/.exec(stdout)?.[1]);
      assert.ok(steps > 50, `only ${steps} steps`);
    });
  }

  test("differs from a log in which a single step was changed", async () => {
    const lines = readFileSync(logs.bob, "utf8").split("\n");
    const at = lines.findIndex(
      (line) => line.includes('"kind":"step"') && line.includes('"id":"callManager/call:'),
    );
    const step = JSON.parse(lines[at] ?? "");
    lines[at] = JSON.stringify({ ...step, actions: [...step.actions, "extra"] });
    const altered = join(folder, "altered.jsonl");
    writeFileSync(altered, lines.join("\n"));
    const { status, stderr } = await runTool(["replay", altered]);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`callManager: \\d+ steps, 1 differences\\n {2}line ${at + 1}, `));
    assert.match(stderr, /extra/);
  });

  test("has no secret, address or device name in its masked log", () => {
    assertHidden(logs.alice);
    // Placeholders replaced them.
    const masked = readFileSync(logs.alice, "utf8");
    for (const kind of ["ufrag", "secret", "fingerprint", "address", "device"]) {
      assert.ok(masked.includes(`<${kind} 1>`), kind);
    }
  });

  test("gives a bundle while in progress: with statistics, limited in size, masked", () => {
    assertHidden(bundle.path);
    assert.ok(bundle.bytes < MAX_BUNDLE_BYTES, `${bundle.bytes} bytes`);
    const evidence = JSON.parse(readFileSync(bundle.path, "utf8"));
    const [statistics, ...others] = evidence.statistics;
    assert.deepEqual(others, []);
    assert.ok(statistics.frames.sent > 0 && statistics.sendVideoBps > 0, JSON.stringify(statistics));
    const call = evidence.charts.find((entry: { kind: string; id: string }) =>
      /^callManager\/call:[^/]+$/.test(entry.kind === "step" ? entry.id : ""),
    );
    assert.match(JSON.stringify(call.value), /connected/);
    assert.ok(evidence.recorded.length > 50 && evidence.log.length > 0);
    assert.deepEqual([evidence.masked, evidence.settings.recording], [true, "masked"]);
  });
});
