// `goop-call-plugin --version`: the program, the contract that it speaks, and the engines that it runs on here.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { PROTOCOL_VERSIONS } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";

/** Of the npm packages that bring a compiled engine. */
const ENGINE_MANIFESTS = { WebRTC: "@roamhq/wrtc/package.json", sound: "naudiodon/package.json" } as const;
/** The system's libraries that the addon uses. Their file names end in their versions. */
const LIBRARY = /\/lib(?:turbojpeg|jpeg|yuv|webrtc[-_]audio[-_]processing[-\d]*)\.so[.\d]*$/;

/**
 * The first line is the program's name and version, so that scripts can rely on it.
 * @param addonProblem why the native addon is not loaded, or null if it is
 * @param readMaps reads the files that this process has mapped, proc_pid_maps(5)
 */
export function describeVersions(
  version: string,
  addonProblem: string | null,
  readMaps: () => string = () => readFileSync("/proc/self/maps", "utf8"),
): string {
  const contract = `${PROTOCOL_VERSIONS.toReversed().join(" and ")} (protocolVersions of initialize)`;
  const rows: [string, string][] = [
    ["contract", contract],
    ["Node", process.versions.node],
    ...Object.entries(ENGINE_MANIFESTS).map(([name, file]): [string, string] => [name, packageVersion(file)]),
    ["pictures and voice", addonProblem ?? librariesIn(readMaps())],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return `goop-call-plugin ${version}\n${rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join("")}`;
}

/** @returns the names of the libraries with their versions, each once */
function librariesIn(maps: string): string {
  const names = maps
    .split("\n")
    .filter((line) => LIBRARY.test(line))
    .map((line) => basename(line));
  return [...new Set(names)].sort().join(", ");
}

function packageVersion(file: string): string {
  const name = dirname(file);
  try {
    const manifest: unknown = createRequire(import.meta.url)(file);
    const hasVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
    return `${name} ${hasVersion ? manifest.version : "of an unknown version"}`;
  } catch (error) {
    return `${name} is not installed: ${errorText(error).split("\n")[0]}`;
  }
}
