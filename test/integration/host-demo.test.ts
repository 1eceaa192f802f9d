// `npm run demo` as a user runs it: the real program, its output, and its end by Ctrl-C.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startPair } from "../../plugin/host/pair.ts";
import { openSocket } from "../support/browser/page-socket.ts";

const demo = fileURLToPath(new URL("../../plugin/host/demo.ts", import.meta.url));

function startDemo(...args: string[]) {
  const child = spawn(process.execPath, [demo, "--no-open", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => output.push(line));
  const ended = once(child, "exit");
  return { child, output, lines, ended };
}

/** The running child processes of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

describe("the demo", () => {
  test("prints a page for each of two users, and Ctrl-C ends both plugins and the program with status 0", async () => {
    const { child, output, lines, ended } = startDemo();
    try {
      while (!output.some((line) => line.includes("Ctrl-C")))
        await Promise.race([once(lines, "line"), ended]);
      const urls = output.filter((line) => /^(Alice|Bob) +http:\/\/127\.0\.0\.1:\d+\/#token=\S+$/.test(line));
      assert.equal(urls.length, 2, output.join("\n"));
      const plugins = await childrenOf(child.pid ?? 0);
      assert.equal(plugins.length, 2);
      child.kill("SIGINT");
      assert.deepEqual(await ended, [0, null]);
      for (const pid of plugins) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("ends by itself after --duration", async () => {
    const { child, ended } = startDemo("--duration", "0");
    try {
      assert.deepEqual(await ended, [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("refuses an unknown option by name", async () => {
    const { child, ended } = startDemo("--colour");
    let errorOutput = "";
    child.stderr.on("data", (data) => {
      errorOutput += String(data);
    });
    assert.deepEqual(await ended, [1, null]);
    assert.match(errorOutput, /--colour/);
  });

  test("lists each of the two as a reachable contact of the other, with its name", async () => {
    const pair = await startPair();
    try {
      for (const [host, other] of [
        [pair.alice, "Bob"],
        [pair.bob, "Alice"],
      ] as const) {
        const page = await openSocket(host);
        const { contacts } = await page.request("contacts.list", {});
        assert.deepEqual(
          contacts.map(({ label, reachable }) => [label, reachable]),
          [[other, true]],
        );
        page.close();
      }
    } finally {
      await pair.stop();
    }
  });
});
