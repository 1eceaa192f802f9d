// The runtime files, and the answers of `goop-call-plugin inspect`.

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  listRunning,
  type RunningPlugin,
  removeRuntimeFile,
  runtimeFolder,
  writeRuntimeFile,
} from "../../../plugin/diagnostics/runtime-file.ts";
import { describeInspection } from "../../../plugin/tools/inspect.ts";

const watch = {
  pageUrl: "http://127.0.0.1:1/charts#token=t",
  statelyUrl: "ws://127.0.0.1:1/stately?token=t",
};
const note = { version: "1.2.3", label: "Alice", watch, refused: [{ reason: "ring", count: 2 }] };
/** Above the maximum pid of the kernel (proc(5), pid_max). */
const NO_PID = 4_194_305;

describe("the files of running plugins", () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "goop-runtime-")), "goop-call-plugin");
  });
  afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

  const own = () => join(folder, `${process.pid}.json`);

  test("are in the user's runtime folder, or in an own folder without one", () => {
    assert.equal(runtimeFolder("/run/user/7", "/tmp", 7), "/run/user/7/goop-call-plugin");
    for (const none of [undefined, ""])
      assert.equal(runtimeFolder(none, "/tmp", 7), "/tmp/goop-call-plugin-7");
  });

  test("list the running plugins until they are removed", () => {
    assert.deepEqual(listRunning(folder), []);
    writeRuntimeFile(folder, { ...note, watch: null });
    writeRuntimeFile(folder, note);
    const [running, ...others] = listRunning(folder);
    assert.deepEqual(
      [running?.pid, running?.label, running?.watch, running?.refused, others],
      [process.pid, "Alice", watch, note.refused, []],
    );
    removeRuntimeFile(folder);
    removeRuntimeFile(folder);
    assert.deepEqual(listRunning(folder), []);
  });

  test("of ended processes are ignored and removed, also if another process has their pid", () => {
    writeRuntimeFile(folder, note);
    const running = JSON.parse(readFileSync(own(), "utf8")) as RunningPlugin;
    const dead = join(folder, `${NO_PID}.json`);
    writeFileSync(dead, JSON.stringify({ ...running, pid: NO_PID }));
    writeFileSync(own(), JSON.stringify({ ...running, startTicks: "1" }));
    assert.deepEqual(listRunning(folder), []);
    assert.deepEqual([existsSync(dead), existsSync(own())], [false, false]);
  });

  test("that are unreadable are left to the process that wrote them", () => {
    writeRuntimeFile(folder, note);
    writeFileSync(own(), "{");
    writeFileSync(join(folder, "notes.txt"), "");
    assert.deepEqual(listRunning(folder), []);
    assert.ok(existsSync(own()) && existsSync(join(folder, "notes.txt")));
  });

  test("are neither written nor read in a folder that other users can access", () => {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    assert.throws(() => writeRuntimeFile(folder, note), /must be a folder of this user with mode 0700/);
    assert.throws(() => listRunning(folder), /must be a folder of this user with mode 0700/);
  });
});

describe("goop-call-plugin inspect", () => {
  const alice: RunningPlugin = { pid: 11, startTicks: "1", ...note };
  const bob: RunningPlugin = { ...alice, pid: 12, label: "Bob", watch: null };
  const any = { pid: null, stately: false };

  test("returns the address of the only plugin, for the chart viewer or for the Stately inspector", () => {
    assert.deepEqual(describeInspection(any, [alice], "/run"), { url: watch.pageUrl, text: watch.pageUrl });
    const stately = describeInspection({ ...any, stately: true }, [alice], "/run");
    assert.equal(stately.url, watch.statelyUrl);
  });

  test("lists several plugins, and selects one by its pid", () => {
    const { url, text } = describeInspection(any, [alice, bob], "/run");
    assert.equal(url, null);
    assert.match(
      text,
      /--pid:\n {2}11 +Alice, version 1\.2\.3, can be inspected\n {2}12 +Bob, .*"debugging" is off$/,
    );
    assert.equal(describeInspection({ ...any, pid: 11 }, [alice, bob], "/run").url, watch.pageUrl);
    assert.match(
      describeInspection({ ...any, pid: 13 }, [alice], "/run").text,
      /the pid 13.*\n {2}11 +Alice/,
    );
  });

  test("explains why no plugin can be inspected, and what to do", () => {
    assert.match(
      describeInspection(any, [], "/run").text,
      /No plugin of this user is running \(searched in \/run\)/,
    );
    const { url, text } = describeInspection(any, [bob], "/run");
    assert.equal(url, null);
    assert.match(
      text,
      /plugin 12 \(Bob\).*"debugging" on.*\n.*settings\.update \{"settings":\{"debugging":true\}\}/,
    );
  });
});
