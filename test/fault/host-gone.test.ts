// The host crashes. The plugin must not outlive it, and the other side must hear why the call ended.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type PluginProcess, startPlugin } from "../support/plugin/plugin-process.ts";
import { isRunning } from "../support/process/process-figures.ts";

const HOST_PROGRAM = fileURLToPath(new URL("../support/plugin/host-process.ts", import.meta.url));
/** What the host is promised; here it is a deadline of the product, not a figure of the machine. */
const GONE_WITHIN_MS = 1_000;

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

async function whenGone(pid: number): Promise<number> {
  const start = performance.now();
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
  return performance.now() - start;
}

async function callHost(alice: PluginProcess, host: HostProcess): Promise<string> {
  await alice.host.request("contacts.add", { address: host.address });
  const { callId } = await alice.host.request("call.start", { peerId: host.peerId, media: "video" });
  await alice.next("call.changed", (call) => call.phase === "connected");
  return callId;
}

test("a host killed in mid-call takes its plugin along within a second, and the peer hears hostGone", async (t) => {
  const alice = await startPlugin({ label: "Alice" });
  const host = await startHostProcess();
  try {
    const callId = await callHost(alice, host);
    host.child.kill("SIGKILL");
    const goneAfterMs = await whenGone(host.pid);
    const end = await alice.next("call.ended");
    t.diagnostic(`the plugin was gone ${Math.round(goneAfterMs)} ms after its host`);
    assert.deepEqual([end.callId, end.reason, end.endedBy], [callId, "hostGone", "remote"]);
    assert.ok(goneAfterMs < GONE_WITHIN_MS, `gone after ${goneAfterMs} ms`);
    assert.equal(await alice.stop(), 0);
  } finally {
    host.child.kill("SIGKILL");
    if (alice.child.exitCode === null) await alice.kill();
  }
});

test("a host killed while its plugin starts leaves no plugin behind", async () => {
  const host = await startHostProcess();
  host.child.kill("SIGKILL");
  assert.ok((await whenGone(host.pid)) < GONE_WITHIN_MS);
});
