// The doctor's findings on machines that are made up: what it says, what it advises, and whether calls are possible.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callsArePossible, describeFindings, examine } from "../../../plugin/tools/doctor.ts";
import type { Finding } from "../../../plugin/tools/finding.ts";
import {
  ADDON_FOLDER,
  BINARIES,
  type FakeMachine,
  healthyMachine,
  viewOf,
} from "../../support/fakes/fake-system.ts";

interface Wish {
  addonProblem?: string;
  settingsPath?: string;
}

async function examined(sicken: (machine: FakeMachine) => void, wish: Wish = {}): Promise<Finding[]> {
  const machine = healthyMachine();
  sicken(machine);
  const { addonProblem = null, settingsPath } = wish;
  return examine(viewOf(machine), { addonFolder: ADDON_FOLDER, addonProblem, settingsPath });
}

/** The one finding that is not ok, as `verdict check: sentence → action`. */
async function complaint(sicken: (machine: FakeMachine) => void, wish: Wish = {}): Promise<string> {
  const wrong = (await examined(sicken, wish)).filter(({ verdict }) => verdict !== "ok");
  assert.equal(wrong.length, 1, JSON.stringify(wrong));
  return wrong.map(({ verdict, check, says, action }) => `${verdict} ${check}: ${says} → ${action}`).join();
}

describe("the doctor", () => {
  test("finds nothing wrong with a healthy machine", async () => {
    const findings = await examined(() => undefined);
    assert.deepEqual([...new Set(findings.map(({ verdict }) => verdict))], ["ok"]);
    assert.ok(callsArePossible(findings));
    assert.match(describeFindings(findings), /\nCalls are possible\.\n$/);
  });

  test("says each thing once, with an action for all that is not well", async () => {
    const findings = await examined((machine) => {
      machine.nodeVersion = "20.1.0";
      machine.files = {};
      machine.packages = {};
      machine.listening.clear();
    });
    assert.equal(new Set(findings.map(({ check }) => check)).size, findings.length);
    for (const { verdict, says, action } of findings) {
      assert.match(says, /\.$/);
      assert.equal(action === null, verdict === "ok");
    }
    assert.match(describeFindings(findings), /Calls are not possible/);
  });

  for (const version of ["20.19.0", "22.17.9"]) {
    test(`refuses Node ${version} and says how to get another`, async () => {
      const said = await complaint((machine) => {
        machine.nodeVersion = version;
      });
      assert.match(said, /^failure Node: .*too old, 22\.18 .*npm install node@24/);
    });
  }
});

describe("the doctor on the engines", () => {
  const missing: [string, keyof typeof BINARIES, RegExp][] = [
    ["camera engine", "addon", /npm run build:native/],
    ["WebRTC engine", "wrtc", /npm install --no-save @roamhq\/wrtc-linux-x64/],
    ["sound engine", "sound", /npm rebuild naudiodon/],
  ];
  for (const [check, binary, remedy] of missing) {
    test(`a missing ${check} makes calls impossible, with the command that brings it`, async () => {
      const said = await complaint((machine) => {
        delete machine.files[BINARIES[binary]];
      });
      assert.match(said, new RegExp(`^failure ${check}: .*is not there`));
      assert.match(said, remedy);
    });
  }

  test("a package that is not installed is as bad as its binary missing", async () => {
    const said = await complaint((machine) => {
      machine.packages = { "@roamhq/wrtc-linux-x64": "/p/wrtc" };
    });
    assert.match(said, /^failure sound engine: .*is not there/);
  });

  test("missing shared libraries are named, and the Debian packages that hold them", async () => {
    const said = await complaint((machine) => {
      machine.commands[`ldd ${BINARIES.addon}`] = {
        status: 0,
        stdout:
          "\tlibturbojpeg.so.0 => not found\n\tlibyuv.so.0 => not found\n\tlibm.so.6 => /lib/libm.so.6\n",
      };
    });
    assert.match(said, /misses libturbojpeg\.so\.0, libyuv\.so\.0\./);
    assert.match(said, /→ sudo apt-get install -y libturbojpeg0 libyuv0$/);
  });

  test("a library of no known package is named all the same", async () => {
    const said = await complaint((machine) => {
      machine.commands[`ldd ${BINARIES.sound}`] = { status: 0, stdout: "\tlibnew.so.3 => not found\n" };
    });
    assert.match(said, /misses libnew\.so\.3\. → find the package of libnew\.so\.3/);
  });

  test("an addon that is there but does not start is a failure with its reason", async () => {
    const said = await complaint(() => undefined, { addonProblem: "it is out of date" });
    assert.match(said, /^failure camera engine: .*it is out of date → .*build:native/);
  });
});

