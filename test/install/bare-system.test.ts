// The installed plugin where the system lacks something: sound server and cameras, a home, a writable or an unfilled disk, the
// user's name. Each gives a clear sentence, and no crash.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Chroot } from "../../.ci/package/chroot.ts";
import {
  install,
  makePackage,
  openSystem,
  type Packages,
  whySkipped,
} from "../support/install/installed-system.ts";
import { type PluginProcess, startPlugin } from "../support/plugin/plugin-process.ts";

const LIMIT_MS = 580_000;
const ADA = 1000;
/** In /etc/passwd of no system. */
const NOBODYS_NUMBER = 4242;
const REAL_DEVICES = { camera: "auto", microphone: "auto", speaker: "auto" };
const FOLDERS = `useradd -m -u ${ADA} ada
mkdir /full /read-only
mount -t tmpfs -o size=32k,mode=777 full /full
dd if=/dev/zero of=/full/file bs=4k count=100 2>/dev/null || true
mount -t tmpfs -o ro read-only /read-only`;

describe("the installed plugin on a bare system", { skip: whySkipped(), timeout: LIMIT_MS }, () => {
  let made: Pick<Packages, "current" | "remove">;
  let system: Chroot;

  before(async () => {
    made = makePackage();
    const release = /^VERSION_ID="?(\d+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";
    system = await openSystem(release, made.current, []);
    await install(system, made.current);
    system.run("sh", "-c", FOLDERS);
  });
  after(async () => {
    await system?.close();
    made?.remove();
  });

  function commandAs(user: number, variables: Readonly<Record<string, string>>): string[] {
    const assigned = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const ids = [`--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
    return system.command(
      "setpriv",
      ...ids,
      "env",
      "-i",
      "PATH=/usr/bin:/bin",
      ...assigned,
      "goop-call-plugin",
    );
  }

  function runTool(variables: Readonly<Record<string, string>>, args: readonly string[], user = ADA) {
    const [program = "", ...rest] = [...commandAs(user, variables), ...args];
    return spawnSync(program, rest, { encoding: "utf8" });
  }

  async function whileRunning(
    variables: Readonly<Record<string, string>>,
    options: { readonly dataDir?: string; readonly settings?: object },
    use: (plugin: PluginProcess) => Promise<void>,
  ): Promise<void> {
    const plugin = await startPlugin({ command: commandAs(ADA, variables), mayFail: true, ...options });
    try {
      await use(plugin);
    } finally {
      assert.equal(await plugin.stop(), 0);
    }
  }

  const refusalOf = async (plugin: PluginProcess): Promise<string> =>
    plugin.host.request("call.start", { peerId: plugin.peerId || "12D3KooWother", media: "video" }).then(
      () => "accepted",
      (error: Error) => error.message,
    );

  test("without a sound server and a camera the host learns why there are no calls", async () => {
    await whileRunning({ HOME: "/home/ada" }, { settings: REAL_DEVICES }, async (plugin) => {
      const { why } = await plugin.next("availability.changed", ({ videoDisabled }) => videoDisabled);
      assert.match(why ?? "", /\b(camera|microphone)\b/);
      assert.match(await refusalOf(plugin), /\b(camera|microphone)\b/);
    });
  });

  test("without HOME and without a name for the user the tools and the plugin work", async () => {
    for (const user of [ADA, NOBODYS_NUMBER]) {
      const { stdout, stderr, status } = runTool({}, ["doctor"], user);
      assert.equal(status, 1, stderr);
      assert.match(stdout, /\nCalls do not work yet\. Do this first: Plug in a camera or a headset/);
    }
    await whileRunning({}, {}, async (plugin) => assert.match(plugin.peerId, /^12D3Koo/));
  });

  test("without the libraries of PipeWire and of X11 the doctor has a line for each, and the plugin starts", async () => {
    const variables = { HOME: "/home/ada", DISPLAY: ":0" };
    const { stdout } = runTool(variables, ["doctor"]);
    assert.match(stdout, /^ok +PipeWire engine +\S.* lacks libpipewire-0\.3\.so\.0, but PipeWire does not/m);
    assert.match(stdout, /^warning +X11 engine +\S.* lacks libxcb-.*\n +→ sudo apt-get install -y libxcb-/m);
    assert.match(stdout, /^ok +camera engine /m);
    await whileRunning(variables, {}, async (plugin) => {
      const offer = await plugin.host.request("screen.sources", {});
      assert.equal(offer.chooser, "none");
      assert.match(offer.why ?? "", /callx11\.node does not load \(libxcb.*; install libxcb-composite0/);
    });
  });

  test("what the environment sets for another Node does not reach the package's own", () => {
    const { stdout, stderr } = runTool({ NODE_OPTIONS: "--require /nowhere.js" }, ["--version"]);
    assert.match(stdout, /^goop-call-plugin \d/, stderr);
  });

  test("the tree runs from any folder, also through a link, as the tarball does", async () => {
    const unpack =
      'dpkg-deb -x "$1" "/opt/a folder" && ln -s "/opt/a folder/usr/bin/goop-call-plugin" /usr/local/bin/moved';
    system.run("sh", "-c", unpack, "sh", made.current);
    system.run("dpkg", "--purge", "goop-call-plugin");
    try {
      assert.match(
        system.run("moved", "--version"),
        /^sound +naudiodon \d.*\npictures and voice +webrtc-audio-processing /m,
      );
    } finally {
      await install(system, made.current);
    }
  });

  test("with a read-only home the refusal of a call names the file and the reason", async () => {
    const options = { dataDir: "/read-only/data", settings: { recording: "masked" } };
    await whileRunning({ HOME: "/read-only" }, options, async (plugin) => {
      assert.match(
        await refusalOf(plugin),
        /\/read-only\/data\/identity\.key: its disk is read-only \(EROFS\)/,
      );
    });
    const { stderr, status } = runTool({ HOME: "/read-only" }, captureTo("/read-only/out"));
    assert.equal(status, 1);
    assert.match(stderr, /^The folder \/read-only\/out cannot be created: its disk is read-only \(EROFS\)\./);
  });

  test("with a full disk the refusal of a call names the file and the reason", async () => {
    await whileRunning({ HOME: "/full" }, { dataDir: "/full" }, async (plugin) => {
      assert.match(await refusalOf(plugin), /\/full\/identity\.key: no space is left on its disk \(ENOSPC\)/);
    });
    const { stderr, status } = runTool({ HOME: "/full" }, captureTo("/full"));
    assert.equal(status, 1);
    assert.match(stderr, /\/full\/camera\.png cannot be written: no space is left on its disk \(ENOSPC\)\./);
  });

  test("with a full folder for temporary files the plugin starts, and says what it cannot do", async () => {
    const full = { TMPDIR: "/full", XDG_RUNTIME_DIR: "/full" };
    await whileRunning(full, { settings: { debugging: true } }, async (plugin) => {
      assert.match(plugin.peerId, /^12D3Koo/);
      await plugin.logged(/`inspect` cannot connect: no space is left on its disk \(ENOSPC\)/);
    });
  });
});

function captureTo(folder: string): string[] {
  return ["capture-test", "--camera=test-pattern", "--microphone=none", "--seconds=0.5", `--out=${folder}`];
}
