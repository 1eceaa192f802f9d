// The host crashes. Its plugin must exit, and the other side must get the reason of the call's end.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type PluginProcess, startPlugin } from "../support/plugin/plugin-process.ts";
import { isRunning } from "../support/process/process-figures.ts";

const HOST_PROGRAM = fileURLToPath(new URL("../support/plugin/host-process.ts", import.meta.url));
/** The product's deadline, printed with the figure. On a busy machine the check allows five times as much. */
const EXIT_WITHIN_MS = 1_000;
const MARGIN = 5;
/** A loop without a pause would take a processor from the plugin that is to exit. */
const LOOK_EVERY_MS = 5;

interface HostProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly peerId: string;
  readonly address: string;
}

async function startHostProcess(): Promise<HostProcess> {
  const child = spawn(process.execPath, [HOST_PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, ...(JSON.parse(line) as Omit<HostProcess, "child">) };
}

async function untilExited(pid: number): Promise<number> {
  const start = performance.now();
  while (isRunning(pid)) await delay(LOOK_EVERY_MS);
  return performance.now() - start;
}

async function callHost(alice: PluginProcess, host: HostProcess): Promise<string> {
  await alice.host.request("contacts.add", { address: host.address });
  const { callId } = await alice.host.request("call.start", { peerId: host.peerId, media: "video" });
  await alice.next("call.changed", (call) => call.phase === "connected");
  return callId;
}

test("the plugin of a host that is killed during a call exits within a second, and the peer gets hostGone", async (t) => {
  const alice = await startPlugin({ label: "Alice" });
  const host = await startHostProcess();
  try {
    const callId = await callHost(alice, host);
    host.child.kill("SIGKILL");
    const exitedAfterMs = await untilExited(host.pid);
    const end = await alice.next("call.ended");
    t.diagnostic(
      `the plugin exited ${Math.round(exitedAfterMs)} ms after its host (limit ${EXIT_WITHIN_MS})`,
    );
    assert.deepEqual([end.callId, end.reason, end.endedBy], [callId, "hostGone", "remote"]);
    assert.ok(exitedAfterMs < MARGIN * EXIT_WITHIN_MS, `exited after ${exitedAfterMs} ms`);
    assert.equal(await alice.stop(), 0);
  } finally {
    host.child.kill("SIGKILL");
    if (alice.child.exitCode === null) await alice.kill();
  }
});

test("the plugin of a host that is killed during the start exits too", async () => {
  const host = await startHostProcess();
  host.child.kill("SIGKILL");
  assert.ok((await untilExited(host.pid)) < MARGIN * EXIT_WITHIN_MS);
});
