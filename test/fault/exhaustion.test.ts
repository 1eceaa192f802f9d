// A resource of the system runs out, at the start or in mid-call: descriptors, processes, the disk, shared memory. A call that
// runs goes on, what is refused says so in a sentence, and all works again when the resource is back.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isPlain } from "../../plugin/ui/error-sentences.ts";
import { type CallInfo, RpcError } from "../../rpc-schema/index.ts";
import { connectCall, type PluginProcess, startPair, startPlugin } from "../support/plugin/plugin-process.ts";
import {
  descriptorLimit,
  limitDescriptors,
  limitProcesses,
  openDescriptors,
  withSmallDisks,
} from "../support/process/limits.ts";

import { startPulse } from "../support/sound/pulse.ts";
import { soundProcessesOf } from "../support/sound/sound-helpers.ts";

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
/** Pages fetch frames only with an origin that the host named. */
const OTHER = "12D3KooWBobHosted1111111";
const ORIGIN = "http://127.0.0.1:8080";

/** Resolves with the refusal, which must be a sentence for users. */
async function refused(request: Promise<unknown>): Promise<RpcError> {
  const error = await request.then(
    () => assert.fail("the request was not refused"),
    (why: unknown) => why,
  );
  assert.ok(error instanceof RpcError, String(error));
  assert.ok(isPlain(error.message), `not for users: ${error.message}`);
  return error;
}

/** Both sides receive frames that the other one sends now. */
async function assertRuns(one: PluginProcess, callId: string): Promise<void> {
  one.clearNotifications();
  const first = await one.next("call.statistics", (now) => now.callId === callId);
  one.clearNotifications();
  const { frames } = await one.next("call.statistics", (now) => now.frames.received > first.frames.received);
  assert.ok(frames.sent > first.frames.sent, "no frame was sent");
  const { calls } = await one.host.request("call.list", {});
  assert.deepEqual(
    calls.map((call) => [call.callId, call.phase]),
    [[callId, "connected"]],
  );
}

const subscribe = ({ host }: PluginProcess, callId: string) =>
  host.request("frames.subscribe", { callId, source: "remote", delivery: "websocket" });
const snapshot = ({ host }: PluginProcess, callId: string) =>
  host.request("call.snapshot", { callId, source: "remote" });

describe("descriptors", { timeout: 240_000 }, () => {
  test("that run out in a call end nothing: what needs one is refused, and works when there are some again", async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), "exhaustion-"));
    const { alice, bob, stop } = await startPair({ pageOrigins: [ORIGIN], dataDir });
    try {
      const callId = await connectCall(alice, bob);
      await assertRuns(alice, callId);
      const devices = await alice.host.request("devices.list", {});
      const limit = descriptorLimit(alice.pid);
      limitDescriptors(alice.pid, 3);
      const refusals = [
        await refused(subscribe(alice, callId)),
        await refused(snapshot(alice, callId)),
        await refused(alice.host.request("debug.bundle", { masked: true })),
      ];
      // Needs a process, and answers with what is known.
      assert.deepEqual(await alice.host.request("devices.list", {}), devices);
      for (const { message } of refusals) t.diagnostic(message);
      await assertRuns(alice, callId);
      limitDescriptors(alice.pid, limit);
      await subscribe(alice, callId);
      await snapshot(alice, callId);
      assert.deepEqual(await alice.host.request("devices.list", {}), devices);
      await alice.host.request("debug.bundle", { masked: true });
      await assertRuns(alice, callId);
      await alice.logged(
        /sound devices cannot be listed: the sound process cannot be started: .*as it may \(EMFILE\)/,
      );
      await alice.host.request("call.hangup", { callId });
      await bob.next("call.ended", (end) => end.callId === callId);
      const again = await connectCall(bob, alice);
      await assertRuns(bob, again);
    } finally {
      await stop();
      rmSync(dataDir, { recursive: true });
    }
  });

  test("that are missing when the sound process ends interrupt the sound with the reason, until there are some", async (t) => {
    const pulse = await startPulse();
    const settings = { microphone: "auto", speaker: "auto" };
    const { alice, bob, stop } = await startPair({ env: pulse.env, settings });
    try {
      const callId = await connectCall(alice, bob);
      const isLive = ({ local }: CallInfo) =>
        local.microphone.state === "live" && local.speaker.state === "live";
      await alice.next("call.changed", isLive);
      alice.clearNotifications();
      const limit = descriptorLimit(alice.pid);
      limitDescriptors(alice.pid, 3);
      for (const pid of soundProcessesOf(alice.pid)) process.kill(pid, "SIGKILL");
      const { local } = await alice.next("call.changed", (call) => call.local.microphone.why !== undefined);
      t.diagnostic(local.microphone.why ?? "");
      assert.match(local.microphone.why ?? "", /the sound process/);
      assert.ok(isPlain(local.microphone.why ?? ""));
      await assertRuns(alice, callId);
      await alice.logged(/the sound process cannot be started: .*\(EMFILE\)/);
      alice.clearNotifications();
      limitDescriptors(alice.pid, limit);
      await alice.next("call.changed", isLive);
      await assertRuns(alice, callId);
    } finally {
      await stop();
      await pulse.stop();
    }
  });

  test("too few for a call refuse it at both sides, name the limit, and leave the program running", async () => {
    const { alice, bob, stop } = await startPair();
    try {
      const limit = descriptorLimit(alice.pid);
      limitDescriptors(alice.pid, openDescriptors(alice.pid) + 40);
      const { kind, message } = await refused(
        alice.host.request("call.start", { peerId: bob.peerId, media: "video" }),
      );
      assert.equal(kind, "callsUnavailable");
      assert.match(message, /too little room for a call: it may have \d+ files .*ulimit -n/);
      const { callId } = await bob.host.request("call.start", { peerId: alice.peerId, media: "video" });
      await alice.next("call.incoming", (call) => call.callId === callId);
      assert.equal((await refused(alice.host.request("call.accept", { callId }))).kind, "callsUnavailable");
      limitDescriptors(alice.pid, limit);
      await alice.host.request("call.accept", { callId });
      await bob.next("call.changed", (call) => call.callId === callId && call.phase === "connected");
    } finally {
      await stop();
    }
  });

  test("up to the hard limit are the program's from its start", async () => {
    const alice = await startPlugin({ wrap: ["prlimit", "--nofile=64:512"] });
    assert.equal(descriptorLimit(alice.pid), 512);
    assert.equal(await alice.stop(), 0);
  });

  test("too few for signalling at the start leave a program that says so", async () => {
    for (const count of [32, 48]) {
      const alice = await startPlugin({ wrap: ["prlimit", `--nofile=${count}:${count}`], mayFail: true });
      await alice.host.request("call.list", {});
      const error = await refused(alice.host.request("call.start", { peerId: OTHER, media: "audio" }));
      assert.match(error.message, /too little room|not ready|not possible/);
      assert.equal(await alice.stop(), 0);
    }
  });
});

