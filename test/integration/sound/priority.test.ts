// The threads of a real call between two plugins, with real sound processes: sound comes before pictures.

import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { after, before, describe, test } from "node:test";
import { roleInPlugin } from "../../../plugin/priority/roles.ts";
import { threadIdsOf, threadOf } from "../../../plugin/priority/threads.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { startPulse } from "../../support/sound/pulse.ts";
import { eventually, soundProcessesOf } from "../../support/sound/sound-helpers.ts";

const NO_BUS = {
  DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/nowhere/bus",
  DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere/bus",
};
/** A user without rights. */
const WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"];
const RR = 2;
/** Fields of /proc/PID/stat after the name, proc(5). */
const [NICE_AT, POLICY_AT] = [16, 38];

interface Scheduled {
  readonly name: string;
  readonly isMain: boolean;
  readonly nice: number;
  readonly policy: number;
}

function scheduledIn(pid: number): Scheduled[] {
  return (threadIdsOf(pid) ?? []).flatMap((tid) => {
    const name = threadOf(pid, tid)?.name;
    if (name === undefined) return [];
    const fields = readFileSync(`/proc/${pid}/task/${tid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return [{ name, isMain: tid === pid, nice: Number(fields[NICE_AT]), policy: Number(fields[POLICY_AT]) }];
  });
}

const withRole = (pid: number, role: string) =>
  scheduledIn(pid).filter(({ name, isMain }) => roleInPlugin(name, isMain) === role);

/** The call's two sides. Bob is a user without rights. */
let alice: PluginProcess;
let bob: PluginProcess;
const ends: (() => Promise<void>)[] = [];

before(async () => {
  const pulse = await startPulse();
  ends.push(() => pulse.stop());
  const devices = { settings: { microphone: "auto", speaker: "auto" }, env: { ...pulse.env, ...NO_BUS } };
  const pair = await startPair(devices, { ...devices, wrap: WITHOUT_RIGHTS });
  ends.push(pair.stop);
  ({ alice, bob } = pair);
  await connectCall(bob, alice);
});
after(async () => {
  for (const end of ends.reverse()) await end();
});

describe("in a call", { timeout: 240_000 }, () => {
  test("the sound processes have real time", async () => {
    const { pid, logged } = alice;
    await logged(/the sound process has real-time priority 5 from the limits of this user/);
    const inRealTime = (one: number) => scheduledIn(one).filter(({ policy }) => policy === RR).length;
    await eventually(
      () => soundProcessesOf(pid).length === 2 && soundProcessesOf(pid).every((one) => inRealTime(one) >= 5),
      "main, callback, client and two workers of each sound process have real time",
    );
  });

  test("libwebrtc's threads for sound come before its threads for pictures, which want real time for themselves", async () => {
    const { pid } = alice;
    const names = [
      "PeerConnectionF",
      "TestAudioDevice",
      "AudioEncoder",
      "TaskQueuePacedS",
      "EncoderQueue",
      "DecodingQueue",
    ];
    await eventually(
      () =>
        names.every((name) => scheduledIn(pid).some((one) => one.name === name)) &&
        withRole(pid, "sound").every(({ nice, policy }) => nice === -11 && policy === 0) &&
        withRole(pid, "picture").every(({ nice, policy }) => nice === getPriority() && policy === 0),
      "the threads of each role are there, with their niceness",
      () => JSON.stringify(scheduledIn(pid)),
    );
  });

  test("without any right the call works, the log says what sound has, and pictures step back", async () => {
    const { pid, logged } = bob;
    await logged(/the sound process has no higher priority than other programs/);
    await eventually(
      () => withRole(pid, "picture").every(({ nice }) => nice === Math.min(19, getPriority() + 5)),
      "the threads for pictures have a higher niceness",
      () => JSON.stringify(withRole(pid, "picture")),
    );
  });
});
