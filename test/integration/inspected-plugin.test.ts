// `goop-call-plugin inspect` on plugins that a host started: the page, a live call, the Stately protocol, and the end.

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createWebSocketReceiver } from "@statelyai/inspect";
import { type InspectionClient, openInspectionClient } from "../support/charts/inspection-client.ts";
import {
  connectCall,
  exitStatusOf,
  type PluginProcess,
  startPair,
} from "../support/plugin/plugin-process.ts";
import { runTool } from "../support/plugin/run-tool.ts";

const folder = mkdtempSync(join(tmpdir(), "goop-inspected-"));
const runtime = join(folder, "run");
const programs = join(folder, "programs");
const opened = join(folder, "opened");
// Isolated from the user's own plugins and from the display of this machine.
const env: NodeJS.ProcessEnv = { ...process.env, XDG_RUNTIME_DIR: runtime, DISPLAY: "", WAYLAND_DISPLAY: "" };

describe("goop-call-plugin inspect", { timeout: 120_000 }, () => {
  let alice: PluginProcess;
  let bob: PluginProcess;
  let stop: () => Promise<void> = async () => undefined;

  before(async () => {
    mkdirSync(runtime);
    mkdirSync(programs);
    const opener = join(programs, "xdg-open");
    writeFileSync(
      opener,
      `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`,
    );
    chmodSync(opener, 0o755);
    ({ alice, bob, stop } = await startPair({ env }, { env }));
  });
  after(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  const inspect = (args: readonly string[] = [], more: NodeJS.ProcessEnv = {}) =>
    runTool(["inspect", ...args], { ...env, ...more });
  const debugging = (on: boolean) => alice.host.request("settings.update", { settings: { debugging: on } });

  /** Repeats `inspect`, because the runtime file follows the setting with a short delay. */
  async function inspectWhen(state: RegExp, args: readonly string[]) {
    for (;;) {
      const { status, stdout, stderr } = await inspect(args);
      if (state.test(stdout + stderr)) return { status, text: (stdout + stderr).trim() };
    }
  }

  async function withClient(work: (client: InspectionClient) => Promise<void>): Promise<void> {
    const { text } = await inspectWhen(/^http/, ["--pid", String(alice.pid), "--no-open"]);
    const client = await openInspectionClient(text);
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }

  test("reports that no plugin runs, lists several, and explains how to switch debugging on", async () => {
    const none = await inspect([], { XDG_RUNTIME_DIR: join(folder, "nobody") });
    assert.equal(none.status, 1);
    assert.match(
      none.stderr,
      /^No plugin of this user is running \(searched in .*nobody\/goop-call-plugin\)\.\n$/,
    );
    const several = await inspect();
    assert.equal(several.status, 1);
    for (const { pid } of [alice, bob]) assert.match(several.stderr, new RegExp(`^ {2}${pid} `, "m"));
    const off = await inspect(["--pid", String(alice.pid)]);
    assert.equal(off.status, 1);
    assert.match(
      off.stderr,
      /^The plugin \d+ \(Alice\).*\n.*settings\.update \{"settings":\{"debugging":true\}\}\n$/,
    );
  });

  test("opens the chart viewer in the browser if there is a display, and prints its address", async () => {
    await debugging(true);
    const args = ["--pid", String(alice.pid)];
    const { text } = await inspectWhen(/^http/, [...args, "--no-open"]);
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const watcher = watch(folder, () => existsSync(opened) && resolve());
    const PATH = `${programs}${delimiter}${env.PATH ?? ""}`;
    const { status, stdout } = await inspect(args, { DISPLAY: ":7", PATH });
    await written;
    watcher.close();
    assert.deepEqual([status, stdout, readFileSync(opened, "utf8")], [0, `${text}\n`, text]);
    const page = await fetch(text);
    const [, source = ""] = /<script type="module" src="([^"]+)">/.exec(await page.text()) ?? [];
    const main = await fetch(new URL(source, text));
    assert.deepEqual(
      [main.status, main.headers.get("content-type")],
      [200, "text/javascript; charset=utf-8"],
    );
  });

  test("follows a live call, and collects a bundle of it", async () => {
    await debugging(true);
    await withClient(async (client) => {
      await client.ask("charts.subscribe");
      const callId = await connectCall(alice, bob);
      const isOf = (state: string) => (entries: InspectionClient["entries"]) =>
        entries.some(
          (entry) =>
            entry.kind === "step" &&
            entry.id === `callManager/call:${callId}` &&
            JSON.stringify(entry.value).includes(state),
        );
      await client.until(isOf("connected"));
      await alice.next("call.statistics", (statistics) => statistics.callId === callId);
      const { result } = await client.ask("debug.bundle");
      const { path } = result as { path: string };
      assert.equal(JSON.parse(readFileSync(path, "utf8")).statistics[0]?.callId, callId);
      rmSync(path);
      await alice.host.request("call.hangup", { callId });
      await bob.next("call.ended");
      await client.until((entries) =>
        entries.some(
          (entry) => entry.kind === "event" && JSON.stringify(entry.event).includes("user.hangup"),
        ),
      );
    });
  });

  test("--stately prints an address that serves every chart to the Stately inspector", async () => {
    await debugging(true);
    const { text } = await inspectWhen(/^ws/, ["--pid", String(alice.pid), "--stately"]);
    const names = new Set<string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    createWebSocketReceiver({ server: text }).subscribe((event) => {
      if (event.type === "@xstate.actor") names.add(event.name);
      if (names.has("attach") && names.has("callManager")) resolve();
    });
    await promise;
  });

  test("disconnects a client as soon as debugging is switched off", async () => {
    await debugging(true);
    await withClient(async (client) => {
      await client.ask("charts.subscribe");
      await debugging(false);
      await client.closed;
    });
    const { text } = await inspectWhen(/has no inspection server/, ["--pid", String(alice.pid)]);
    assert.match(text, /\(Alice\)/);
  });

  test("finds no plugin that ended or was killed, and leaves no file behind", async () => {
    const fileOf = ({ pid }: PluginProcess) => join(runtime, "goop-call-plugin", `${pid}.json`);
    assert.equal(await alice.stop(), 0);
    assert.equal(existsSync(fileOf(alice)), false);
    await bob.kill();
    await exitStatusOf(bob.child);
    assert.equal(existsSync(fileOf(bob)), true);
    const { status, stderr } = await inspect();
    assert.deepEqual([status, existsSync(fileOf(bob))], [1, false]);
    assert.match(stderr, /^No plugin of this user is running/);
  });
});
