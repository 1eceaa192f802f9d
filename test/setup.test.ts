// How .ci/setup chooses the names of system packages. It runs alone in a folder, with stubs for the programs of the system, as
// a user who may install nothing, and so only says what it would install.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "./checks/sources.ts";

interface System {
  /** Null where there is no dpkg. */
  readonly installed: readonly string[] | null;
  readonly offered: readonly string[];
}

const DEBIAN = [
  "python3",
  "make",
  "g++",
  "libturbojpeg0-dev",
  "libyuv-dev",
  "libpulse-dev",
  "libpipewire-0.3-dev",
  "libspeexdsp-dev",
  "libasound2-dev",
  "libasound2-plugins",
  "libxcb-composite0-dev",
  "libxcb-damage0-dev",
  "libxcb-randr0-dev",
  "libxcb-shm0-dev",
  "libxcb-xfixes0-dev",
];

/** @returns what .ci/setup prints */
function setUpOn({ installed, offered }: System): string {
  const folder = mkdtempSync(join(tmpdir(), "setup-"));
  try {
    const bin = join(folder, "bin");
    for (const made of [".ci", "bin"]) mkdirSync(join(folder, made));
    copyFileSync(join(root, ".ci/setup"), join(folder, ".ci/setup"));
    const stub = (name: string, script: string) =>
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const known = (names: readonly string[]) => `case " ${names.join(" ")} " in *" $name "*)`;
    stub("id", "echo 1000");
    if (installed) {
      stub(
        "dpkg-query",
        `for name; do ${known(installed)} printf 'installed:%s ' "$name";; esac; done; exit 1`,
      );
      stub("apt-get", "exit 1");
      stub("apt-cache", `for name; do :; done; ${known(offered)} echo "Package: $name";; *) exit 100;; esac`);
    }
    for (const name of ["uname", "dirname", "flock", "grep", "paste", "tr"]) {
      stub(name, `PATH=/usr/bin:/bin exec ${name} "$@"`);
    }
    const { stderr } = spawnSync("/bin/bash", [join(folder, ".ci/setup"), "demo"], {
      env: { PATH: bin, HOME: folder },
      encoding: "utf8",
    });
    return stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the set-up", () => {
  test("names the packages that this system offers, by the newest of their names", () => {
    const offered = ["pkg-config", "pkgconf", "libjpeg62-turbo-dev", "libwebrtc-audio-processing-dev"];
    const text = setUpOn({ installed: DEBIAN, offered });
    assert.match(
      text,
      / sudo apt-get install -y --no-install-recommends pkgconf libjpeg62-turbo-dev libwebrtc-audio-processing-dev$/m,
    );
  });

  test("names the first name of a package that this system does not offer", () => {
    assert.match(
      setUpOn({ installed: DEBIAN, offered: [] }),
      / pkgconf libjpeg-dev libwebrtc-audio-processing/,
    );
  });

  test("needs nothing that is installed under another name", () => {
    const others = ["pkg-config", "libjpeg-turbo8-dev", "libwebrtc-audio-processing-dev"];
    const text = setUpOn({ installed: [...DEBIAN, ...others], offered: [] });
    assert.match(text, /system packages: all \d+ there/);
  });

  test("refers to the names for Fedora and Arch where there is no dpkg", () => {
    const text = setUpOn({ installed: null, offered: [] });
    assert.match(text, /not a Debian system.*libyuv-dev/);
    assert.match(text, /README\.md has the names for Fedora and Arch/);
  });
});
