// The plugin's manifest as a host finds it: which plugin it is, how it is started, what settings it has.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Manifest, manifestSchema } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { PluginCommand } from "./plugin-process.ts";

/** Of this package; dist/ lies one level deeper than the sources. */
const OWN = new URL(
  import.meta.url.endsWith(".ts")
    ? "../../../rpc-schema/plugin-manifest.json"
    : "../../../../rpc-schema/plugin-manifest.json",
  import.meta.url,
);

/** @throws Error that names the file, when it is missing or not a manifest that this host understands */
export async function readManifest(file: URL = OWN): Promise<Manifest> {
  const path = fileURLToPath(file);
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const why = errorText(error);
    throw new Error(`${path} is no manifest of a plugin: ${why}`, { cause: error });
  }
}

/** Arguments that are paths are relative to the manifest. `node` is the one that runs this host. */
export function startCommandOf(manifest: Manifest, file: URL = OWN): PluginCommand {
  const { program, args } = manifest.start;
  return {
    program: program === "node" ? process.execPath : program,
    args: args.map((arg) => (/^\.{1,2}\//.test(arg) ? fileURLToPath(new URL(arg, file)) : arg)),
  };
}

/** What is wrong with the machine for this plugin; null when it fits. */
export function platformIssue({ title, platforms }: Manifest, platform: string): string | null {
  if (platforms.includes(platform)) return null;
  return `${title} run on ${platforms.join(" and ")}, and this machine is ${platform}`;
}
