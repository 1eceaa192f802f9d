// Whether the sound engine loads, tried in a real sound process.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { soundEngineProblem } from "../../../plugin/sound/process/engine-problem.ts";

const HOOK = new URL("../../../plugin/sound/process/no-crash-handler.ts", import.meta.url).href;

describe("the check of the sound engine", { timeout: 60_000 }, () => {
  test("finds nothing wrong with an engine that loads, even without a sound card or server", async () => {
    assert.equal(await soundEngineProblem({ PATH: process.env.PATH, XDG_RUNTIME_DIR: "/nowhere" }), null);
  });

  test("gives the system's reason when the engine does not load", async () => {
    const folder = mkdtempSync(join(tmpdir(), "engine-"));
    try {
      const library = join(folder, "libasound.so.2");
      writeFileSync(library, "no library");
      const problem = await soundEngineProblem({ PATH: process.env.PATH, LD_LIBRARY_PATH: folder });
      assert.match(problem ?? "", /libasound\.so\.2: (file too short|invalid ELF header)/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a crash handler that another program has installed beside the engine is not loaded", () => {
    const folder = mkdtempSync(join(tmpdir(), "handler-"));
    try {
      const handler = join(folder, "node_modules/segfault-handler");
      mkdirSync(join(folder, "node_modules"));
      mkdirSync(handler);
      writeFileSync(join(handler, "index.js"), 'require("node:fs").writeFileSync("crash.log", "");');
      const engine = join(folder, "engine.cjs");
      writeFileSync(
        engine,
        'require("segfault-handler").registerHandler("crash.log"); console.log("loaded");',
      );
      const { stdout, stderr } = spawnSync(process.execPath, ["--import", HOOK, engine], { cwd: folder });
      assert.equal(stdout.toString("utf8"), "loaded\n", stderr.toString("utf8"));
      assert.ok(!existsSync(join(folder, "crash.log")));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the hook stands before the engine in the module that loads both", () => {
  const path = fileURLToPath(new URL("../../../plugin/sound/process/portaudio.ts", import.meta.url));
  const { stdout } = spawnSync("grep", ["^import", path]);
  const [first = "", second = ""] = stdout.toString("utf8").split("\n");
  assert.match(first, /no-crash-handler/);
  assert.match(second, /"naudiodon"/);
});
