// The contract of the host link, in both directions, over the pipes of a real process. Includes the tests that need a process.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectPlugin } from "../../plugin/rpc/host-link.ts";
import { testHostLink } from "./host-link.contract.ts";
import { testPluginRequests } from "./plugin-requests.contract.ts";

const PROGRAM = fileURLToPath(new URL("../support/plugin/stdio-plugin.ts", import.meta.url));

function startProcess() {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "exit");
  return { child, exited, host: connectPlugin(child.stdin, child.stdout) };
}

function link() {
  const { child, exited, host } = startProcess();
  child.stderr.resume();
  return {
    host,
    raw: child.stdin,
    async end() {
      host.close();
      await exited;
    },
  };
}

testHostLink("the pipes of a process", link);
testPluginRequests("the pipes of a process", link);

describe("host link and the process's end", { timeout: 60_000 }, () => {
  test("a plugin that dies closes the link and rejects the open requests", async () => {
    const { child, exited, host } = startProcess();
    await host.request("contacts.list", {});
    const open = assert.rejects(host.request("call.accept", { callId: "c" }), /closed/);
    child.kill("SIGKILL");
    await open;
    await exited;
    assert.match(await host.closed, /closed/);
  });

  test("the plugin exits when its input ends", async () => {
    const { exited, host } = startProcess();
    await host.request("contacts.list", {});
    host.close();
    assert.deepEqual(await exited, [0, null]);
  });

  test("a host that reads nothing does not stop the plugin from reading and working", async () => {
    const { child, exited, host } = startProcess();
    await host.request("contacts.list", {});
    child.stdout.pause();
    // 1.6 MB of frames are far more than the pipe and the reading stream can hold.
    const asked = host.request("frames.subscribe", { callId: "c", source: "remote", credit: 8 });
    child.stdin.write('{"jsonrpc":"2.0","method":"are.you.there"}\n');
    const logged = createInterface(child.stderr)[Symbol.asyncIterator]();
    assert.match((await logged.next()).value ?? "", /"are\.you\.there" ignored/);
    child.stdout.resume();
    assert.deepEqual(await asked, { stream: "s1" });
    host.close();
    await exited;
  });
});
