// Programs that cannot be started: the failure is an event, whatever the reason, and nothing is thrown.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startProgram } from "../../../plugin/common/child-process.ts";
import { failureText } from "../../../plugin/common/system-failure.ts";

const STARVED = fileURLToPath(new URL("starved.child.ts", import.meta.url));

describe("a program that cannot be started", () => {
  test("is reported once, with the system's reason", async () => {
    const errors: Error[] = [];
    await new Promise<void>((resolve) => {
      const child = startProgram("/nonexistent/program", [], { stdio: "pipe" }, (error) => {
        errors.push(error);
        setImmediate(resolve);
      });
      assert.equal(child?.pid, undefined);
    });
    assert.deepEqual(errors.map(failureText), ["it does not exist (ENOENT). Check the path"]);
  });

  test("because of an argument is reported too", async () => {
    const error = await new Promise<Error>((resolve) => {
      assert.equal(startProgram("/bin/true", ["\0"], {}, resolve), undefined);
    });
    assert.match(error.message, /null bytes/);
  });

  test("is no failure when it ends by itself, or when a signal meets nobody", async () => {
    const status = await new Promise((resolve) => {
      const child = startProgram("/bin/true", [], { stdio: "ignore" }, (error) => resolve(error));
      child?.once("exit", resolve);
    });
    assert.equal(status, 0);
  });

  test("for want of descriptors ends neither this program nor the sound's list, and says why", async () => {
    const { stdout } = await promisify(execFile)("prlimit", ["--nofile=80:80", process.execPath, STARVED]);
    const { program, sound, png, page } = JSON.parse(stdout) as Record<string, string>;
    const reason = "this program has as many files and connections open as it may (EMFILE)";
    assert.equal(program, `${reason}. Close some of its windows, or raise the limit (ulimit -n)`);
    assert.ok(sound?.startsWith(`the sound process cannot be started: ${reason}`), sound);
    assert.ok(png?.startsWith(`the PNG worker failed: ${reason}`), png);
    assert.equal(page, "EMFILE, then served");
  });
});
