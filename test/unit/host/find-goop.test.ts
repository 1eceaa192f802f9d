// Finding a running Goop² in a folder like /proc: by the name of its program or its peer's folder, and by who answers.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { findGoop } from "../../../plugin/host/goop-bridge/find-goop.ts";
import { json, type ScriptedGoop, startScriptedGoop } from "../../support/fakes/scripted-goop.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

interface FakeProcess {
  readonly program: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Where it listens. */
  readonly ports: readonly number[];
}

describe("finding a running Goop²", { timeout: 240_000 }, () => {
  let folder: string;
  let goop: ScriptedGoop;
  const others: ScriptedGoop[] = [];
  let nextPid: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "proc-"));
    await mkdir(join(folder, "self"));
    nextPid = 100;
    goop = await startScriptedGoop();
  });
  afterEach(async () => {
    for (const one of [goop, ...others.splice(0)]) await one.close();
    await rm(folder, { recursive: true });
  });

  const find = () => findGoop(AbortSignal.timeout(120_000), folder);
  const portOf = ({ url }: ScriptedGoop) => Number(url.port);

  async function add({ program, args = [], cwd = "/", ports }: FakeProcess): Promise<void> {
    const process = join(folder, String(nextPid));
    nextPid += 1;
    await mkdir(join(process, "fd"), { recursive: true });
    await mkdir(join(process, "net"));
    await symlink(program, join(process, "exe"));
    await symlink(cwd, join(process, "cwd"));
    await writeFile(join(process, "cmdline"), [program, ...args, ""].join("\0"));
    await symlink("/dev/null", join(process, "fd/0"));
    const lines = ports.map((port, index) => {
      const hex = port.toString(16).toUpperCase().padStart(4, "0");
      return `   ${index}: 0100007F:${hex} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${9000 + port} 1`;
    });
    for (const port of ports) await symlink(`socket:[${9000 + port}]`, join(process, `fd/${port}`));
    // A connection to a server, and the server of another process.
    const foreign = `   8: 0100007F:0050 0100007F:0051 01 0:0 0:0 0 0 0 4711 1\n   9: 0100007F:0052 0:0 0A 0:0 0:0 0 0 0 4712 1`;
    await writeFile(join(process, "net/tcp"), [HEAD, ...lines, foreign, ""].join("\n"));
  }

  test("a program of this name is found by the port that answers as Goop²", async () => {
    const strange = await startScriptedGoop();
    others.push(strange);
    strange.answers["/api/self"] = json({ version: 1 });
    await add({ program: "/usr/bin/bash", ports: [] });
    await add({ program: "/opt/goop2", ports: [portOf(strange), portOf(goop), 1] });
    assert.equal((await find()).origin, goop.url.origin);
  });

  test("a program of another name is found by its peer's folder", async () => {
    await mkdir(join(folder, "peers/alice"), { recursive: true });
    await writeFile(join(folder, "peers/alice/goop.json"), "{}");
    await add({ program: "/tmp/main", args: ["-ui", "peers/alice"], cwd: folder, ports: [portOf(goop)] });
    assert.equal((await find()).origin, goop.url.origin);
  });

  test("a process whose files cannot be read is passed over", async () => {
    await mkdir(join(folder, "77"));
    await add({ program: "/opt/goop2", ports: [portOf(goop)] });
    assert.equal((await find()).origin, goop.url.origin);
  });

  test("none is one clear sentence", async () => {
    await add({ program: "/usr/bin/other", ports: [portOf(goop)] });
    await assert.rejects(find, { message: /^no running Goop² was found: start it, or .* --goop$/ });
  });

  test("several are one sentence that names each", async () => {
    const second = await startScriptedGoop();
    others.push(second);
    second.answers["/api/self"] = json({ id: "12D3KooWPeerNumber1abcde", label: "Petra" });
    await add({ program: "/opt/goop2", ports: [portOf(goop)] });
    await add({ program: "/opt/goop2", ports: [portOf(second)] });
    const message = `several Goop² are running (Victor at ${goop.url.origin}, Petra at ${second.url.origin}): choose one with --goop`;
    await assert.rejects(find, { message });
  });
});
