// What the doctor says of PipeWire's cameras, and of a missing library.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeMachine } from "../../support/fakes/fake-system.ts";
import { findingsOf, onlyProblem } from "./doctor-findings.ts";

test("a camera that PipeWire alone offers will do, also where V4L2's may not be opened", async () => {
  const pipeWire = { cameras: ["Built-in camera"], libraryProblem: null };
  const without = (machine: FakeMachine) => {
    machine.pipeWire = pipeWire;
    delete machine.files["/dev/video0"];
  };
  const forbidden = (machine: FakeMachine) => {
    machine.pipeWire = pipeWire;
    machine.forbidden.add("/dev/video0");
  };
  for (const modify of [without, forbidden]) {
    const camera = (await findingsOf(modify)).find(({ check }) => check === "camera");
    assert.deepEqual(
      [camera?.verdict, camera?.says],
      ["ok", "A camera of PipeWire is available: Built-in camera."],
    );
  }
});

test("without a camera, a missing library of PipeWire is named with its packages", async () => {
  const problem = await onlyProblem((machine) => {
    delete machine.files["/dev/video0"];
    delete machine.files["/sys/class/video4linux/video0/name"];
    machine.pipeWire = {
      cameras: [],
      libraryProblem: "libpipewire-0.3.so.0: cannot open shared object file",
    };
  });
  assert.match(problem, /libpipewire-0\.3\.so\.0: cannot open .*→ .*sudo apt install libpipewire-0\.3-0 /);
});
