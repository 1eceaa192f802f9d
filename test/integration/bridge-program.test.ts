// The bridge as a command: a wrong address, a Goop² that does not run, and an orderly end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AwaitableQueue } from "../../plugin/host/conformance/awaitable-queue.ts";
import { startScriptedGoop } from "../support/fakes/scripted-goop.ts";

const PROGRAM = fileURLToPath(new URL("../../plugin/host/bridge.ts", import.meta.url));
const QUIET = ["--no-open", "--camera", "none", "--microphone", "none", "--speaker", "none"];

function start(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [output, problems] = [new AwaitableQueue<string>(), new AwaitableQueue<string>()];
  createInterface({ input: child.stdout }).on("line", (line) => output.add(line));
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.startsWith("bridge:")) problems.add(line);
  });
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  const nextLine = (lines: AwaitableQueue<string>, part: string) =>
    lines.take((line) => line.includes(part), part);
  return {
    child,
    exited,
    prints: (part: string) => nextLine(output, part),
    reports: (part: string) => nextLine(problems, part),
    problems,
  };
}

describe("the bridge command", { timeout: 120_000 }, () => {
  for (const [what, args, message] of [
    ["an address of another kind", ["--goop", "wss://127.0.0.1:1"], '--goop is "wss://127.0.0.1:1"'],
    ["an address with a path", ["--goop", "http://127.0.0.1:1/peers"], "--goop is"],
    ["no address at all", ["--goop", "8080"], '--goop is "8080", expected the address of Goop²'],
    ["a wrong port for Goop²'s pages", ["--pages-port", "70000"], '--pages-port is "70000"'],
    ["a wrong port for its page", ["--goop", "http://127.0.0.1:1", "--port", "x"], '--port is "x"'],
    ["an unknown option", ["--colour"], "--colour"],
  ] as const) {
    test(`refuses ${what} in one line`, async () => {
      const { exited, reports, problems } = start(...args);
      await reports(message);
      assert.deepEqual(await exited, [1, null]);
      assert.deepEqual(problems.waiting, []);
    });
  }

  test("waits for a Goop² that does not run, and ends in order on SIGINT", async () => {
    const gone = await startScriptedGoop();
    await gone.close();
    const { child, exited, reports } = start("--goop", gone.url.origin);
    await reports("ECONNREFUSED");
    child.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
  });

  test("prints its page's address once Goop² answers, serves the page, and ends in order", async () => {
    const gone = await startScriptedGoop();
    await gone.close();
    const { child, exited, reports, prints } = start("--goop", gone.url.origin, ...QUIET);
    await reports("trying again");
    const goop = await startScriptedGoop(Number(gone.url.port));
    try {
      const line = await prints("http://127.0.0.1:");
      assert.match(line, /^Victor /);
      const page = await fetch(line.split(/\s+/)[1]?.split("#")[0] ?? "");
      assert.match(await page.text(), /<html/);
      const pages = await prints("Goop² with calls");
      assert.equal((await fetch(pages.split(/\s+/).at(-1) ?? "", { redirect: "manual" })).status, 303);
      child.kill("SIGTERM");
      await prints("Ending");
      assert.deepEqual(await exited, [0, null]);
    } finally {
      await goop.close();
    }
  });

  test("ends with an error when another peer answers at the address", async () => {
    const first = await startScriptedGoop();
    const { exited, reports, prints } = start("--goop", first.url.origin, ...QUIET);
    await prints("attached to");
    await first.close();
    await reports("are lost");
    const second = await startScriptedGoop(Number(first.url.port));
    try {
      second.answers["/api/self"] = (_, response) => {
        response.end(JSON.stringify({ id: "12D3KooWPeerNumber1abcde", label: "Petra" }));
      };
      await reports("start the bridge again");
      assert.deepEqual(await exited, [1, null]);
    } finally {
      await second.close();
    }
  });
});
