// `goop-call-plugin --version`: the program, the contract that it speaks, and the engines that it runs on here.

import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Native } from "../../native/index.ts";
import { PROTOCOL_VERSIONS } from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";

/** Of the npm packages that bring a compiled engine. */
const ENGINE_MANIFESTS = { WebRTC: "@roamhq/wrtc/package.json", sound: "naudiodon/package.json" } as const;

/**
 * The first line is the program's name and version, so that scripts can rely on it.
 * @param addon the native addon, and why it is not loaded, or null if it is
 */
export function describeVersions(
  version: string,
  addon: { readonly native: Pick<Native, "libraryVersions">; readonly whyNoCalls: string | null },
): string {
  const contract = `${PROTOCOL_VERSIONS.toReversed().join(" and ")} (protocolVersions of initialize)`;
  const rows: [string, string][] = [
    ["contract", contract],
    ["Node", process.versions.node],
    ...Object.entries(ENGINE_MANIFESTS).map(([name, file]): [string, string] => [name, packageVersion(file)]),
    ["pictures and voice", addon.whyNoCalls ?? list(addon.native.libraryVersions())],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return `goop-call-plugin ${version}\n${rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join("")}`;
}

function list(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
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