describe("processes", { timeout: 240_000 }, () => {
  test("that run out in a call end nothing, and helpers start when there is room again", async (t) => {
    // Root has no limit.
    const { alice, bob, stop } = await startPair({ wrap: NOBODY });
    try {
      const callId = await connectCall(alice, bob);
      await assertRuns(alice, callId);
      const devices = await alice.host.request("devices.list", {});
      limitProcesses(alice.pid, 1);
      t.diagnostic((await refused(snapshot(alice, callId))).message);
      assert.deepEqual(await alice.host.request("devices.list", {}), devices);
      await alice.logged(/the sound process cannot be started: .*no more processes .*\(EAGAIN\)/);
      await assertRuns(alice, callId);
      limitProcesses(alice.pid, 10_000);
      await snapshot(alice, callId);
      await alice.host.request("devices.list", {});
      await assertRuns(alice, callId);
    } finally {
      await stop();
    }
  });
});

describe("disks", { timeout: 240_000 }, () => {
  test("that are full in a call refuse the bug report with the file and the reason, and end the recording", async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), "exhaustion-"));
    const { alice, bob, stop } = await startPair({
      dataDir,
      settings: { recording: "masked" },
      // Enough for the identity, and not for a bug report.
      wrap: withSmallDisks({ [dataDir]: "20k", "/dev/shm": "4k" }),
    });
    try {
      const callId = await connectCall(alice, bob);
      const { kind, message } = await refused(alice.host.request("debug.bundle", { masked: true }));
      t.diagnostic(message);
      assert.equal(kind, "storageFailed");
      assert.ok(message.includes(`The bug report ${dataDir}/evidence/`), message);
      assert.match(message, /cannot be written: no space is left on its disk \(ENOSPC\)\. Free some space/);
      await assertRuns(alice, callId);
      await alice.logged(/the recording ends, because .*no space is left on its disk \(ENOSPC\)/);
    } finally {
      await stop();
      rmSync(dataDir, { recursive: true });
    }
  });

  test("without room for shared memory leave a call with sound and pictures", async () => {
    const pulse = await startPulse();
    const { alice, bob, stop } = await startPair({
      env: pulse.env,
      settings: { microphone: "auto", speaker: "auto" },
      wrap: withSmallDisks({ "/dev/shm": "4k" }),
    });
    try {
      const callId = await connectCall(alice, bob);
      await alice.next(
        "call.changed",
        ({ local }) => local.microphone.state === "live" && local.speaker.state === "live",
      );
      await assertRuns(alice, callId);
    } finally {
      await stop();
      await pulse.stop();
    }
  });

  test("without room for the identity leave a program that names the file", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "exhaustion-"));
    const alice = await startPlugin({
      dataDir,
      // One page for the folder itself.
      wrap: withSmallDisks({ [dataDir]: "4k,nr_inodes=2" }),
      mayFail: true,
    });
    try {
      const { state, why } = await alice.next("signalling.changed", (now) => now.state !== "starting");
      assert.equal(state, "failed");
      assert.match(why ?? "", /identity\.key: no space is left on its disk \(ENOSPC\)/);
      assert.equal(await alice.stop(), 0);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});
