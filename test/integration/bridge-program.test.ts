// The bridge as its user starts it: what it says of a wrong address and of a viewer that is not there, and how it ends.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startScriptedGoop } from "../support/fakes/scripted-goop.ts";
import { AwaitableQueue } from "../support/plugin/fake-plugin-executable.ts";

const PROGRAM = fileURLToPath(new URL("../../plugin/host/bridge.ts", import.meta.url));
const QUIET = ["--no-open", "--camera", "none", "--microphone", "none", "--speaker", "none"];

function start(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [said, complained] = [new AwaitableQueue<string>(), new AwaitableQueue<string>()];
  createInterface({ input: child.stdout }).on("line", (line) => said.add(line));
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.startsWith("bridge:")) complained.add(line);
  });
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  const hears = (from: AwaitableQueue<string>, part: string) =>
    from.take((line) => line.includes(part), part);
  return {
    child,
    exited,
    said: (part: string) => hears(said, part),
    complains: (part: string) => hears(complained, part),
    complained,
  };
}

describe("the bridge's program", { timeout: 120_000 }, () => {
  for (const [what, args, message] of [
    ["no address", [], "--goop is missing"],
    ["an address of another kind", ["--goop", "wss://127.0.0.1:1"], '--goop is "wss://127.0.0.1:1"'],
    ["an address with a path", ["--goop", "http://127.0.0.1:1/peers"], "--goop is"],
    ["no address at all", ["--goop", "8080"], '--goop is "8080", expected the address of Goop²'],
    ["a wrong port for its page", ["--goop", "http://127.0.0.1:1", "--port", "x"], '--port is "x"'],
    ["an unknown option", ["--colour"], "--colour"],
  ] as const) {
    test(`refuses ${what} in one line`, async () => {
      const { exited, complains, complained } = start(...args);
      await complains(message);
      assert.deepEqual(await exited, [1, null]);
      assert.deepEqual(complained.waiting, []);
    });
  }

  test("waits for a viewer that is not there, and leaves in order when it is told to", async () => {
    const gone = await startScriptedGoop();
    await gone.close();
    const { child, exited, complains } = start("--goop", gone.url.origin);
    await complains("ECONNREFUSED");
    child.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
  });

  test("says where its page is once the viewer answers, serves it, and ends in order", async () => {
    const gone = await startScriptedGoop();
    await gone.close();
    const { child, exited, complains, said } = start("--goop", gone.url.origin, ...QUIET);
    await complains("trying again");
    const viewer = await startScriptedGoop(Number(gone.url.port));
    try {
      const line = await said("http://127.0.0.1:");
      assert.match(line, /^Victor /);
      const page = await fetch(line.split(/\s+/)[1]?.split("#")[0] ?? "");
      assert.match(await page.text(), /<html/);
      child.kill("SIGTERM");
      await said("Ending");
      assert.deepEqual(await exited, [0, null]);
    } finally {
      await viewer.close();
    }
  });

  test("leaves with an error when another peer's viewer comes to its address", async () => {
    const first = await startScriptedGoop();
    const { exited, complains, said } = start("--goop", first.url.origin, ...QUIET);
    await said("attached to");
    await first.close();
    await complains("are lost");
    const second = await startScriptedGoop(Number(first.url.port));
    try {
      second.answers["/api/self"] = (_, response) => {
        response.end(JSON.stringify({ id: "12D3KooWPeerNumber1abcde", label: "Petra" }));
      };
      await complains("start the bridge again");
      assert.deepEqual(await exited, [1, null]);
    } finally {
      await second.close();
    }
  });
});
