// `npm run demo` as a user has it: the real program, started, read, and ended with Ctrl-C.

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
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => said.push(line));
  const ended = once(child, "exit");
  return { child, said, lines, ended };
}

/** The processes that a process has started and that still run. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

describe("the demo", () => {
  test("prints a page for each of two people, and Ctrl-C ends both plugins and itself with status 0", async () => {
    const { child, said, lines, ended } = startDemo();
    try {
      while (!said.some((line) => line.includes("Ctrl-C"))) await Promise.race([once(lines, "line"), ended]);
      const urls = said.filter((line) => /^(Alice|Bob) +http:\/\/127\.0\.0\.1:\d+\/#token=\S+$/.test(line));
      assert.equal(urls.length, 2, said.join("\n"));
      const plugins = await childrenOf(child.pid ?? 0);
      assert.equal(plugins.length, 2);
      child.kill("SIGINT");
      assert.deepEqual(await ended, [0, null]);
      for (const pid of plugins) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("ends by itself after the time that was asked for", async () => {
    const { child, ended } = startDemo("--duration", "0");
    try {
      assert.deepEqual(await ended, [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("refuses an option it does not know, by name", async () => {
    const { child, ended } = startDemo("--colour");
    let complaint = "";
    child.stderr.on("data", (data) => {
      complaint += String(data);
    });
    assert.deepEqual(await ended, [1, null]);
    assert.match(complaint, /--colour/);
  });

  test("has each of the two in the other's list, reachable and by name", async () => {
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
