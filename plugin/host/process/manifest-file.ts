// Reads the plugin's manifest: its name, its start command, and its settings.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Manifest, manifestSchema } from "../../../rpc-schema/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { PluginCommand } from "./plugin-process.ts";

/** This package's manifest. The compiled file lies one folder deeper, in dist/. */
const OWN_MANIFEST = new URL(
  import.meta.url.endsWith(".ts")
    ? "../../../rpc-schema/plugin-manifest.json"
    : "../../../../rpc-schema/plugin-manifest.json",
  import.meta.url,
);

/** @throws Error that names the file when it is missing or not a valid manifest */
export async function readManifest(file: URL = OWN_MANIFEST): Promise<Manifest> {
  const path = fileURLToPath(file);
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const why = errorText(error);
    throw new Error(`${path} is not a plugin's manifest: ${why}`, { cause: error });
  }
}

/** Relative paths start at the manifest. `node` is the executable that runs this host. */
export function startCommandOf(manifest: Manifest, file: URL = OWN_MANIFEST): PluginCommand {
  const { program, args } = manifest.start;
  return {
    program: program === "node" ? process.execPath : program,
    args: args.map((arg) => (/^\.{1,2}\//.test(arg) ? fileURLToPath(new URL(arg, file)) : arg)),
  };
}

/** Why the plugin cannot run on this platform, or null. */
export function platformIssue({ title, platforms }: Manifest, platform: string): string | null {
  if (platforms.includes(platform)) return null;
  return `${title} run on ${platforms.join(" and ")}, and this machine is ${platform}`;
}
