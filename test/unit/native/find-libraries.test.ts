// Which libraries the addon's build takes from a system, by what pkg-config knows there. The systems are folders of .pc files.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import { NATIVE } from "../../support/process/cpp-build.ts";

const DEBIAN_12 = {
  "webrtc-audio-processing": "0.3",
  libturbojpeg: "2.1.5",
  libjpeg: "2.1.5",
  speexdsp: "1.2.1",
  libpulse: "16.1",
  alsa: "1.2.8",
};
const AEC3 = { "webrtc-audio-processing-1": "1.3" };

/** @param packages versions by the names that pkg-config knows */
function findLibraries(
  word: string,
  packages: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "find-libraries-"));
  try {
    for (const [name, version] of Object.entries(packages)) {
      const text = `Name: ${name}\nDescription: none\nVersion: ${version}\nLibs: -l${name}\nCflags: -I/opt/${name}\n`;
      writeFileSync(join(folder, `${name}.pc`), text);
    }
    // CXX stands for a compiler that finds every header.
    const system = { ...process.env, PKG_CONFIG_LIBDIR: folder, PKG_CONFIG_PATH: "", CXX: "true", ...env };
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["find-libraries.sh", word], {
      cwd: NATIVE,
      env: system,
      encoding: "utf8",
    });
    return { status, words: stdout.trim().split(/\s+/), stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the libraries of the addon", () => {
  test("are those of Debian 12, where libyuv has no description", () => {
    assert.deepEqual(findLibraries("defines", DEBIAN_12).words, [
      "VOICE_LIBRARY_API=0",
      "VOICE_LIBRARY_VERSION=0.3",
      "RESAMPLER_VERSION=1.2.1",
    ]);
    const { words } = findLibraries("libraries", DEBIAN_12);
    assert.ok(words.includes("-lwebrtc-audio-processing") && words.includes("-lyuv"), words.join(" "));
    for (const loaded of ["libpulse", "alsa"]) {
      assert.ok(!words.includes(`-l${loaded}`), `${loaded} is loaded at run time`);
      assert.ok(findLibraries("cflags", DEBIAN_12).words.includes(`-I/opt/${loaded}`));
    }
  });

  test("are the newest of each where there are several, and libyuv's description is used where there is one", () => {
    const system = { ...DEBIAN_12, ...AEC3, libyuv: "1904" };
    assert.deepEqual(findLibraries("defines", system).words, [
      "VOICE_LIBRARY_API=1",
      "VOICE_LIBRARY_VERSION=1.3",
      "RESAMPLER_VERSION=1.2.1",
    ]);
    const { words } = findLibraries("libraries", system);
    assert.ok(words.includes("-lwebrtc-audio-processing-1") && words.includes("-llibyuv"), words.join(" "));
    assert.ok(!words.includes("-lyuv"), "named twice");
    assert.equal(
      findLibraries("defines", { ...system, "webrtc-audio-processing-2": "2.1" }).words[0],
      "VOICE_LIBRARY_API=2",
    );
  });

  for (const name of Object.keys(DEBIAN_12)) {
    test(`without ${name} the build names it and its packages for each system, and fails`, () => {
      const rest = Object.fromEntries(Object.entries(DEBIAN_12).filter(([other]) => other !== name));
      const { status, stderr } = findLibraries("cflags", rest);
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`${name}.* is missing. Debian.*apt-get install .*Fedora.*Arch`));
    });
  }

  test("may lack PipeWire, which has an addon of its own", () => {
    assert.deepEqual(findLibraries("pipewire", DEBIAN_12).words, ["missing"]);
    const system = { ...DEBIAN_12, "libpipewire-0.3": "1.4.2" };
    assert.deepEqual(findLibraries("pipewire", system).words, ["1.4.2"]);
    assert.deepEqual(findLibraries("pipewire-cflags", system).words, ["-isystem/opt/libpipewire-0.3"]);
    assert.deepEqual(findLibraries("pipewire-libraries", system).words, ["-llibpipewire-0.3"]);
    assert.ok(!findLibraries("libraries", system).words.includes("-llibpipewire-0.3"));
  });

  test("without libyuv's header the build names it", () => {
    assert.match(findLibraries("cflags", DEBIAN_12, { CXX: "false" }).stderr, /libyuv is missing/);
  });

  test("without pkg-config the build names that", () => {
    assert.match(findLibraries("cflags", DEBIAN_12, { PATH: "" }).stderr, /pkg-config is missing/);
  });

  test("name the versions that the addon was built with", () => {
    const versions = loadNative().libraryVersions();
    assert.deepEqual(Object.keys(versions), [
      "webrtc-audio-processing",
      "libjpeg-turbo",
      "libyuv",
      "speexdsp",
    ]);
    for (const version of Object.values(versions)) assert.match(version, /^\d[\d.]*$/);
  });
});
