// The plugin's process: start, death and stop.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startHost } from "../../../plugin/host/host.ts";
import { type ScriptedHost, startScriptedHost } from "../../support/fakes/scripted-host.ts";

const program = (source: string) => ({ program: process.execPath, args: ["-e", source] });
const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
};
/** Answers `initialize` and no other request. */
const stubborn = `
  const settings = ${JSON.stringify({ camera: "none" })};
  process.stdin.on("data", (data) => {
    if (!String(data).includes('"initialize"')) return;
    const { id } = JSON.parse(String(data).split("\\n")[0]);
    const result = { protocolVersion: 1, plugin: { name: "x", version: "0" }, mode: "native", settings: full };
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n");
  });
  setInterval(() => {}, 1000);`;

describe("a host's plugin", () => {
  test("ends with status 0 when the host stops, and leaves no process", async () => {
    const { host } = await startScriptedHost();
    const { pid } = host;
    assert.ok(pid && isRunning(pid));
    const exit = await host.stop();
    assert.equal(exit?.code, 0);
    assert.equal(isRunning(pid), false);
  });

  test("that cannot be started is reported with the reason", async () => {
    const started = startHost({ label: "A", pluginCommand: { program: "/nowhere/plugin", args: [] } });
    await assert.rejects(started, /did not start: it could not be started: .*ENOENT/);
  });

  test("that dies during the start is reported with its exit status and its last line", async () => {
    const pluginCommand = program(`console.error("no such library"); process.exit(7)`);
    const started = startHost({ label: "A", pluginCommand });
    await assert.rejects(started, /left with exit status 7; its last line: no such library/);
  });

  test("that dies is shown to the pages with its exit status and its last line", async () => {
    const scripted = await startScriptedHost();
    try {
      await diesWith(scripted, '{"level":"error","message":"the engine broke"}', 3);
      const { plugin } = scripted.host.state;
      assert.deepEqual(plugin, {
        state: "stopped",
        why: "it left with exit status 3",
        lastLine: "the engine broke",
      });
      assert.throws(() => scripted.host.plugin, /not running/);
    } finally {
      await scripted.host.stop();
    }
  });

  test("that ignores shutdown is killed after the timeout", async () => {
    const { settingsSchema } = await import("../../../rpc-schema/index.ts");
    const full = JSON.stringify(settingsSchema.parse({}));
    const log: string[] = [];
    const host = await startHost({
      label: "A",
      pluginCommand: program(`const full = ${full};${stubborn}`),
      leaveTimeouts: { shutdownMs: 50, exitMs: 50 },
      onLog: (line) => log.push(line),
    });
    const { pid } = host;
    const exit = await host.stop();
    assert.equal(exit?.signal, "SIGKILL");
    assert.ok(pid && !isRunning(pid));
    assert.match(log.join("\n"), /did not leave within 50 ms; SIGKILL/);
  });
});

async function diesWith({ host, script }: ScriptedHost, words: string, status: number): Promise<void> {
  const closed = host.plugin.closed;
  script({ do: "die", words, status });
  await closed;
  while (host.state.plugin.state !== "stopped") await new Promise((resolve) => setImmediate(resolve));
}
