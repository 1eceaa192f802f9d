// Whether the program itself is whole: Node, and the three compiled engines with the libraries that they need.

import { type Finding, failure, ok } from "./finding.ts";
import type { SystemView } from "./system-view.ts";

/** package.json's `engines`: the first Node that runs TypeScript as it is. */
const LEAST_NODE: readonly [number, number] = [22, 18];
/** Debian's package for each library that the engines are linked with, by the library's name without its version. */
const LIBRARY_PACKAGES: Readonly<Record<string, string>> = {
  "libturbojpeg.so": "libturbojpeg0",
  "libjpeg.so": "libjpeg62-turbo",
  "libyuv.so": "libyuv0",
  "libasound.so": "libasound2",
  "libudev.so": "libudev1",
  "libpulse.so": "libpulse0",
  "libwebrtc_audio_processing.so": "libwebrtc-audio-processing1",
  "libwebrtc-audio-processing-1.so": "libwebrtc-audio-processing1",
  "libstdc++.so": "libstdc++6",
  "libgcc_s.so": "libgcc-s1",
};

/** The compiled program may start on an older Node and fail much later, in the middle of a call. */
export function checkNode({ nodeVersion }: SystemView): Finding {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const isEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const least = LEAST_NODE.join(".");
  if (isEnough) return ok("Node", `Node ${nodeVersion} is recent enough.`);
  const remedy = `Install Node ${least} or newer; the npm package "node" brings one: npm install node@24`;
  return failure("Node", `Node ${nodeVersion} is too old, ${least} is the oldest that works.`, remedy);
}

export interface Engine {
  readonly check: string;
  /** What it is for, as the end of "needed for". */
  readonly use: string;
  /** Where its binary is; null where the package itself is missing. */
  readonly folder: string | null;
  /** What to do when the binary is missing. */
  readonly remedy: string;
}

/** @param folder where the addon is built to */
export function enginesOf(system: SystemView, folder: string): Engine[] {
  const naudiodon = system.packageFolder("naudiodon/package.json");
  const engine = `@roamhq/wrtc-${system.platform}`;
  return [
    {
      check: "camera engine",
      use: "camera and pictures",
      folder,
      remedy: "Build it: npm run build:native",
    },
    {
      check: "WebRTC engine",
      use: "every connection",
      folder: system.packageFolder(`${engine}/package.json`),
      remedy: `Install it: npm install --no-save ${engine} (there are ones for linux-x64 and linux-arm64, with glibc)`,
    },
    {
      check: "sound engine",
      use: "microphone and speaker",
      folder: naudiodon === null ? null : `${naudiodon}/build/Release`,
      remedy: "Build it: sudo apt-get install -y make g++ python3 && npm rebuild naudiodon",
    },
  ];
}

/** Whether the binary is there and finds its libraries: ldd(1). */
export async function checkEngine(system: SystemView, engine: Engine): Promise<Finding> {
  const { check, use, folder, remedy } = engine;
  const binary = folder === null ? undefined : system.list(folder).find((name) => /\.node$/.test(name));
  if (binary === undefined) return failure(check, `The ${check}, needed for ${use}, is not there.`, remedy);
  const linked = await system.run("ldd", [`${folder}/${binary}`]);
  const missing = missingLibraries(linked?.stdout ?? "");
  if (missing.length === 0) return ok(check, `The ${check} is there, with all its libraries.`);
  const sentence = `The ${check}, needed for ${use}, misses ${missing.join(", ")}.`;
  return failure(check, sentence, remedyFor(missing));
}

/** The addon may be there with all its libraries and still be for another Node, or too old. */
export function checkAddonLoads(found: Finding, problem: string | null): Finding {
  if (found.verdict !== "ok" || problem === null) return found;
  return failure(
    found.check,
    `The ${found.check} does not start: ${problem}`,
    "Build it: npm run build:native",
  );
}

/** ldd names each library once for everything that needs it. */
function missingLibraries(lddOutput: string): string[] {
  const lines = [...lddOutput.matchAll(/^\s*(\S+) => not found/gm)];
  return [...new Set(lines.map(([, name = ""]) => name))];
}

/** One command for all packages that are known; what is not known can be searched for. */
function remedyFor(libraries: readonly string[]): string {
  const packages = libraries.map((library) => LIBRARY_PACKAGES[library.replace(/\.so[.\d]*$/, ".so")]);
  const known = [...new Set(packages.filter((name) => name !== undefined))];
  const unknown = libraries.filter((_, index) => packages[index] === undefined);
  const install = known.length > 0 ? `sudo apt-get install -y ${known.join(" ")}` : "";
  const search = unknown.length > 0 ? `find the package of ${unknown.join(", ")}: apt-file search` : "";
  return [install, search].filter((part) => part !== "").join("; ");
}
