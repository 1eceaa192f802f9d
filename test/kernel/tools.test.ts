// The command-line tools on a machine with a kernel camera: vivid's modes, its frame, and the process that uses it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { assertColourBars } from "../support/pictures/colour-bars.ts";
import type { ToolsReport } from "./guest/tools-report.ts";

/** The driver rounds with its own transfer function. */
const TOLERANCE = 12;

const result = await runInVm({ command: ["node", "test/kernel/guest/tools-report.ts"], timeoutS: 240 });
// The script that prints the guest's report defines its type.
const report = lastJson(result) as ToolsReport;

describe("the commands with a camera of the kernel", () => {
  test("devices lists vivid with its modes", () => {
    const [vivid] = report.cameras;
    assert.equal(vivid?.name, "vivid");
    assert.ok((vivid?.modes ?? 0) >= 4);
    assert.ok((vivid?.first?.width ?? 0) > 0);
  });

  test("devices lists the nodes that capture, and no others, to a user who may open none", () => {
    const names = report.nodes.map(({ name }) => name);
    for (const kind of ["vid-cap", "vid-out", "meta-cap", "meta-out"]) {
      assert.ok(names.includes(`vivid-000-${kind}`), `the driver made no ${kind} among ${names.join()}`);
    }
    const cameras = report.nodes.filter(({ name }) => name === "vivid-000-vid-cap" || name === "loopback");
    const listed = report.forbidden.filter(({ path }) => path !== "test-pattern");
    assert.deepEqual(
      listed.map(({ path, name, modes }) => [path, name, modes]).sort(),
      cameras.map(({ path, name }) => [path, name, 0]).sort(),
    );
  });

  test("doctor finds the camera, and names the process that uses it", () => {
    const [engine, camera, held] = report.findings;
    assert.equal(engine?.verdict, "ok", JSON.stringify(engine));
    assert.match(camera?.says ?? "", /^A camera is available: .*vivid/);
    assert.match(held?.says ?? "", /^node \(process \d+\) is using \/dev\/video0/);
    assert.ok(held?.action?.endsWith(`kill ${report.doctorPid}`), JSON.stringify(held));
  });

  test("capture-test saves vivid's frame and ends with status 0", () => {
    const { captured, picture } = report;
    assert.equal(captured.status, 0, captured.stderr);
    assert.match(captured.stdout, /^camera: vivid \[/);
    assert.match(captured.stdout, /reached {2}[\d.]+ fps, \d+ captured, 0 faulty, \d+ dropped/);
    assertColourBars(picture?.bars ?? [], TOLERANCE);
  });
});
