// The doctor's findings about the compiled engines, on simulated machines.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { libraryInTheWay } from "../../../plugin/common/library-path.ts";
import { BINARIES, type FakeMachine } from "../../support/fakes/fake-system.ts";
import { addonNames, NATIVE } from "../../support/process/cpp-build.ts";
import { findingsOf, onlyProblem } from "./doctor-findings.ts";

describe("the doctor on the engines", () => {
  const missing: [string, keyof typeof BINARIES, RegExp][] = [
    ["camera engine", "addon", /npm run build:native/],
    ["WebRTC engine", "wrtc", /npm install --no-save @roamhq\/wrtc-linux-x64/],
    ["sound engine", "sound", /npm rebuild naudiodon/],
  ];
  for (const [check, binary, remedy] of missing) {
    test(`a missing ${check} makes calls impossible, and names the command that installs it`, async () => {
      const problem = await onlyProblem((machine) => {
        delete machine.files[BINARIES[binary]];
      });
      assert.match(problem, new RegExp(`^failure ${check}: .*is not installed`));
      assert.match(problem, remedy);
    });
  }

  test("a missing package is reported like a missing binary", async () => {
    const problem = await onlyProblem((machine) => {
      machine.packages = { "@roamhq/wrtc-linux-x64": "/p/wrtc" };
    });
    assert.match(problem, /^failure sound engine: .*is not installed/);
  });

  test("missing shared libraries are reported with their Debian packages", async () => {
    const problem = await onlyProblem((machine) => {
      machine.commands[`ldd ${BINARIES.addon}`] = {
        status: 0,
        stdout:
          "\tlibturbojpeg.so.0 => not found\n\tlibyuv.so.0 => not found\n\tlibm.so.6 => /lib/libm.so.6\n",
      };
    });
    assert.match(problem, /lacks libturbojpeg\.so\.0, libyuv\.so\.0\./);
    assert.match(problem, /→ sudo apt-get install -y libturbojpeg0 libyuv0$/);
  });

  test("a library without a known package is reported too", async () => {
    const problem = await onlyProblem((machine) => {
      machine.commands[`ldd ${BINARIES.sound}`] = { status: 0, stdout: "\tlibnew.so.3 => not found\n" };
    });
    assert.match(problem, /lacks libnew\.so\.3\. → find the package of libnew\.so\.3/);
  });

  test("a library of an AppImage that is in the way is named, with the variable that put it there", async () => {
    const library = "/tmp/.mount_app/usr/lib/libturbojpeg.so.0";
    const withLibrary = (machine: FakeMachine) => {
      machine.environment.LD_LIBRARY_PATH = "/nowhere:/tmp/.mount_app/usr/lib";
      machine.files[library] = "";
    };
    const addonProblem = `LD_LIBRARY_PATH puts ${library} in the place of the system's library: undefined symbol: tj3Init`;
    const problem = await onlyProblem(withLibrary, { addonProblem });
    assert.match(
      problem,
      /does not start: LD_LIBRARY_PATH puts .*libturbojpeg.* → Start it without this variable/,
    );
    const other = await onlyProblem((machine) => {
      withLibrary(machine);
      const wrong = `${library}: version \`LIBJPEGTURBO_3' not found (required by ${BINARIES.wrtc})`;
      machine.commands[`ldd ${BINARIES.wrtc}`] = {
        status: 0,
        stdout: `${BINARIES.wrtc}: ${wrong}\n\tlibm.so.6 => /lib/libm.so.6\n`,
      };
    });
    assert.match(other, /^failure WebRTC engine: .*LD_LIBRARY_PATH puts .*libturbojpeg\.so\.0/);
  });

  test("an installed addon that does not start is a failure with its reason", async () => {
    const problem = await onlyProblem(() => undefined, { addonProblem: "it is out of date" });
    assert.match(problem, /^failure camera engine: .*it is out of date → .*build:native/);
  });

  test("a sound engine that has its libraries and does not start is a failure with its reason", async () => {
    const problem = await onlyProblem((machine) => {
      machine.soundEngineProblem = "it was compiled against a different Node.js version.";
    });
    assert.match(
      problem,
      /^failure sound engine: .*compiled against a different Node\.js version\. → .*rebuild/,
    );
  });

  test("the user of a package is never sent to npm or to a compiler", async () => {
    for (const binary of [BINARIES.addon, BINARIES.wrtc, BINARIES.sound]) {
      const problem = await onlyProblem((machine) => {
        machine.isPackaged = true;
        delete machine.files[binary];
      });
      assert.match(problem, /→ Install the package again/);
      assert.doesNotMatch(problem, /npm|g\+\+/);
    }
  });

  const optional: [string, "pipeWire" | "x11", string, string, (machine: FakeMachine) => void][] = [
    [
      "PipeWire engine",
      "pipeWire",
      "libpipewire-0.3.so.0",
      "libpipewire-0.3-0 libpipewire-0.3-modules",
      (machine) => machine.listening.add("/run/user/1000/pipewire-0"),
    ],
    [
      "X11 engine",
      "x11",
      "libxcb-damage.so.0",
      "libxcb-damage0",
      (machine) => Object.assign(machine.environment, { DISPLAY: ":0" }),
    ],
  ];
  for (const [check, binary, library, packages, use] of optional) {
    const withoutLibrary = (machine: FakeMachine) => {
      machine.commands[`ldd ${BINARIES[binary]}`] = { status: 0, stdout: `\t${library} => not found\n` };
    };

    test(`the ${check} without its library is a warning where it can be used, and names the packages`, async () => {
      const problem = await onlyProblem((machine) => {
        withoutLibrary(machine);
        use(machine);
      });
      assert.match(problem, new RegExp(`^warning ${check}: The ${check}, .* lacks ${library}\\.`));
      assert.match(problem, new RegExp(`→ sudo apt-get install -y ${packages}$`));
    });

    test(`a ${check} that was not built is a warning where it can be used, and names what builds it`, async () => {
      const problem = await onlyProblem((machine) => {
        delete machine.files[BINARIES[binary]];
        use(machine);
      });
      assert.match(
        problem,
        /is not installed\. → sudo apt-get install -y lib\S+-dev .*npm run build:native$/,
      );
    });

    test(`the ${check} without its library is one line without a problem where nothing can use it`, async () => {
      const found = (await findingsOf(withoutLibrary)).filter((finding) => finding.check === check);
      assert.deepEqual(
        found.map(({ verdict }) => verdict),
        ["ok"],
      );
      assert.match(found[0]?.says ?? "", new RegExp(`lacks ${library}, but .* here\\.$`));
    });
  }

  test("the X11 engine without its libraries is told once, although no screen can be shared", async () => {
    const why = "the X11 engine does not load";
    const change = (machine: FakeMachine) => {
      machine.environment = { ...machine.environment, DISPLAY: ":0" };
      machine.screens = { chooser: "none", why };
    };
    assert.match(await onlyProblem(change), new RegExp(`^warning screen sharing: .* ${why}\\.`));
    const problem = await onlyProblem((machine) => {
      change(machine);
      machine.commands[`ldd ${BINARIES.x11}`] = { status: 0, stdout: "\tlibxcb-shm.so.0 => not found\n" };
    });
    assert.match(problem, /^warning X11 engine: /);
  });

  describe("every library that an addon of this build links to", () => {
    const folder = join(NATIVE, "build/Release");
    const addons = readdirSync(folder).filter((name) => name.endsWith(".node"));
    const headers = execFileSync("readelf", ["-d", ...addons], { cwd: folder, encoding: "utf8" });
    const needed = new Set([...headers.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = ""]) => name));
    // Of the C library, without which nothing runs.
    const libraries = [...needed].filter((name) => !/^(?:libc|libm|ld-linux-[\w-]+)\.so\./.test(name));

    test("has its Debian package named where it is missing", async () => {
      assert.equal(addons.length, addonNames().length, addons.join(", "));
      const problem = await onlyProblem((machine) => {
        const stdout = libraries.map((name) => `\t${name} => not found\n`).join("");
        machine.commands[`ldd ${BINARIES.addon}`] = { status: 0, stdout };
      });
      assert.match(problem, /libxcb-composite0/);
      assert.doesNotMatch(problem, /find the package of/);
    });

    test("is known as one that an AppImage may have put in the way", () => {
      const unknown = libraries.filter(
        (name) => libraryInTheWay("undefined symbol: speex_new", "/tmp/app", () => [name]) === null,
      );
      assert.deepEqual(unknown, []);
    });
  });
});
