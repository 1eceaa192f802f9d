// The selection, names and ids of sound devices.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PortAudioDevice } from "../../../plugin/sound/device-names.ts";
import { findDevice, nameDevices } from "../../../plugin/sound/device-names.ts";

function device(id: number, name: string, inputs: number, outputs: number): PortAudioDevice {
  return {
    id,
    name,
    hostAPIName: "ALSA",
    maxInputChannels: inputs,
    maxOutputChannels: outputs,
    defaultSampleRate: 44_100,
  };
}

const laptop = [
  device(0, "HDA Intel PCH: ALC257 Analog (hw:0,0)", 2, 2),
  device(1, "HDA Intel PCH: HDMI 0 (hw:0,3)", 0, 8),
  device(2, "USB Headset: Audio (hw:1,0)", 1, 2),
  device(3, "sysdefault", 128, 128),
  device(4, "front", 0, 2),
  device(5, "surround51", 0, 2),
  device(6, "dmix", 0, 2),
  device(7, "pulse", 32, 32),
  device(8, "default", 32, 32),
];

describe("device names", () => {
  test("list capturing devices as microphones and playing devices as speakers, without ALSA's plugins", () => {
    const ids = (direction: "microphone" | "speaker") =>
      nameDevices(laptop, direction, 8).map(({ id }) => id);
    const both = ["ALSA:pulse", "ALSA:default"];
    const cards = ["ALSA:HDA Intel PCH: ALC257 Analog", "ALSA:USB Headset: Audio"];
    assert.deepEqual(ids("microphone"), [...cards, ...both]);
    assert.deepEqual(ids("speaker"), [cards[0], "ALSA:HDA Intel PCH: HDMI 0", cards[1], ...both]);
  });

  test("stay the same when cards are detected in another order", () => {
    const swapped = [
      device(0, "USB Headset: Audio (hw:0,0)", 1, 2),
      device(1, "HDA Intel PCH: ALC257 Analog (hw:1,0)", 2, 2),
    ];
    const now = findDevice(nameDevices(swapped, "microphone", 0), "ALSA:USB Headset: Audio");
    const before = findDevice(nameDevices(laptop, "microphone", 0), "ALSA:USB Headset: Audio");
    assert.deepEqual([before?.index, now?.index], [2, 0]);
  });

  test("distinguish two equal devices", () => {
    const twins = [device(0, "Cam: Mic (hw:1,0)", 1, 0), device(1, "Cam: Mic (hw:2,0)", 1, 0)];
    assert.deepEqual(
      nameDevices(twins, "microphone", 9).map(({ id, name }) => [id, name]),
      [
        ["ALSA:Cam: Mic", "Cam: Mic"],
        ["ALSA:Cam: Mic#2", "Cam: Mic #2"],
      ],
    );
  });

  test("auto means the system's default, or the first device, or none", () => {
    assert.equal(findDevice(nameDevices(laptop, "speaker", 8), "auto")?.id, "ALSA:default");
    assert.equal(findDevice(nameDevices(laptop, "speaker", -1), "auto")?.index, 0);
    assert.equal(findDevice([], "auto"), undefined);
    assert.equal(findDevice(nameDevices(laptop, "speaker", 8), "ALSA:nothing"), undefined);
  });
});
