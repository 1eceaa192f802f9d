// The camera contract on the addon over a scripted V4L2 driver: several buffers to a frame, fields, and a wrong line length.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runOverScriptedDriver } from "../../support/camera/scripted-driver.ts";

const CHILD = fileURLToPath(new URL("./camera-v4l2.child.ts", import.meta.url));

test("cameras of several planes, of fields and of a wrong line length keep the camera contract", async () => {
  const options = ["--test", "--test-isolation=none", "--test-reporter=tap"];
  const { status, stdout, stderr } = await runOverScriptedDriver([...options, CHILD]);
  assert.equal(status, 0, stdout + stderr);
  // A run without tests would also succeed.
  assert.match(stdout, /^# pass 33$/m);
});
