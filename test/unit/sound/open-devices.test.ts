// The list of devices while some are open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type OpenDevice,
  openDeviceOf,
  withOpenDevices,
} from "../../../plugin/sound/supervision/open-device.ts";

const FORMAT = { sampleRate: 44_100, channels: 2 };
const card: OpenDevice = { id: "ALSA:Card", name: "Card", format: FORMAT, delayMs: 0.9 };
const other = { id: "ALSA:Other", name: "Other", isDefault: true };

describe("the list while a device is open", () => {
  test("says how ALSA opened it", () => {
    const listed = { id: card.id, name: card.name, isDefault: false };
    assert.deepEqual(withOpenDevices([other, listed], [card]), [other, { ...listed, opened: FORMAT }]);
  });

  test("has it although ALSA cannot list a device that only one program can use", () => {
    const open = { id: card.id, name: card.name, opened: FORMAT };
    assert.deepEqual(withOpenDevices([other], [card]), [other, { ...open, isDefault: false }]);
    assert.deepEqual(withOpenDevices([], [card, card]), [{ ...open, isDefault: true }]);
  });

  test("says nothing of a device of a sound server, nor while none is open", () => {
    assert.deepEqual(withOpenDevices([other], [null, { ...card, format: null }]), [other]);
  });

  test("the log has the format and the delay of a device that needs a conversion", () => {
    const logged: string[] = [];
    const log = (_level: string, line: string) => void logged.push(line);
    const target = { choice: card.id, env: undefined, server: null };
    openDeviceOf({ ...card, format: FORMAT }, target, log);
    openDeviceOf({ ...card, format: { sampleRate: 48_000, channels: 1 } }, target, log);
    assert.deepEqual(logged, ["Card is opened with 2 channels at 44100 Hz; the conversion adds 0.9 ms"]);
  });
});
