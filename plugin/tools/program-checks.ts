// Checks Node and the three compiled engines with their libraries, and the two addons that calls do without.

import { basename } from "node:path";
import { pipeWireSocket } from "../../native/pipewire.ts";
import { libraryInTheWay } from "../common/library-path.ts";
import { MINIMUM_NODE, whyNodeIsTooOld } from "../common/node-version.ts";
import { type Finding, failure, ok } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

/** The Debian package of each library that the engines use, by the library's name without version. */
const LIBRARY_PACKAGES: Readonly<Record<string, string>> = {
  "libturbojpeg.so": "libturbojpeg0",
  "libjpeg.so": "libjpeg62-turbo",
  "libyuv.so": "libyuv0",
  // A virtual package of Debian 13, whose own one is libasound2t64.
  "libasound.so": "libasound2",
  "libspeexdsp.so": "libspeexdsp1",
  "libudev.so": "libudev1",
  "libpulse.so": "libpulse0",
  "libwebrtc_audio_processing.so": "libwebrtc-audio-processing1",
  "libwebrtc-audio-processing-1.so": "libwebrtc-audio-processing-1-3",
  "libstdc++.so": "libstdc++6",
  "libgcc_s.so": "libgcc-s1",
  // Virtual packages of Debian 13, whose own ones end in t64.
  "libpipewire-0.3.so": "libpipewire-0.3-0 libpipewire-0.3-modules",
  "libxcb.so": "libxcb1",
  "libxcb-composite.so": "libxcb-composite0",
  "libxcb-damage.so": "libxcb-damage0",
  "libxcb-randr.so": "libxcb-randr0",
  "libxcb-shm.so": "libxcb-shm0",
  "libxcb-xfixes.so": "libxcb-xfixes0",
};

/** `main.ts` refuses an older Node earlier, so the failure is for a caller that bypasses it. */
export function checkNode({ nodeVersion }: SystemView): Finding {
  if (whyNodeIsTooOld(nodeVersion) === null) return ok("Node", `Node ${nodeVersion} is recent enough.`);
  const remedy = `Install Node ${MINIMUM_NODE} or newer. The npm package "node" contains one: npm install node@24`;
  return failure(
    "Node",
    `Node ${nodeVersion} is too old, because version ${MINIMUM_NODE} or newer is required.`,
    remedy,
  );
}

export interface Engine {
  readonly check: string;
  /** Completes the sentence "needed for …". */
  readonly use: string;
  /** The folder of its binary, or null if its package is missing. */
  readonly folder: string | null;
  /** Its name without the suffix. */
  readonly binary: string;
  /** What to do if the binary is missing. */
  readonly remedy: string;
}

/** An engine that calls do without. */
interface OptionalEngine extends Engine {
  /** Why nothing here can use it; null if something can. */
  whyUnneeded(): Promise<string | null>;
}

export const X11_ENGINE = "X11 engine";
const BUILD_COMMAND = "npm run build:native";
const BUILD_ADDON = `Build it: ${BUILD_COMMAND}`;
const X11_HEADERS =
  "libxcb-composite0-dev libxcb-damage0-dev libxcb-randr0-dev libxcb-shm0-dev libxcb-xfixes0-dev";
const BUILD_SOUND = "Build it: sudo apt-get install -y make g++ python3 && npm rebuild naudiodon";
const REINSTALL = "Install the package again, whole and of the version for this system: see README.md";

/** What to do if an engine is missing or does not load. The user of a package has neither npm nor a compiler. */
function remedyOf({ isPackaged }: SystemView, remedy: string): string {
  return isPackaged ? REINSTALL : remedy;
}

/** @param folder the folder of the built addon */
export function enginesOf(system: SystemView, folder: string): Record<"addon" | "webrtc" | "sound", Engine> {
  const naudiodon = system.packageFolder("naudiodon/package.json");
  const engine = `@roamhq/wrtc-${system.platform}`;
  return {
    addon: {
      check: "camera engine",
      use: "camera and pictures",
      folder,
      binary: "callnative",
      remedy: remedyOf(system, BUILD_ADDON),
    },
    webrtc: {
      check: "WebRTC engine",
      use: "every connection",
      folder: system.packageFolder(`${engine}/package.json`),
      binary: "wrtc",
      remedy: remedyOf(
        system,
        `Install it: npm install --no-save ${engine} (available for linux-x64 and linux-arm64 with glibc)`,
      ),
    },
    sound: {
      check: "sound engine",
      use: "microphone and speaker",
      folder: naudiodon === null ? null : `${naudiodon}/build/Release`,
      binary: naudiodon === null ? "" : basename(naudiodon),
      remedy: remedyOf(system, BUILD_SOUND),
    },
  };
}