describe("the doctor on cameras", () => {
  test("no camera is a warning, and calls are possible", async () => {
    const findings = await examined((machine) => {
      delete machine.files["/dev/video0"];
      delete machine.files["/sys/class/video4linux/video0/name"];
    });
    assert.match(describeFindings(findings), /warning {2}camera .*others will not see you/);
    assert.ok(callsArePossible(findings));
  });

  test("a camera that the container was not given is told from none at all", async () => {
    const said = await complaint((machine) => {
      delete machine.files["/dev/video0"];
    });
    assert.match(said, /knows video0, but .*--device \/dev\/video0/);
  });

  test("a lacking permission comes with the exact command for this user and this group", async () => {
    const said = await complaint((machine) => {
      machine.forbidden.add("/dev/video0");
      machine.files["/etc/group"] = "video:x:44:bob\n";
    });
    assert.match(said, /may not open \/dev\/video0/);
    assert.match(said, /→ sudo usermod -aG video ada, then log out and in again$/);
  });

  test("who is in the group already only has to log in again", async () => {
    const said = await complaint((machine) => {
      machine.forbidden.add("/dev/video0");
    });
    assert.match(said, /→ Log out and in again: you are in the group video/);
  });

  test("a camera of root's own group needs another mode, not another user", async () => {
    const said = await complaint((machine) => {
      machine.forbidden.add("/dev/video0");
      machine.groups["/dev/video0"] = 0;
    });
    assert.match(said, /→ sudo chmod g\+rw \/dev\/video0$/);
  });

  test("whoever holds the camera is named with the process", async () => {
    const said = await complaint((machine) => {
      machine.links["/proc/77/fd/5"] = "/dev/video0";
      machine.links["/proc/77/fd/6"] = "/dev/video0";
      machine.files["/proc/77/cmdline"] = "/usr/bin/cheese\0--fullscreen\0";
      machine.files["/proc/77/comm"] = "MainThread\n";
    });
    assert.match(said, /\/dev\/video0 is held open by cheese \(process 77\).*→ Close cheese.*kill 77$/);
  });
});

describe("the doctor on sound", () => {
  test("a server that is there and does not answer is to be restarted", async () => {
    const said = await complaint((machine) => machine.listening.clear());
    assert.match(
      said,
      /^warning sound server: .*does not answer at \/run\/user\/1000\/pulse\/native.*restart/,
    );
  });

  test("without a server a sound card is enough, without both nobody hears anybody", async () => {
    const withoutServer = (machine: FakeMachine) => {
      machine.listening.clear();
      delete machine.files["/run/user/1000/pulse/native"];
    };
    const findings = await examined(withoutServer);
    assert.ok(findings.some(({ says }) => says.includes("ALSA uses the sound card itself: HDA-Intel")));
    const said = await complaint((machine) => {
      withoutServer(machine);
      machine.files["/proc/asound/cards"] = "--- no soundcards ---\n";
    });
    assert.match(said, /neither a sound server nor a sound card.*→ Plug in a headset/);
  });

  test("PULSE_SERVER is followed, and PipeWire alone will do", async () => {
    const named = await examined((machine) => {
      machine.environment = { PULSE_SERVER: "unix:/tmp/p/native" };
      machine.listening = new Set(["/tmp/p/native"]);
    });
    assert.ok(named.some(({ says }) => says.endsWith("answers at /tmp/p/native.")));
    const pipewire = await examined((machine) => {
      machine.listening = new Set(["/run/user/1000/pipewire-0"]);
    });
    assert.ok(pipewire.some(({ says }) => says === "PipeWire answers at /run/user/1000/pipewire-0."));
  });

  test("ALSA without its plugin cannot reach the server, and the package is named", async () => {
    const said = await complaint((machine) => {
      delete machine.files["/usr/lib/x86_64-linux-gnu/alsa-lib/libasound_module_pcm_pulse.so"];
    });
    assert.match(said, /^warning sound plugin: .*→ sudo apt-get install -y libasound2-plugins$/);
  });
});

