// Chooses what a package takes from node_modules: the packages that the program needs at run time, and of them only what
// Node loads.

import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

interface LockedPackage {
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly version?: string;
  readonly license?: string;
}

/** One npm package inside our own. */
export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, from the lock file. */
  readonly licence: string;
  /** Relative to the repository, such as node_modules/zod. */
  readonly folder: string;
  /** Relative to the folder, sorted. */
  readonly files: readonly string[];
}

/** Needed to compile only, and the crash handler that the sound process never loads. */
const UNUSED = new Set(["node-addon-api", "segfault-handler"]);
/** Packages of which only these files are used. The rest is the same code once more, or sources of compiled engines. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  elkjs: ["package.json", "lib/elk-worker.min.js"],
  naudiodon: ["package.json", "index.js", "build/Release/naudiodon.node", "build/Release/libportaudio.so.2"],
};
const LOADED = /\.(?:js|mjs|cjs|json|wasm|node)$/;
const NOT_LOADED =
  /(?:^|\/)(?:test|tests|__tests__|bench|benchmarks?|docs?|examples?|scratch|node_modules)\/|(?:^|\/)(?:tsconfig[^/]*|typedoc|\.[^/]+)\.json$|(?:^|\/)dist\/index\.min\.js$/;

/**
 * @param root the repository
 * @returns the packages of package-lock.json that are installed here and not for development, in the lock file's order
 */
export function bundledPackages(root: string): Bundled[] {
  const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  return Object.entries(lock.packages)
    .filter(([folder, { dev, link }]) => folder.startsWith("node_modules/") && !dev && !link)
    .map(([folder, { version = "", license: licence = "" }]) => {
      return { name: nameOf(folder), version, licence, folder };
    })
    .filter(({ name, folder }) => !UNUSED.has(name) && isInstalled(join(root, folder)))
    .map((one) => ({ ...one, files: filesOf(join(root, one.folder), one.name) }));
}

function nameOf(folder: string): string {
  return folder.split("node_modules/").at(-1) ?? "";
}

/** npm leaves out optional packages of other platforms, and may leave an empty folder for them. */
function isInstalled(folder: string): boolean {
  return existsSync(join(folder, "package.json"));
}

function filesOf(folder: string, name: string): string[] {
  const only = ONLY[name];
  if (only !== undefined) return [...only].sort();
  return globSync("**/*", { cwd: folder })
    .filter((path) => LOADED.test(path) && !NOT_LOADED.test(path))
    .filter((path) => statSync(join(folder, path)).isFile())
    .filter((path) => basename(path) !== "package-lock.json")
    .sort();
}
