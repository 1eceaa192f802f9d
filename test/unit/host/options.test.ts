// The demo's command line and its choice of devices.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readDemoOptions } from "../../../plugin/host/options.ts";
import { deviceSettings } from "../../../plugin/host/pair.ts";

const device = (id: string, isDefault = false) => ({ id, name: id, isDefault });
const bare = {
  cameras: [device("test-pattern", true)],
  microphones: [device("tone", true), device("none")],
  speakers: [device("none", true)],
};

test("without options the demo takes free ports and opens pages only where there is a display", () => {
  const options = readDemoOptions([], {});
  assert.deepEqual([options.portA, options.portB, options.open, options.durationS], [0, 0, false, undefined]);
  assert.equal(readDemoOptions([], { DISPLAY: ":0" }).open, true);
  assert.equal(readDemoOptions(["--no-open"], { DISPLAY: ":0" }).open, false);
});

test("a wrong number names the option and its value", () => {
  assert.throws(() => readDemoOptions(["--port-a", "ninety"], {}), /--port-a is "ninety", expected a number/);
  assert.throws(() => readDemoOptions(["--port-b", "70000"], {}), /--port-b is "70000"/);
  assert.throws(() => readDemoOptions(["--duration="], {}), /--duration is ""/);
});

test("an option that does not exist is refused", () => {
  assert.throws(() => readDemoOptions(["--colour"], {}), /--colour/);
});

test("a machine without devices gets the test pattern, the tone and no speaker", () => {
  const chosen = { camera: "test-pattern", microphone: "tone", speaker: "none" };
  assert.deepEqual(deviceSettings(bare, undefined, 0), chosen);
  assert.deepEqual(deviceSettings(bare, undefined, 1), chosen);
});

test("one camera goes to the first host, because it opens only once, and a second camera to the second", () => {
  const one = { ...bare, cameras: [device("cam", true), device("test-pattern")] };
  assert.equal(deviceSettings(one, undefined, 0).camera, "auto");
  assert.equal(deviceSettings(one, undefined, 1).camera, "test-pattern");
  const two = { ...one, cameras: [...one.cameras, device("cam-2")] };
  assert.equal(deviceSettings(two, undefined, 1).camera, "cam-2");
});

test("the user's choice overrides the machine's devices", () => {
  const chosen = { camera: "none", microphone: "mic-9", speaker: undefined };
  assert.deepEqual(deviceSettings(bare, chosen, 0), { camera: "none", microphone: "mic-9", speaker: "none" });
});