describe("the doctor on a machine with nothing to send", () => {
  const bare = (machine: FakeMachine) => {
    delete machine.files["/dev/video0"];
    delete machine.files["/sys/class/video4linux/video0/name"];
    delete machine.files["/run/user/1000/pulse/native"];
    machine.files["/proc/asound/cards"] = "--- no soundcards ---\n";
    machine.listening.clear();
  };

  test("says what callers will be told, as the running plugin decides it", async () => {
    const findings = await examined(bare);
    assert.ok(!callsArePossible(findings));
    assert.match(describeFindings(findings), /failure {2}calls .*neither a camera nor a sound device/);
  });

  test("leaves calls possible with a test pattern, or for somebody who only listens", async () => {
    for (const text of ['{"camera": "test-pattern"}', '{"camera": "none", "microphone": "none"}']) {
      const sicken = (machine: FakeMachine) => {
        bare(machine);
        machine.files["/s.json"] = text;
      };
      assert.ok(callsArePossible(await examined(sicken, { settingsPath: "/s.json" })), text);
    }
  });
});

describe("the doctor on network and settings", () => {
  test("calls that the user switched off are a failure with the way back", async () => {
    const said = await complaint(withSettings('{"videoDisabled": true}'), { settingsPath: "/s.json" });
    assert.match(said, /^failure calls: .*switch calls off.*→ Switch them on again/);
  });

  const offline: [string, string, string][] = [
    ["no route", "/proc/net/route", "Iface\tDestination\n"],
    ["no multicast", "/sys/class/net/wlan0/flags", "0x3\n"],
    ["the network down", "/sys/class/net/wlan0/flags", "0x1002\n"],
  ];
  for (const [what, path, content] of offline) {
    test(`with ${what} mDNS finds nobody, and addresses are the way out`, async () => {
      const said = await complaint((machine) => {
        machine.files[path] = content;
      });
      assert.match(said, /^warning network: .*→ .*signalling\.peers$/);
    });
  }

  const withSettings = (text: string) => (machine: FakeMachine) => {
    machine.files["/s.json"] = text;
  };
  test("settings without ICE servers keep calls on one network", async () => {
    const said = await complaint(withSettings('{"iceServers": []}'), { settingsPath: "/s.json" });
    assert.match(said, /^warning ICE servers: .*has no server.*→ Add one/);
  });

  test("settings that the plugin would refuse are a failure that names the field", async () => {
    const said = await complaint(withSettings('{"toneHz": "high"}'), { settingsPath: "/s.json" });
    assert.match(said, /^failure settings: .*toneHz/);
    assert.match(
      await complaint(withSettings("{"), { settingsPath: "/s.json" }),
      /^failure settings: .*JSON/,
    );
  });

  test("settings that are not there are a failure that names the file", async () => {
    assert.match(
      await complaint(() => undefined, { settingsPath: "/none.json" }),
      /\/none\.json cannot be read/,
    );
  });
});
