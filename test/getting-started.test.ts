// Every command of rpc-schema/GETTING-STARTED.md, in the order of the page. The package comes from `npm pack`, and its dependencies
// from this repository in place of a registry. It reads dist/, so .ci/setup or `npm run build` must have run.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "./checks/sources.ts";

const page = readFileSync(join(root, "rpc-schema/GETTING-STARTED.md"), "utf8");
const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text.trim());
const INSTALL = "npm install goop-call-plugin";
// Debian's npm finds its own parts only under Debian's Node.
const path = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.endsWith("node_modules/.bin"))
  .join(delimiter);

describe("the page for integrators", { timeout: 300_000 }, () => {
  let folder = "";
  const run = (command: string) =>
    execFileSync("bash", ["-euo", "pipefail", "-c", command], {
      cwd: folder,
      env: { ...process.env, PATH: path },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "getting-started-"));
    const modules = join(folder, "node_modules");
    const installed = join(modules, "goop-call-plugin");
    mkdirSync(installed, { recursive: true });
    mkdirSync(join(modules, ".bin"));
    writeFileSync(join(folder, "package.json"), "{}");
    const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
    const packed = execFileSync("npm", pack, {
      cwd: root,
      env: { ...process.env, PATH: path },
      encoding: "utf8",
    });
    execFileSync("tar", ["-xzf", join(folder, packed.trim()), "-C", installed, "--strip-components=1"]);
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    // What npm links there, on the Node that runs the tests.
    const program = join(modules, ".bin/goop-call-plugin");
    writeFileSync(
      program,
      `#!/bin/sh\nexec "${process.execPath}" "${join(installed, "dist/plugin/main.js")}" "$@"\n`,
    );
    chmodSync(program, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  test("has four groups of commands", () => assert.equal(commands.length, 4));

  test("installs the plugin, and the doctor describes this machine", () => {
    const [command = ""] = commands;
    assert.ok(command.startsWith(`${INSTALL}\n`));
    assert.match(run(command.replace(INSTALL, "true")), /Node/);
  });

  test("gets an answer to a first message", () => {
    const [first = ""] = run(commands[1] ?? "").split("\n", 1);
    const { id, result } = JSON.parse(first);
    assert.deepEqual([id, result.protocolVersion, result.mode], [1, 2, "native"]);
  });

  test("makes a call and saves the first remote frame", () => {
    assert.match(run(commands[2] ?? ""), /first-frame\.jpg: \d+ × \d+/);
    assert.deepEqual([...readFileSync(join(folder, "first-frame.jpg")).subarray(0, 3)], [0xff, 0xd8, 0xff]);
  });

  test("checks the host", () => {
    assert.match(run(commands[3] ?? ""), /^\d+ passed, 0 failed$/m);
  });
});
