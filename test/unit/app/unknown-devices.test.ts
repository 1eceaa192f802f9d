// A device setting that names no device is accepted, and the log names it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSettingsStore } from "../../../plugin/app/settings-store.ts";
import { withDeviceWarnings } from "../../../plugin/app/unknown-devices.ts";
import type { DeviceList } from "../../../rpc-schema/index.ts";

const device = (id: string) => ({ id, name: id, isDefault: false });
const DEVICES: DeviceList = {
  cameras: [device("usb-1"), device("test-pattern")],
  microphones: [device("tone")],
  speakers: [],
};
const EMPTY: DeviceList = { cameras: [], microphones: [], speakers: [] };

function setUp(list: () => Promise<DeviceList> = async () => DEVICES) {
  const logged: unknown[][] = [];
  const store = withDeviceWarnings(createSettingsStore(), list, (...line) => void logged.push(line));
  const settled = () => new Promise(setImmediate);
  return { store, logged, settled };
}

describe("a change of the device settings", () => {
  test("to an unknown id is a warning that names the id and the existing ones", async () => {
    const { store, logged, settled } = setUp();
    assert.equal(store.change({ camera: "nocam" }).settings.camera, "nocam");
    await settled();
    const expected = "one of auto, none, usb-1, test-pattern";
    assert.deepEqual(logged, [
      [
        "warn",
        'there is no camera "nocam" at present, so calls use another one',
        { issues: [{ field: "settings.camera", value: '"nocam"', expected }] },
      ],
    ]);
  });

  test("to a known id, to auto and to none is no warning, and other changes list no devices", async () => {
    let count = 0;
    const { store, logged, settled } = setUp(async () => {
      count += 1;
      return DEVICES;
    });
    store.change({ camera: "usb-1", microphone: "none", speaker: "auto" });
    store.change({ toneHz: 500 });
    await settled();
    assert.deepEqual([logged, count], [[], 1]);
  });

  test("is no warning where the host's page makes the calls, which lists no devices", async () => {
    const { store, logged, settled } = setUp(async () => EMPTY);
    store.change({ camera: "usb-9" });
    await settled();
    assert.deepEqual(logged, []);
  });

  test("succeeds where the devices cannot be listed", async () => {
    const { store, logged, settled } = setUp(async () => {
      throw new Error("no sound server");
    });
    store.change({ microphone: "usb-9" });
    await settled();
    assert.deepEqual(logged, [["debug", "the devices could not be listed: no sound server"]]);
  });
});
