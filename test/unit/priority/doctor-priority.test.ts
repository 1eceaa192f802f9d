// What the doctor says about the priority of the sound, on simulated machines.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FakeMachine } from "../../support/fakes/fake-system.ts";
import { findingsOf, onlyProblem } from "../tools/doctor-findings.ts";

const LIMITS = (nice: number, rtprio: number) =>
  `Limit                     Soft Limit           Hard Limit           Units     \n` +
  `Max nice priority         ${nice}                    ${nice}                    \n` +
  `Max realtime priority     ${rtprio}                    ${rtprio}                    \n` +
  `Max realtime timeout      unlimited            unlimited            us        \n`;

async function priorityOn(modify: (machine: FakeMachine) => void): Promise<string> {
  const findings = await findingsOf(modify);
  return findings.find(({ check }) => check === "sound priority")?.says ?? "";
}

describe("the doctor says what priority the sound of a call gets:", () => {
  test("real time from rtkit", async () => {
    assert.match(await priorityOn(() => undefined), /real time from rtkit\.$/);
  });

  test("real time by limits, without rtkit", async () => {
    const says = await priorityOn((machine) => {
      machine.realTime = null;
      machine.files["/proc/self/limits"] = LIMITS(0, 95);
    });
    assert.match(says, /real time by this user's limits \(rtprio 95\)\.$/);
  });

  test("only niceness, with what to install", async () => {
    const problem = await onlyProblem((machine) => {
      machine.realTime = null;
      machine.files["/proc/self/limits"] = LIMITS(31, 0);
    });
    assert.match(problem, /^warning sound priority: .* only a niceness of -11\. → Install rtkit/);
  });

  test("nothing, also from a portal that was started before rtkit and reports zeros", async () => {
    const problem = await onlyProblem((machine) => {
      machine.realTime = { name: "the portal", maxPriority: 0, minNice: 0, maxRealTimeUs: 0 };
      machine.files["/proc/self/limits"] = LIMITS(0, 0);
    });
    assert.match(problem, /^warning sound priority: .* gets no higher priority\. → Install rtkit/);
  });
});
