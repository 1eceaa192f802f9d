// Helpers of the tests end with all their descendants, even if the helper resists.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { type Helper, raceExit, startHelper } from "../../support/process/process-group.ts";

// Prints its child's process id. Both processes ignore SIGTERM.
const stubborn = `trap "" TERM; sleep 3457 & echo $!; wait; sleep 3457`;

describe("helper process", () => {
  test("ends with its children, also when they ignore SIGTERM", async () => {
    const helper = await startHelper("sh", ["-c", stubborn], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const pid = await readNumber(helper);
      assert.match(await readCommandLine(pid), /sleep 3457/);
      await helper.end();
      assert.equal(await readCommandLine(pid), "");
      assert.equal(await helper.exited, "sh ended with SIGKILL");
    } finally {
      await helper.end();
    }
  });

  test("may be ended twice, and after it has ended by itself", async () => {
    const helper = await startHelper("true", []);
    assert.equal(await helper.exited, "true ended with status 0");
    await helper.end();
    await helper.end();
  });

  test("rejects a wait for a result when it has ended", async () => {
    const helper = await startHelper("sh", ["-c", "exit 3"]);
    const never = new Promise<void>(() => undefined);
    await assert.rejects(raceExit(helper, never), /sh ended with status 3 while it was still needed/);
    await helper.end();
  });

  test("is named when it cannot be started", async () => {
    await assert.rejects(startHelper("no-such-program-here", []), /cannot start no-such-program-here/);
  });
});

async function readNumber(helper: Helper): Promise<number> {
  const { stdout } = helper.child;
  assert.ok(stdout !== null);
  const [line] = await once(stdout, "data", { signal: AbortSignal.timeout(10_000) });
  return Number(String(line));
}

/** @returns an empty text when there is no such process, or only a zombie */
async function readCommandLine(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
}
