// The camera contract on vivid and v4l2loopback, in one boot of the kernel machine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInVm } from "../support/kernel-vm/run-in-vm.ts";

test("vivid with either interface and v4l2loopback keep the camera contract", async () => {
  // One process, since runInVm prepares the command's own process only.
  const options = ["--test", "--test-isolation=none", "--test-reporter=tap"];
  const command = ["node", ...options, "test/kernel/guest/camera-contract.ts"];
  const vividArgs = "n_devs=2 multiplanar=1,2";
  const { status, stdout, stderr } = await runInVm({ command, vividArgs, timeoutS: 300 });
  assert.equal(status, 0, stdout + stderr);
  // A run without tests would also succeed.
  assert.match(stdout, /^# pass 33$/m);
  assert.match(stdout, /^# skipped 0$/m);
});
