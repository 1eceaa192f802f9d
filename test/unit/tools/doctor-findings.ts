// What the doctor finds on a simulated machine, for its tests.

import assert from "node:assert/strict";
import { runChecks } from "../../../plugin/tools/doctor.ts";
import type { Finding } from "../../../plugin/tools/finding.ts";
import { ADDON_FOLDER, type FakeMachine, healthyMachine, viewOf } from "../../support/fakes/fake-system.ts";

export const CAMERA_NOTE = "/run/user/1000/goop-call-plugin/camera-note";

interface DoctorTestOptions {
  addonProblem?: string;
  settingsPath?: string;
}

export async function findingsOf(
  modify: (machine: FakeMachine) => void,
  options: DoctorTestOptions = {},
): Promise<Finding[]> {
  const machine = healthyMachine();
  modify(machine);
  const { addonProblem = null, settingsPath } = options;
  return runChecks(viewOf(machine), {
    addonFolder: ADDON_FOLDER,
    addonProblem,
    settingsPath,
    cameraNotePath: CAMERA_NOTE,
    running: [],
  });
}

/** The one finding that is not ok, as `verdict check: sentence → action`. */
export async function onlyProblem(
  modify: (machine: FakeMachine) => void,
  options: DoctorTestOptions = {},
): Promise<string> {
  const problems = (await findingsOf(modify, options)).filter(({ verdict }) => verdict !== "ok");
  assert.equal(problems.length, 1, JSON.stringify(problems));
  return problems
    .map(({ verdict, check, says, action }) => `${verdict} ${check}: ${says} → ${action}`)
    .join();
}