/** The two addons that calls do without. They load where their libraries are installed. */
export function optionalEnginesOf(system: SystemView, folder: string): OptionalEngine[] {
  const { DISPLAY, WAYLAND_DISPLAY } = system.environment;
  const socket = pipeWireSocket(system.environment);
  return [
    {
      check: "PipeWire engine",
      use: "its cameras and the screens of Wayland",
      folder,
      binary: "callpipewire",
      remedy: remedyOf(system, `sudo apt-get install -y libpipewire-0.3-dev && ${BUILD_COMMAND}`),
      whyUnneeded: async () =>
        socket !== null && (await system.connects(socket)) ? null : "PipeWire does not run here",
    },
    {
      check: X11_ENGINE,
      use: "sharing the screens of X11",
      folder,
      binary: "callx11",
      remedy: remedyOf(system, `sudo apt-get install -y ${X11_HEADERS} && ${BUILD_COMMAND}`),
      whyUnneeded: async () => {
        if (WAYLAND_DISPLAY) return "the desktop here is Wayland's";
        return DISPLAY ? null : "there is no X display here";
      },
    },
  ];
}

/** A problem is a warning where the addon could be used. */
export async function checkOptionalEngine(system: SystemView, engine: OptionalEngine): Promise<Finding> {
  const finding = await checkEngine(system, engine);
  if (finding.verdict !== "failure") return finding;
  const why = await engine.whyUnneeded();
  if (why === null) return { ...finding, verdict: "warning" };
  return ok(finding.check, `${finding.says.replace(/\.$/, "")}, but ${why}.`);
}

/** Checks with ldd(1) that the binary exists and finds its libraries. */
export async function checkEngine(system: SystemView, engine: Engine): Promise<Finding> {
  const { check, use, folder, binary, remedy } = engine;
  const file = system.list(folder ?? "").find((name) => name.startsWith(`${binary}.`));
  if (file === undefined) return failure(check, `The ${check}, needed for ${use}, is not installed.`, remedy);
  const linked = await system.run("ldd", [`${folder}/${file}`]);
  const missing = missingLibraries(linked?.stdout ?? "");
  if (missing.length === 0) return checkLibraryPath(system, engine, linked?.stdout ?? "");
  const sentence = `The ${check}, needed for ${use}, lacks ${missing.join(", ")}.`;
  return failure(check, sentence, remedyFor(missing));
}

/** A library from LD_LIBRARY_PATH may be another version than the engine needs. The engine's own problem says whether it is. */
function checkLibraryPath(system: SystemView, { check }: Engine, lddOutput: string): Finding {
  const wrong = lddOutput.split("\n").find((line) => line.includes(" not found (required by "));
  const inTheWay =
    wrong === undefined
      ? null
      : libraryInTheWay(lddOutput, system.environment.LD_LIBRARY_PATH, (folder) => system.list(folder));
  if (inTheWay) return failure(check, `The ${check} does not start: ${inTheWay.reason}.`, inTheWay.remedy);
  return ok(check, `The ${check} is installed with all its libraries.`);
}

/** An addon with all its libraries can still be out of date, or built for another Node. */
export function checkAddonLoads(finding: Finding, problem: string | null, system: SystemView): Finding {
  if (finding.verdict !== "ok" || problem === null) return finding;
  const inTheWay = libraryInTheWay(problem, system.environment.LD_LIBRARY_PATH, (folder) =>
    system.list(folder),
  );
  return failure(
    finding.check,
    `The ${finding.check} does not start: ${problem}`,
    inTheWay?.remedy ?? remedyOf(system, BUILD_ADDON),
  );
}

/** Like the addon, the sound engine can have all its libraries and still not load. A call would have neither sound. */
export async function checkSoundLoads(finding: Finding, system: SystemView): Promise<Finding> {
  if (finding.verdict !== "ok") return finding;
  const problem = await system.soundEngineProblem();
  if (problem === null) return ok(finding.check, `The ${finding.check} loads with all its libraries.`);
  const sentence = `The ${finding.check} does not start: ${problem.replace(/\.$/, "")}.`;
  return failure(finding.check, sentence, remedyOf(system, BUILD_SOUND));
}

/** Removes duplicates: ldd lists a missing library once for each file that needs it. */
function missingLibraries(lddOutput: string): string[] {
  const lines = [...lddOutput.matchAll(/^[ \t]*(\S+) => not found/gm)];
  return [...new Set(lines.map(([, name = ""]) => name))];
}

/** One command that installs all known packages, and advice for unknown libraries. */
function remedyFor(libraries: readonly string[]): string {
  const packages = libraries.map((library) => LIBRARY_PACKAGES[library.replace(/\.so[.\d]*$/, ".so")]);
  const known = [...new Set(packages.filter((name) => name !== undefined))];
  const unknown = libraries.filter((_, index) => packages[index] === undefined);
  const install = known.length > 0 ? `sudo apt-get install -y ${known.join(" ")}` : "";
  const search = unknown.length > 0 ? `find the package of ${unknown.join(", ")} with apt-file search` : "";
  return [install, search].filter((part) => part !== "").join("; ");
}
