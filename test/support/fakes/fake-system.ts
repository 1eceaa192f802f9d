// A simulated machine for the doctor. It has no faults; tests add them.

import type { PipeWireReport, UnreadableCamera } from "../../../plugin/camera/pipewire-cameras.ts";
import type { DaemonOffer } from "../../../plugin/priority/real-time-daemon.ts";
import type { ScreenOffer } from "../../../plugin/screen/screens.ts";
import type { SoundDevices } from "../../../plugin/sound/sound.ts";
import type { ServerResult } from "../../../plugin/tools/ice-server-test.ts";
import type { RunResult, SystemView } from "../../../plugin/tools/system-view.ts";

export interface FakeMachine {
  nodeVersion: string;
  environment: Record<string, string | undefined>;
  user: { name: string; id: number; groups: number[] };
  /** Contents by path. Folders follow from the paths. */
  files: Record<string, string>;
  links: Record<string, string>;
  /** Group ids by path. */
  groups: Record<string, number>;
  forbidden: Set<string>;
  packages: Record<string, string>;
  /** Results by command line. Other programs are not installed. */
  commands: Record<string, RunResult>;
  listening: Set<string>;
  isPackaged: boolean;
  soundEngineProblem: string | null;
  sound: SoundDevices | null;
  /** Null without rtkit. */
  realTime: DaemonOffer | null;
  pipeWire: PipeWireReport;
  screens: ScreenOffer;
  unreadableNodes: (UnreadableCamera & { path: string })[];
  /** By URL. Servers without a result work. */
  iceServers: Record<string, ServerResult>;
}

export const ADDON_FOLDER = "/p/native";
const WRTC = "/p/wrtc";
const NAUDIODON = "/p/naudiodon";
export const BINARIES = {
  addon: `${ADDON_FOLDER}/callnative.node`,
  wrtc: `${WRTC}/wrtc.node`,
  sound: `${NAUDIODON}/build/Release/naudiodon.node`,
  pipeWire: `${ADDON_FOLDER}/callpipewire.node`,
  x11: `${ADDON_FOLDER}/callx11.node`,
};
const LINKED = "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n";

/** One camera, PipeWire with PulseAudio's protocol, one network. */
export function healthyMachine(): FakeMachine {
  return {
    nodeVersion: "24.21.0",
    environment: { XDG_RUNTIME_DIR: "/run/user/1000" },
    user: { name: "ada", id: 1000, groups: [1000, 44] },
    files: {
      ...Object.fromEntries(Object.values(BINARIES).map((path) => [path, ""])),
      "/dev/video0": "",
      "/sys/class/video4linux/video0/name": "Integrated Camera\n",
      "/etc/group": "root:x:0:\nvideo:x:44:ada\n",
      "/run/user/1000/pulse/native": "",
      "/usr/lib/x86_64-linux-gnu/alsa-lib/libasound_module_pcm_pulse.so": "",
      "/proc/asound/cards":
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0xa1\n",
      "/sys/class/net/lo/flags": "0x9\n",
      "/sys/class/net/wlan0/flags": "0x1003\n",
      "/proc/net/route": "Iface\tDestination\nwlan0\t00000000\n",
    },
    links: {},
    groups: { "/dev/video0": 44 },
    forbidden: new Set(),
    packages: { "@roamhq/wrtc-linux-x64": WRTC, naudiodon: NAUDIODON },
    commands: Object.fromEntries(
      Object.values(BINARIES).map((path) => [`ldd ${path}`, { status: 0, stdout: LINKED }]),
    ),
    listening: new Set(["/run/user/1000/pulse/native"]),
    isPackaged: false,
    soundEngineProblem: null,
    screens: { chooser: "desktop" },
    iceServers: {},
    pipeWire: { cameras: [], unreadable: [], libraryProblem: null, accessProblem: null, portal: null },
    unreadableNodes: [],
    realTime: { name: "rtkit", maxPriority: 20, minNice: -15, maxRealTimeUs: 200_000 },
    sound: {
      microphones: [{ id: "pulse:mic", name: "Built-in Microphone", isDefault: true, kind: "microphone" }],
      speakers: [{ id: "pulse:speaker", name: "Built-in Speaker", isDefault: true, kind: "speaker" }],
    },
  };
}

export function viewOf(machine: FakeMachine): SystemView {
  const all = () => [...Object.keys(machine.files), ...Object.keys(machine.links)];
  return {
    nodeVersion: machine.nodeVersion,
    platform: "linux-x64",
    environment: machine.environment,
    user: machine.user,
    readText: (path) => machine.files[path] ?? null,
    whyUnreadable: () => "it does not exist (ENOENT). Check the path",
    list: (path) => {
      const inside = all().filter((file) => file.startsWith(`${path}/`));
      return [...new Set(inside.map((file) => file.slice(path.length + 1).split("/")[0] ?? ""))];
    },
    linkTarget: (path) => machine.links[path] ?? null,
    owner: (path) => (path in machine.groups ? { group: machine.groups[path] ?? 0 } : null),
    canOpen: (path) => !machine.forbidden.has(path),
    packageFolder: (manifest) => machine.packages[manifest.replace(/\/package\.json$/, "")] ?? null,
    run: async (program, args) => machine.commands[[program, ...args].join(" ")] ?? null,
    connects: async (path) => machine.listening.has(path),
    isPackaged: machine.isPackaged,
    soundEngineProblem: async () => machine.soundEngineProblem,
    soundDevices: async () => machine.sound,
    realTimeOffer: async () => machine.realTime,
    pipeWireCameras: async () => machine.pipeWire,
    unreadableNodes: () => machine.unreadableNodes,
    screens: async () => machine.screens,
    testIceServer: async ({ url }) => machine.iceServers[url] ?? { outcome: "works", detail: "" },
  };
}
