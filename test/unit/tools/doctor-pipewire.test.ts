// What the doctor says of PipeWire's cameras, and of a missing library.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeMachine } from "../../support/fakes/fake-system.ts";
import { findingsOf, onlyProblem } from "./doctor-findings.ts";

const NOTHING = { cameras: [], unreadable: [], libraryProblem: null, accessProblem: null, portal: null };

function withoutVideo0(machine: FakeMachine): void {
  delete machine.files["/dev/video0"];
  delete machine.files["/sys/class/video4linux/video0/name"];
}

test("a camera that PipeWire alone offers will do, also where V4L2's may not be opened", async () => {
  const pipeWire = { ...NOTHING, cameras: ["Built-in camera"] };
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
    withoutVideo0(machine);
    machine.pipeWire = {
      ...NOTHING,
      libraryProblem: "libpipewire-0.3.so.0: cannot open shared object file",
    };
  });
  assert.match(problem, /libpipewire-0\.3\.so\.0: cannot open .*→ .*sudo apt install libpipewire-0\.3-0 /);
});

test("a camera with H264 alone is named with its format, and does not count as available", async () => {
  const problem = await onlyProblem((machine) => {
    machine.unreadableNodes = [{ path: "/dev/video0", name: "Integrated Camera", formats: ["H264"] }];
  });
  assert.match(
    problem,
    /^warning camera: The camera Integrated Camera offers only H264, .* → Plug in another/,
  );
});

test("the many nodes of one sensor are named once, with the package that reads them", async () => {
  const problem = await onlyProblem((machine) => {
    machine.files["/dev/video1"] = "";
    machine.unreadableNodes = [0, 1].map((number) => {
      return { path: `/dev/video${number}`, name: "ipu6", formats: ["BA10", "YUYV"] };
    });
  });
  assert.match(
    problem,
    /: The camera ipu6 offers only BA10, YUYV, which cannot be shown\. A sensor's raw data/,
  );
  assert.match(problem, /→ sudo apt install libspa-0\.2-libcamera/);
});

test("a node of PipeWire with an unknown format alone is named, and another camera is enough", async () => {
  const unreadable = [{ name: "Stream", formats: ["VP8"] }];
  const problem = await onlyProblem((machine) => {
    withoutVideo0(machine);
    machine.pipeWire = { ...NOTHING, unreadable };
  });
  assert.match(problem, /The camera Stream offers only VP8, which cannot be shown\. → Plug in another/);
  const findings = await findingsOf((machine) => {
    machine.pipeWire = { ...NOTHING, unreadable };
  });
  assert.match(
    findings.find(({ check }) => check === "camera")?.says ?? "",
    /available: Integrated Camera\.$/,
  );
});

test("a daemon that does not let the program in is named where there is no camera", async () => {
  const accessProblem = "PipeWire refuses this program: no permission";
  const problem = await onlyProblem((machine) => {
    withoutVideo0(machine);
    machine.pipeWire = { ...NOTHING, accessProblem };
  });
  assert.match(problem, /PipeWire refuses this program: no permission\. → Allow the camera for this program/);
});

test("a camera behind the desktop's portal will do where PipeWire does not let the program in", async () => {
  const findings = await findingsOf((machine) => {
    withoutVideo0(machine);
    const accessProblem = "PipeWire refuses this program: rejected";
    machine.pipeWire = { ...NOTHING, accessProblem, portal: { problem: null } };
  });
  const camera = findings.find(({ check }) => check === "camera");
  assert.equal(camera?.verdict, "ok");
  assert.match(
    camera?.says ?? "",
    /through the desktop's portal, which asks for permission at its first use/,
  );
});

test("what the portal lacks is named on a desktop, and in a sandbox with the packages", async () => {
  const problemIn = (environment: Record<string, string>) =>
    onlyProblem((machine) => {
      withoutVideo0(machine);
      machine.environment = { ...machine.environment, ...environment };
      machine.pipeWire = { ...NOTHING, portal: { problem: "knows of no camera" } };
    });
  assert.match(
    await problemIn({ DISPLAY: ":0" }),
    /The desktop's portal knows of no camera\. → Plug in a camera/,
  );
  assert.doesNotMatch(await problemIn({}), /portal/);
  assert.match(
    await problemIn({ SNAP: "/snap/goop/1", XDG_CURRENT_DESKTOP: "GNOME" }),
    /portal knows of no camera\. → .*sudo apt install xdg-desktop-portal xdg-desktop-portal-gnome pipewire/,
  );
});
