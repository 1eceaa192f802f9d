// The Debian package on a release of Debian, in a chroot without Node, compiler and headers: installation, doctor, a call between two
// installed plugins, an upgrade during the call, removal.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { PNG } from "pngjs";
import type { Chroot } from "../../.ci/package/chroot.ts";
import { startCommandOf } from "../../plugin/host/process/manifest-file.ts";
import { manifestSchema } from "../../rpc-schema/index.ts";
import {
  install,
  listFiles,
  makePackages,
  openSystem,
  type Packages,
  whySkipped,
} from "../support/install/installed-system.ts";
import { connectCall, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import { assertHears } from "../support/sound/assert-hears.ts";
import { PULSE_RATE, type Pulse, startPulse } from "../support/sound/pulse.ts";
import { sine } from "../support/sound/spectrum.ts";

const skip = whySkipped();
const SPOKEN = { hz: 660, level: 0.25 };
/** Of dpkg-query(1). */
const DEPENDS_FORMAT = ["-f=$", "{Depends}"].join("");
const MANIFEST = "/usr/share/goop2/plugins/goop-call-plugin.json";
/** Chroots and addons that are not cached yet take minutes. */
const LIMIT_MS = 580_000;

/** Each release has a test file of its own: the first run downloads and compiles for minutes, and a file has a limit. */
export function describePackageOn(release: "12" | "13"): void {
  describe(`the package on Debian ${release}`, { skip, timeout: LIMIT_MS }, () => {
    let packages: Packages;
    let system: Chroot;
    let pulse: Pulse;
    let stopSpeaking: () => Promise<void>;
    let files: ReadonlySet<string>;
    let pair: { alice: PluginProcess; bob: PluginProcess; stop(): Promise<void> } | undefined;

    before(async () => {
      packages = makePackages(release);
      pulse = await startPulse();
      stopSpeaking = pulse.play(sine(SPOKEN.hz, 1_000, PULSE_RATE, SPOKEN.level));
      system = await openSystem(release, packages.current, [pulse.env.XDG_RUNTIME_DIR ?? ""]);
      files = new Set(listFiles(system));
    });
    after(async () => {
      await pair?.stop();
      await stopSpeaking?.();
      await pulse?.stop();
      await system?.close();
      packages?.remove();
    });

    test("installs without Node, compiler or headers, and needs shared libraries only", async (t) => {
      const ms = await install(system, packages.old);
      t.diagnostic(`installed in ${(ms / 1000).toFixed(1)} s`);
      for (const name of ["node", "npm", "gcc", "python3"]) {
        assert.throws(() => system.run("which", name), `${name} is there`);
      }
      const depends = system.run("dpkg-query", "-W", DEPENDS_FORMAT, "goop-call-plugin").split(", ");
      assert.deepEqual(
        depends.filter((name) => !/^lib[a-z0-9.+-]+( \(>= [^)]+\))?$/.test(name)),
        [],
      );
      assert.match(system.run("goop-call-plugin", "--version"), /^goop-call-plugin 0\.0\.1\n/);
      assert.match(system.run("goop-call-plugin", "bridge", "--help"), /--goop URL/);
    });

    test("the doctor finds every engine, and ends with what to do first or that calls work", async () => {
      const alone = await finish(system, {}, "goop-call-plugin", "doctor");
      assert.equal(alone.status, 1);
      assert.doesNotMatch(alone.text, /failure +\w+ engine/);
      assert.match(alone.text, /\nCalls do not work yet\. Do this first: [^\n]+\n$/);
      const withSound = await finish(system, pulse.env, "goop-call-plugin", "doctor");
      assert.match(withSound.text, /ok +sound engine/);
      assert.match(withSound.text, /\nCalls work, with restrictions\. [^\n]+\n$/);
      assert.equal(withSound.status, 0, withSound.text);
    });

    test("a host that reads the installed manifest can start the plugin", async () => {
      const manifest = manifestSchema.parse(JSON.parse(system.run("cat", MANIFEST)));
      const { program, args } = startCommandOf(manifest, new URL(`file://${MANIFEST}`));
      const { text } = await finish(system, {}, program, ...args, "--version");
      assert.match(text, /^goop-call-plugin 0\.0\.1\n/);
    });

    test("two installed plugins see and hear each other, also after an upgrade during the call", async (t) => {
      const unprocessed = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
      const command = system.command("goop-call-plugin");
      const alice = { command, env: pulse.env, settings: { microphone: "auto", ...unprocessed } };
      const bob = {
        command,
        env: pulse.env,
        settings: { microphone: "none", speaker: "auto", ...unprocessed },
      };
      pair = await startPair(alice, bob);
      const callId = await connectCall(pair.alice, pair.bob);
      await assertHears(t, pulse, SPOKEN);
      await assertMovingPicture(pair.bob, callId);

      await install(system, packages.current);
      assert.equal(system.run("dpkg", "--verify", "goop-call-plugin"), "");
      assert.match(
        system.run("goop-call-plugin", "--version"),
        new RegExp(`^goop-call-plugin ${packages.version}\n`),
      );
      const { calls } = await pair.bob.host.request("call.list", {});
      assert.deepEqual(
        calls.map((call) => [call.callId, call.phase]),
        [[callId, "connected"]],
      );
      await assertMovingPicture(pair.bob, callId);
      // The microphone's process starts again, now from the files of the new version.
      await pair.alice.host.request("call.setMicrophone", { callId, on: false });
      await pair.bob.next("call.changed", (call) => call.remote.microphone === "off");
      await pair.alice.host.request("call.setMicrophone", { callId, on: true });
      await assertHears(t, pulse, SPOKEN);
      await pair.stop();
    });

    test("removing it leaves nothing", () => {
      const libraries = system.run("apt-get", "-qy", "--autoremove", "purge", "goop-call-plugin");
      assert.match(libraries, /Removing goop-call-plugin/);
      // Made when any library is configured, and by the sound server's library.
      const others = /^\/etc\/ld\.so\.cache|^\/root\/\.config/;
      const left = listFiles(system).filter((path) => !files.has(path) && !others.test(path));
      assert.deepEqual(left, []);
    });

    test("the end of the system leaves no process and no mount on this machine", async () => {
      const { root } = system;
      const child = spawn(...split(system.command("sleep", "1000")), { stdio: "ignore" });
      const exited = once(child, "exit");
      await once(child, "spawn");
      await system.close();
      await exited;
      assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(root));
    });
  });
}

function split([program, ...args]: readonly [string, ...string[]]): [string, string[]] {
  return [program, args];
}

async function finish(
  system: Chroot,
  env: NodeJS.ProcessEnv,
  program: string,
  ...args: readonly string[]
): Promise<{ status: number | null; text: string }> {
  const child = spawn(...split(system.command(program, ...args)), {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" },
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { status, text };
}

/** The test pattern moves, so two lossless pictures of it differ. */
async function assertMovingPicture(one: PluginProcess, callId: string): Promise<void> {
  const pictures: Buffer[] = [];
  while (pictures.length < 2) {
    await one.next("call.statistics", ({ frames }) => frames.received > 0);
    one.clearNotifications();
    const { dataUrl, width, height } = await one.host.request("call.snapshot", { callId, source: "remote" });
    const png = PNG.sync.read(Buffer.from(dataUrl.replace(/^data:image\/png;base64,/, ""), "base64"));
    assert.deepEqual([png.width, png.height], [width, height]);
    pictures.push(png.data);
  }
  const [first, second] = pictures;
  assert.ok(first && second && !first.equals(second), "the picture stands still");
}
