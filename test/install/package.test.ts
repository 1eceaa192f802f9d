// The package of this system: what is in it, and that the same sources give the same bytes.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { bundledPackages } from "../../.ci/package/node-modules.ts";
import { run } from "../../.ci/package/run.ts";
import { root } from "../checks/sources.ts";
import { makePackage, type Packages } from "../support/install/installed-system.ts";
import { addonNames } from "../support/process/cpp-build.ts";

/** A tenth more than it has. A change that exceeds it must explain the growth in .ci/package/README.md. */
const MAX_BYTES = 158_000_000;
const LIMIT_MS = 240_000;
/** Extensions of X with a library each. */
const X11 = ["composite", "damage", "randr", "shm", "xfixes"];

describe("the Debian package", { timeout: LIMIT_MS }, () => {
  let one: Pick<Packages, "current" | "remove">;
  let files: readonly string[];

  before(() => {
    one = makePackage();
    const listing = run("dpkg-deb", ["--contents", one.current]).trimEnd().split("\n");
    files = listing.map((line) => line.replace(/^(?:\S+ +){5}\.\//, ""));
  });
  after(() => one?.remove());

  test("holds the command, every addon, the manifest, the manual, the bridge's desktop entry and the licences", () => {
    const addons = addonNames().map((name) => `usr/lib/goop-call-plugin/native/build/Release/${name}.node`);
    const wanted = [
      ...addons,
      "usr/bin/goop-call-plugin -> ../lib/goop-call-plugin/bin/goop-call-plugin",
      "usr/share/goop2/plugins/goop-call-plugin.json",
      "usr/share/man/man1/goop-call-plugin.1.gz",
      "usr/share/applications/goop-call-bridge.desktop",
      "usr/share/doc/goop-call-plugin/copyright",
      "usr/share/doc/goop-call-plugin/changelog.gz",
    ];
    assert.deepEqual(
      wanted.filter((path) => !files.includes(path)),
      [],
    );
  });

  test("needs what every call needs, and recommends the libraries of PipeWire and of X11", () => {
    const [depends = "", recommends = ""] = ["Depends", "Recommends"].map((field) =>
      run("dpkg-deb", ["--field", one.current, field]),
    );
    for (const name of ["libspeexdsp1", "libturbojpeg0", "libyuv0"]) assert.match(depends, named(name));
    assert.doesNotMatch(depends, /pipewire|xcb/);
    const optional = ["libpipewire-0.3-0", "libxcb1", ...X11.map((name) => `libxcb-${name}0`)];
    for (const name of optional) assert.match(recommends, named(name));
    assert.doesNotMatch(recommends, /yuv|jpeg|speex|libc6/);
  });

  test("holds no sources, types, maps, headers, tests, and no engine of another platform", () => {
    const unwanted =
      /\.(?:[cm]?ts|tsbuildinfo|map|h|cc|c|gyp|md|o|a)$|\/(?:tests?|segfault-handler|\.bin)\/|@roamhq\/wrtc-(?!linux-x64|linux-arm64)/;
    assert.deepEqual(
      files.filter((path) => unwanted.test(path)),
      [],
    );
    assert.equal(files.filter((path) => /@roamhq\/wrtc-[^/]+\/$/.test(path)).length, 1);
  });

  test("is not larger than its description says", () => {
    assert.ok(statSync(one.current).size < MAX_BYTES, `${statSync(one.current).size} bytes`);
  });

  test("names the licence of every package inside it", () => {
    const copyright = run("sh", [
      "-c",
      'dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/share/doc/goop-call-plugin/copyright',
      "sh",
      one.current,
    ]);
    const names = [
      "Node.js 24",
      "libwebrtc",
      "PortAudio",
      ...bundledPackages(root).map(({ name }) => `\n${name} `),
    ];
    assert.deepEqual(
      names.filter((name) => !copyright.includes(name)),
      [],
    );
  });

  test("has the same bytes when it is made again", () => {
    const again = makePackage();
    try {
      assert.equal(digest(again.current), digest(one.current));
    } finally {
      again.remove();
    }
  });
});

test("the manual names every command and option of --help", () => {
  const help = run(process.execPath, ["plugin/main.ts", "--help"], { cwd: root });
  const manual = readFileSync(`${root}/.ci/package/files/goop-call-plugin.1`, "utf8").replaceAll("\\-", "-");
  const options = help.match(/--[a-z][a-z-]+/g) ?? [];
  const commands = [...help.matchAll(/^ +goop-call-plugin ([a-z-]+)/gm)].map(([, name = ""]) => name);
  assert.ok(options.length > 10 && commands.length > 5);
  assert.deepEqual(
    [...options, ...commands].filter((name) => !manual.includes(name)),
    [],
  );
});

/** Newer releases add the suffix for 64 bits of time. */
function named(name: string): RegExp {
  return new RegExp(`(?:^|, )${name.replaceAll(".", "\\.")}(?:t64)?(?: \\(>= [^)]+\\))?(?:,|$)`, "m");
}

function digest(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
