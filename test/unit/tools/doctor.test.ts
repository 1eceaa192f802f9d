// The doctor's findings on simulated machines: its sentences, its advice, and whether calls are possible.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callsArePossible, describeFindings } from "../../../plugin/tools/doctor.ts";
import type { ServerResult } from "../../../plugin/tools/ice-server-test.ts";
import { checkRefusals } from "../../../plugin/tools/refusal-check.ts";
import { BINARIES, type FakeMachine } from "../../support/fakes/fake-system.ts";
import { CAMERA_NOTE, findingsOf, onlyProblem } from "./doctor-findings.ts";

describe("the doctor", () => {
  test("reports no problem on a healthy machine", async () => {
    const findings = await findingsOf(() => undefined);
    assert.deepEqual([...new Set(findings.map(({ verdict }) => verdict))], ["ok"]);
    assert.ok(callsArePossible(findings));
    assert.match(describeFindings(findings), /\nCalls work\.\n$/);
  });

  test("passes on why the pictures of a camera could not be shown", async () => {
    const reason = "its pictures are damaged: they are cut short";
    const problem = await onlyProblem((machine) => {
      machine.files[CAMERA_NOTE] = JSON.stringify({ camera: "Webcam", reason, at: "09:30" });
    });
    assert.match(
      problem,
      /^warning camera pictures: The pictures of Webcam could not be shown at 09:30: its pictures are damaged: they are cut short\. → Try another cable/,
    );
    const findings = await findingsOf((machine) => {
      machine.files[CAMERA_NOTE] = "no note";
    });
    assert.ok(findings.every(({ check }) => check !== "camera pictures"));
  });

  test("reports each problem once, and an action for it", async () => {
    const findings = await findingsOf((machine) => {
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
  });

  test("ends with one sentence: calls work, or what to do first", async () => {
    const lastLine = async (modify: (machine: FakeMachine) => void) =>
      describeFindings(await findingsOf(modify))
        .trimEnd()
        .split("\n")
        .at(-1);
    const withoutCamera = (machine: FakeMachine) => {
      delete machine.files["/dev/video0"];
    };
    assert.match(
      (await lastLine(withoutCamera)) ?? "",
      /^Calls work, with restrictions\. To lift the first: \S/,
    );
    const failing = await lastLine((machine) => {
      withoutCamera(machine);
      machine.soundEngineProblem = "wrong ELF class";
      delete machine.files[BINARIES.wrtc];
    });
    assert.match(
      failing ?? "",
      /^Calls do not work yet\. Do this first: Install it: npm install --no-save @roamhq/,
    );
  });

  for (const version of ["20.19.0", "22.17.9"]) {
    test(`refuses Node ${version} and names the command that installs another`, async () => {
      const problem = await onlyProblem((machine) => {
        machine.nodeVersion = version;
      });
      assert.match(problem, /^failure Node: .*too old, .* 22\.18 or newer.*npm install node@24/);
    });
  }
});

describe("the doctor on cameras", () => {
  test("no camera is a warning, and calls are possible", async () => {
    const findings = await findingsOf((machine) => {
      delete machine.files["/dev/video0"];
      delete machine.files["/sys/class/video4linux/video0/name"];
    });
    assert.match(describeFindings(findings), /warning {2}camera .*others will not see you/);
    assert.ok(callsArePossible(findings));
  });

  test("a camera that is not passed to the container is distinguished from no camera", async () => {
    const problem = await onlyProblem((machine) => {
      delete machine.files["/dev/video0"];
    });
    assert.match(problem, /The kernel has video0, but .*--device \/dev\/video0/);
  });

  test("a missing permission is reported with the command for this user and group", async () => {
    const problem = await onlyProblem((machine) => {
      machine.forbidden.add("/dev/video0");
      machine.files["/etc/group"] = "video:x:44:bob\n";
    });
    assert.match(problem, /has no permission to open \/dev\/video0/);
    assert.match(problem, /→ sudo usermod -aG video ada, then log out and in again$/);
  });

  test("a user who is already in the group only has to log in again", async () => {
    const problem = await onlyProblem((machine) => {
      machine.forbidden.add("/dev/video0");
    });
    assert.match(problem, /→ Log out and in again, because you joined the group video/);
  });

  test("a camera of the group root needs another mode", async () => {
    const problem = await onlyProblem((machine) => {
      machine.forbidden.add("/dev/video0");
      machine.groups["/dev/video0"] = 0;
    });
    assert.match(problem, /→ sudo chmod g\+rw \/dev\/video0$/);
  });

  test("the program that uses the camera is named with its process", async () => {
    const problem = await onlyProblem((machine) => {
      machine.links["/proc/77/fd/5"] = "/dev/video0";
      machine.links["/proc/77/fd/6"] = "/dev/video0";
      machine.files["/proc/77/cmdline"] = "/usr/bin/cheese\0--fullscreen\0";
      machine.files["/proc/77/comm"] = "MainThread\n";
    });
    assert.match(problem, /cheese \(process 77\) is using \/dev\/video0.*→ Close cheese.*kill 77$/);
  });
});

describe("the doctor on sound", () => {
  test("a server that does not accept connections should be restarted", async () => {
    const problem = await onlyProblem((machine) => machine.listening.clear());
    assert.match(
      problem,
      /^warning sound server: .*does not accept connections at \/run\/user\/1000\/pulse\/native.*[Rr]estart/,
    );
  });

  test("a sound card is enough without a server, and without both there is no sound", async () => {
    const withoutServer = (machine: FakeMachine) => {
      machine.listening.clear();
      delete machine.files["/run/user/1000/pulse/native"];
    };
    const findings = await findingsOf(withoutServer);
    assert.ok(findings.some(({ says }) => says.includes("ALSA uses the sound card directly: HDA-Intel")));
    const problem = await onlyProblem((machine) => {
      withoutServer(machine);
      machine.files["/proc/asound/cards"] = "--- no soundcards ---\n";
    });
    assert.match(problem, /neither a sound server nor a sound card.*→ Plug in a headset/);
  });

  test("PULSE_SERVER is respected, and PipeWire alone is enough", async () => {
    const named = await findingsOf((machine) => {
      machine.environment = { PULSE_SERVER: "unix:/tmp/p/native" };
      machine.listening = new Set(["/tmp/p/native"]);
    });
    assert.ok(named.some(({ says }) => says.endsWith("accepts connections at /tmp/p/native.")));
    const pipewire = await findingsOf((machine) => {
      machine.listening = new Set(["/run/user/1000/pipewire-0"]);
    });
    assert.ok(
      pipewire.some(({ says }) => says === "PipeWire accepts connections at /run/user/1000/pipewire-0."),
    );
  });

  const microphone = { id: "pulse:mic", name: "Mic", isDefault: true, kind: "microphone" } as const;
  const monitor = { id: "pulse:m", name: "Monitor", isDefault: false, kind: "monitor" } as const;
  for (const [what, microphones, expected] of [
    ["only monitors", [monitor], /has no microphone, only monitors, which repeat.*→ Plug in a microphone/],
    ["none", [], /has no microphone\. → Plug in/],
    ["a muted one", [{ ...microphone, isMuted: true }], /Mic is muted\. → Unmute it/],
    ["a low one", [{ ...microphone, isMuted: false, volume: 3 }], /turned down to 3 %\. → Turn it up/],
    [
      "an empty socket",
      [{ ...microphone, port: { name: "Headset", available: "no" } }],
      /Nothing is plugged into Mic \(Headset\)/,
    ],
  ] as const) {
    test(`explains why a microphone gives nothing: ${what}`, async () => {
      const problem = await onlyProblem((machine) => {
        machine.sound = { microphones: [...microphones], speakers: machine.sound?.speakers ?? [] };
      });
      assert.match(problem, expected);
      assert.match(problem, /^warning microphone: /);
    });
  }

  test("without a camera, a microphone that is only a monitor makes calls impossible", async () => {
    const findings = await findingsOf((machine) => {
      delete machine.files["/dev/video0"];
      delete machine.files["/sys/class/video4linux/video0/name"];
      machine.sound = { microphones: [monitor], speakers: [] };
    });
    assert.ok(!callsArePossible(findings));
  });

  test("a server whose devices cannot be listed by name is reported with the missing package", async () => {
    const problem = await onlyProblem((machine) => {
      machine.sound = null;
    });
    assert.match(problem, /^warning sound devices: .*→ sudo apt-get install -y libpulse0$/);
    const withoutPlugin = await onlyProblem((machine) => {
      machine.sound = null;
      const folder = "/usr/lib/x86_64-linux-gnu/alsa-lib";
      delete machine.files[`${folder}/libasound_module_pcm_pulse.so`];
      machine.files[`${folder}/libasound_module_pcm_pipewire.so`] = "";
    });
    assert.match(withoutPlugin, /^warning sound devices: .*→ sudo apt-get install -y libasound2-plugins$/);
  });

  test("a missing ALSA plugin is reported with its package", async () => {
    const problem = await onlyProblem((machine) => {
      delete machine.files["/usr/lib/x86_64-linux-gnu/alsa-lib/libasound_module_pcm_pulse.so"];
    });
    assert.match(problem, /^warning sound plugin: .*→ sudo apt-get install -y libasound2-plugins$/);
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

  test("reports that the running plugin would refuse calls", async () => {
    const findings = await findingsOf(bare);
    assert.ok(!callsArePossible(findings));
    assert.match(
      describeFindings(findings),
      /failure {2}calls .*neither a usable camera nor a usable sound device/,
    );
  });

  test("calls are possible with a test pattern, and for a user who only receives", async () => {
    for (const text of ['{"camera": "test-pattern"}', '{"camera": "none", "microphone": "none"}']) {
      const modify = (machine: FakeMachine) => {
        bare(machine);
        machine.files["/s.json"] = text;
      };
      assert.ok(callsArePossible(await findingsOf(modify, { settingsPath: "/s.json" })), text);
    }
  });
});

describe("the doctor on network and settings", () => {
  test("calls that the user switched off are a failure with advice", async () => {
    const problem = await onlyProblem(withSettings('{"videoDisabled": true}'), { settingsPath: "/s.json" });
    assert.match(problem, /^failure calls: .*switches calls off.*→ Switch calls on again/);
  });

  const offline: [string, string, string][] = [
    ["no route", "/proc/net/route", "Iface\tDestination\n"],
    ["no multicast", "/sys/class/net/wlan0/flags", "0x3\n"],
    ["the network down", "/sys/class/net/wlan0/flags", "0x1002\n"],
  ];
  for (const [what, path, content] of offline) {
    test(`with ${what} mDNS finds no peer, and the advice is to add addresses`, async () => {
      const problem = await onlyProblem((machine) => {
        machine.files[path] = content;
      });
      assert.match(problem, /^warning network: .*→ .*signalling\.peers$/);
    });
  }

  const withSettings = (text: string) => (machine: FakeMachine) => {
    machine.files["/s.json"] = text;
  };
  test("settings without ICE servers limit calls to one network", async () => {
    const problem = await onlyProblem(withSettings('{"iceServers": []}'), { settingsPath: "/s.json" });
    assert.match(problem, /^warning ICE servers: .*has no server.*→ Add one/);
  });

  const results: [string, ServerResult, RegExp][] = [
    [
      "wrong credentials",
      { outcome: "refused", detail: "401 Unauthorized" },
      /refuses: 401 Unauthorized\. → Correct username/,
    ],
    [
      "an untrusted certificate",
      { outcome: "untrusted", detail: "certificate has expired" },
      /does not accept: certificate has expired\. → Add its authority/,
    ],
    [
      "a refused connection",
      { outcome: "silent", detail: "connect ECONNREFUSED" },
      /does not answer: connect ECONNREFUSED\. → /,
    ],
    [
      "a name without an address",
      { outcome: "unknown", detail: "no host." },
      /has a name without an address: no host\. → /,
    ],
    [
      "a silent server",
      { outcome: "silent", detail: "" },
      /does not answer\. → Check that the server runs at .*UDP/,
    ],
  ];
  for (const [what, result, expected] of results) {
    test(`of the servers in a settings file, the one with ${what} is named, with what to do`, async () => {
      const problem = await onlyProblem(
        (machine) => {
          withSettings(
            '{"iceServers": [{"urls": ["turn:good.example", "turn:bad.example"], "username": "me", "credential": "secret"}]}',
          )(machine);
          machine.iceServers["turn:bad.example"] = result;
        },
        { settingsPath: "/s.json" },
      );
      assert.match(problem, /^warning ICE servers: turn:bad\.example /);
      assert.match(problem, expected);
    });
  }

  test("a refused user whose name says that it has ended needs a new one", async () => {
    const settings = (username: string) =>
      JSON.stringify({ iceServers: [{ urls: ["turn:bad.example"], username, credential: "secret" }] });
    for (const [username, expected] of [
      ["1700000000:me", /→ Get a new username .* ended on 2023-11-14T22:13:20\.000Z/],
      ["99999999999:me", /→ Correct username/],
    ] as const) {
      const problem = await onlyProblem(
        (machine) => {
          withSettings(settings(username))(machine);
          machine.iceServers["turn:bad.example"] = { outcome: "refused", detail: "401 Unauthorized" };
        },
        { settingsPath: "/s.json" },
      );
      assert.match(problem, expected);
    }
  });

  test("the default servers are not asked", async () => {
    const findings = await findingsOf((machine) => {
      machine.iceServers["stun:stun.l.google.com:19302"] = { outcome: "silent", detail: "" };
    });
    assert.ok(callsArePossible(findings));
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict !== "ok"),
      [],
    );
  });

  test("invalid settings are a failure that names the field", async () => {
    const problem = await onlyProblem(withSettings('{"toneHz": "high"}'), { settingsPath: "/s.json" });
    assert.match(problem, /^failure settings: .*toneHz/);
    assert.match(
      await onlyProblem(withSettings("{"), { settingsPath: "/s.json" }),
      /^failure settings: .*JSON/,
    );
  });

  test("an unknown setting is a failure that names file, field and the nearest setting", async () => {
    assert.match(
      await onlyProblem(withSettings('{"camra": "none"}'), { settingsPath: "/s.json" }),
      /^failure settings: The settings in \/s\.json are invalid: camra is "none", expected .*did you mean camera\?/,
    );
  });

  test("settings without mDNS do not claim that it finds peers", async () => {
    const modify = withSettings('{"signalling": {"mdns": false}}');
    const findings = await findingsOf(modify, { settingsPath: "/s.json" });
    const network = findings.find(({ check }) => check === "network");
    assert.match(network?.says ?? "", /signalling\.mdns is off/);
  });

  test("a missing settings file is a failure that names the file and the reason", async () => {
    assert.match(
      await onlyProblem(() => undefined, { settingsPath: "/none.json" }),
      /\/none\.json cannot be read: it does not exist/,
    );
  });
});

test("what running plugins have refused is told, and does not prevent calls", () => {
  const plugin = { pid: 7, startTicks: "1", version: "1", label: "Alice", watch: null };
  const refused = [
    { reason: "candidate", count: 3 },
    { reason: "ofAnotherVersion", count: 1 },
  ];
  assert.deepEqual(checkRefusals([{ ...plugin, refused: [] }]), []);
  const [finding] = checkRefusals([{ ...plugin, refused }]);
  assert.equal(finding?.verdict, "ok");
  assert.match(
    finding?.says ?? "",
    /^The plugin 7 \(Alice\) has refused: 3 network addresses .*; 1 ofAnotherVersion\.$/,
  );
});
