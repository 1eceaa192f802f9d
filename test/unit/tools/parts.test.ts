// The tools' command line, device table and WAV files, without a device or a process.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseCommandLine } from "../../../plugin/command-line.ts";
import { describeDevices } from "../../../plugin/tools/devices.ts";
import { encodeWav } from "../../../plugin/tools/wav.ts";

describe("the tools' command line", () => {
  test("accepts the commands with their options and defaults", () => {
    assert.deepEqual(parseCommandLine(["devices", "--json"], ""), { name: "devices", json: true });
    assert.deepEqual(parseCommandLine(["doctor"], ""), { name: "doctor", json: false, settings: undefined });
    assert.deepEqual(parseCommandLine(["replay", "a.jsonl"], ""), { name: "replay", log: "a.jsonl" });
    const inspect = { name: "inspect", pid: null, stately: false, open: true };
    assert.deepEqual(parseCommandLine(["inspect"], ""), inspect);
    assert.deepEqual(parseCommandLine(["inspect", "--pid=7", "--no-open", "--stately"], ""), {
      ...inspect,
      pid: 7,
      stately: true,
      open: false,
    });
    assert.deepEqual(parseCommandLine(["capture-test", "--camera", "c", "--seconds=0.5"], ""), {
      name: "captureTest",
      camera: "c",
      microphone: "auto",
      seconds: 0.5,
      out: ".",
    });
  });

  const refused: [string[], RegExp][] = [
    [
      ["capture"],
      /no command "capture", expected one of bridge, demo, devices, doctor, inspect, replay, conformance, capture-test/,
    ],
    [["devices", "doctor"], /"doctor" is an unexpected argument/],
    [["inspect", "--pid", "all"], /--pid is "all", expected a process id/],
    [["inspect", "log"], /"log" is an unexpected argument/],
    [["replay"], /replay needs the path of an event log/],
    [["replay", "a", "b"], /"b" is an unexpected argument/],
    [["devices", "--camera", "x"], /--camera is not an option of devices/],
    [["capture-test", "--json"], /--json is not an option of capture-test/],
    [["--json"], /--json is not an option of the plugin without a command/],
    [["capture-test", "--seconds", "many"], /--seconds is "many", expected a number above 0, up to 60/],
    [["capture-test", "--seconds", "0"], /--seconds is "0"/],
    [["capture-test", "--seconds", "61"], /--seconds is "61"/],
    [["capture-test", "--seconds", ""], /--seconds is ""/],
    [["capture-test", "--out", ""], /--out is empty/],
    [["capture-test", "--camera=none", "--microphone=none"], /nothing to test/],
  ];
  for (const [args, what] of refused) {
    test(`refuses ${args.join(" ")} in one line and refers to --help`, () => {
      const command = parseCommandLine(args, "");
      assert.equal(command.name, "refuse");
      const text = "text" in command ? command.text : "";
      assert.match(text, what);
      assert.match(text, /^goop-call-plugin: [^\n]*\nTry goop-call-plugin --help\.\n$/);
    });
  }

  test("help names every command and option", () => {
    const help = parseCommandLine(["--help"], "");
    for (const word of "devices doctor inspect replay capture-test --pid --no-open --stately --json --settings --camera --microphone --seconds --out".split(
      " ",
    )) {
      assert.ok("text" in help && help.text.includes(word), word);
    }
  });
});

describe("the table of devices", () => {
  test("has a line for each format and size with its rates, and a star for the default device", () => {
    const mode = (fourcc: string, width: number, height: number, fps: number) => ({
      fourcc,
      width,
      height,
      fps,
    });
    const modes = [
      mode("MJPG", 1280, 720, 15),
      mode("YUYV", 640, 480, 30),
      mode("MJPG", 1280, 720, 29.97003),
    ];
    const text = describeDevices({
      cameras: [{ id: "by-id/cam", name: "Cam", isDefault: true, modes }],
      microphones: [{ id: "tone", name: "Test tone", isDefault: false }],
      speakers: [],
    });
    assert.equal(
      text,
      "Cameras\n  * Cam  [by-id/cam]\n      MJPG 1280x720 at 29.97, 15 fps\n      YUYV 640x480 at 30 fps\n\n" +
        "Microphones\n    Test tone  [tone]\n\nSpeakers\n",
    );
  });

  test("has a sound server's devices with their connector, volume and kind", () => {
    const port = { name: "Headset", available: "no" } as const;
    const text = describeDevices({
      cameras: [],
      microphones: [
        { id: "pulse:a", name: "A", isDefault: true, kind: "microphone", port, isMuted: false, volume: 70 },
        { id: "pulse:b", name: "B", isDefault: false, kind: "monitor", isMuted: true, volume: 70 },
      ],
      speakers: [{ id: "pulse:c", name: "C", isDefault: false, kind: "null" }],
    });
    assert.match(text, / {2}\* A {2}\[pulse:a\] {2}\(Headset not plugged in, volume 70 %\)\n/);
    assert.match(text, /B {2}\[pulse:b\] {2}\(repeats the sound of this computer, muted\)\n/);
    assert.match(text, /C {2}\[pulse:c\] {2}\(no real device\)\n/);
  });
});

describe("a WAV file", () => {
  test("has a RIFF header and little-endian samples", () => {
    const file = encodeWav(Int16Array.of(1, -2, 32_767), 48_000);
    assert.equal(file.length, 50);
    assert.equal(file.toString("latin1", 0, 4) + file.toString("latin1", 8, 16), "RIFFWAVEfmt ");
    assert.equal(file.readUInt32LE(4), file.length - 8);
    assert.deepEqual([file.readUInt16LE(20), file.readUInt16LE(22), file.readUInt32LE(24)], [1, 1, 48_000]);
    assert.deepEqual([file.readUInt32LE(28), file.readUInt16LE(32), file.readUInt16LE(34)], [96_000, 2, 16]);
    assert.equal(file.readUInt32LE(40), 6);
    assert.equal(file.toString("hex", 44), "0100feffff7f");
  });
});
