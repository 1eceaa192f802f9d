// The tools as real processes, with the test pattern, the test tone and a real PulseAudio.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PNG } from "pngjs";
import type { DeviceTable } from "../../plugin/tools/devices.ts";
import type { Finding } from "../../plugin/tools/finding.ts";
import { settingsSchema } from "../../rpc-schema/index.ts";
import { runTool } from "../support/plugin/run-tool.ts";
import { type Pulse, startPulse } from "../support/sound/pulse.ts";
import { dominantFrequency, sine } from "../support/sound/spectrum.ts";

const RATE = 48_000;
const WAV_HEADER_BYTES = 44;

const folder = mkdtempSync(join(tmpdir(), "tools-"));
let pulse: Pulse;
before(async () => {
  pulse = await startPulse();
});
after(async () => {
  await pulse.stop();
  await rm(folder, { recursive: true });
});

function samplesOf(path: string): Int16Array {
  const bytes = readFileSync(path).subarray(WAV_HEADER_BYTES);
  return Int16Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(index * 2));
}

/** The dominant frequency in the middle of the file. */
function pitchOf(path: string): number {
  const samples = samplesOf(path);
  const middle = Math.floor(samples.length / 2);
  return dominantFrequency(samples.subarray(middle - RATE / 10, middle + RATE / 10), RATE);
}

describe("goop-call-plugin devices", { timeout: 120_000 }, () => {
  test("prints the devices of devices.list as JSON, including those of PulseAudio", async () => {
    const { status, stdout } = await runTool(["devices", "--json"], pulse.env);
    assert.equal(status, 0);
    const { cameras, microphones, speakers } = JSON.parse(stdout) as DeviceTable;
    assert.equal(cameras.at(-1)?.id, "test-pattern");
    assert.ok(microphones.length > 2 && speakers.length > 1, stdout);
    assert.ok(microphones.some(({ id }) => id === "tone"));
  });

  test("prints a table", async () => {
    const { status, stdout } = await runTool(["devices"], pulse.env);
    assert.equal(status, 0);
    assert.match(stdout, /^Cameras\n[\s\S]*\[test-pattern\]\n\nMicrophones\n[\s\S]*\n\nSpeakers\n/);
  });
});

describe("goop-call-plugin doctor", { timeout: 120_000 }, () => {
  test("reports that calls are possible, and finds the sound server by its socket", async () => {
    const { status, stdout } = await runTool(["doctor", "--json"], pulse.env);
    const report = JSON.parse(stdout) as { callsArePossible: boolean; findings: Finding[] };
    assert.equal(report.callsArePossible, true, stdout);
    assert.equal(status, 0);
    const sound = report.findings.find(({ check }) => check === "sound server");
    assert.equal(sound?.verdict, "ok", JSON.stringify(sound));
  });

  test("exits with status 1 if the settings are invalid", async () => {
    const settings = join(folder, "settings.json");
    writeFileSync(settings, '{"toneHz": 1}');
    const { status, stdout } = await runTool(["doctor", "--settings", settings], pulse.env);
    assert.equal(status, 1);
    assert.match(stdout, /failure +settings +The settings in .* are invalid: toneHz/);
  });
});

describe("goop-call-plugin capture-test", { timeout: 240_000 }, () => {
  test("saves the test pattern and the tone, and prints the measured rates", async () => {
    const out = join(folder, "made/here");
    const args = ["--camera", "test-pattern", "--microphone", "tone", "--seconds", "1", "--out", out];
    const { status, stdout, stderr } = await runTool(["capture-test", ...args], pulse.env);
    assert.equal(status, 0, stderr);
    const { width, height } = settingsSchema.parse({}).picture;
    assert.match(stdout, new RegExp(`format   I420 ${width}x${height} at 30 fps`));
    assert.match(stdout, /reached {2}[\d.]+ fps, \d+ captured, 0 faulty, \d+ dropped/);
    assert.match(stdout, /level {4}peak -[\d.]+ dBFS/);
    const picture = PNG.sync.read(readFileSync(join(out, "camera.png")));
    assert.deepEqual([picture.width, picture.height], [width, height]);
    assert.ok(new Set(picture.data).size > 16, "the picture is empty");
    assert.ok(samplesOf(join(out, "microphone.wav")).length > RATE / 2);
    assert.ok(Math.abs(pitchOf(join(out, "microphone.wav")) - 440) < 4);
  });

  test("records the microphone of a real sound server", async () => {
    const stop = pulse.play(sine(700, 1_000, RATE));
    try {
      const args = ["--camera", "none", "--seconds", "2", "--out", folder];
      const { status, stdout, stderr } = await runTool(["capture-test", ...args], pulse.env);
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stdout, /Test tone|camera/);
      assert.ok(Math.abs(pitchOf(join(folder, "microphone.wav")) - 700) < 4);
    } finally {
      await stop();
    }
  });

  const wrong: [string, string[], RegExp][] = [
    ["an unknown camera", ["--camera", "nix", "--microphone", "none"], /^camera: .*camera.*nix/],
    ["an unknown microphone", ["--camera", "none", "--microphone", "nix"], /^microphone: .*nix/],
  ];
  for (const [what, args, message] of wrong) {
    test(`${what} is reported in one line, with status 1`, async () => {
      const { status, stdout, stderr } = await runTool(["capture-test", ...args, "--out", folder], pulse.env);
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    });
  }

  test("a folder that cannot be created is reported in one line", async () => {
    const args = ["--camera", "test-pattern", "--microphone", "tone", "--out", "/dev/null/x"];
    const { status, stderr } = await runTool(["capture-test", ...args], pulse.env);
    assert.equal(status, 1);
    assert.match(stderr, /^The folder \/dev\/null\/x cannot be created: [^\n]*\(ENOTDIR\)[^\n]*\n$/);
  });
});
