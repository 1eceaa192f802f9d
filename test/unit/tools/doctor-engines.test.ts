// The doctor's findings about the compiled engines, on simulated machines.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BINARIES, type FakeMachine } from "../../support/fakes/fake-system.ts";
import { onlyProblem } from "./doctor-findings.ts";

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
});
