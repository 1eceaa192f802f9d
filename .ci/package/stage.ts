// Lays out the tree of a package: what is below /usr of the Debian package is also the root of the tarball.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { buildManifest } from "../../rpc-schema/index.ts";
import { writeCopyright } from "./copyright.ts";
import { type Bundled, bundledPackages } from "./node-modules.ts";
import { run } from "./run.ts";

export interface StageOptions {
  /** The repository, with node_modules, dist/ and native/build/. */
  readonly root: string;
  /** An empty folder. */
  readonly target: string;
  readonly version: string;
  /** Compiled on the system that the package is for. Without it, this repository's own. */
  readonly addons?:
    | {
        readonly native: string;
        readonly pipewire: string;
        readonly sound: string;
        readonly portAudio: string;
        readonly x11: string;
      }
    | undefined;
}

const FILES = join(import.meta.dirname, "files");
const PRIVATE = "lib/goop-call-plugin";
/** Relative to the private folder. */
const ADDON = "native/build/Release/callnative.node";
/** Optional addons. */
const PIPEWIRE = "native/build/Release/callpipewire.node";
const X11 = "native/build/Release/callx11.node";
const SOUND = "node_modules/naudiodon/build/Release";
/** What Node loads, and what a page loads. The example hosts are for authors of hosts, who have the npm package. */
const PROGRAM = /\.(?:js|css|html|json|conf|svg|ico|png)$/;
const NOT_PROGRAM = /^plugin\/host\/example\/|(?:^|\/)tsconfig\.json$/;

/** The compiled files of a package. */
export interface CompiledFiles {
  /** The package depends on their libraries. */
  readonly required: readonly string[];
  /** It recommends theirs: these addons load only where the libraries are installed. */
  readonly optional: readonly string[];
}

/** @throws Error that names what is not built */
export function stage(options: StageOptions): CompiledFiles {
  const { root, target, version } = options;
  const home = join(target, PRIVATE);
  const packages = bundledPackages(root);
  copyProgram(root, home);
  for (const one of packages) copyAll(join(root, one.folder), join(home, one.folder), one.files);
  const node = copy(join(root, "node_modules/node/bin/node"), join(home, "bin/node"), 0o755);
  const engines = [...engineFiles(home), ...replaceAddons(home, root, options.addons)];
  const required = [node, ...engines];
  const optional = [
    copyOptional(options.addons?.pipewire ?? join(root, PIPEWIRE), join(home, PIPEWIRE)),
    copyOptional(options.addons?.x11 ?? join(root, X11), join(home, X11)),
  ];
  strip([...required, ...optional]);
  writeOwnFiles(home, root, version);
  writeSharedFiles(target, root, version, packages);
  return { required, optional };
}

/** A build leaves these out where their headers are missing. A package for everybody must not. */
function copyOptional(from: string, to: string): string {
  if (existsSync(from)) return copy(from, to);
  throw new Error(`${from} is not built, because its libraries are missing here: run .ci/setup package`);
}

function copyProgram(root: string, home: string): void {
  const dist = join(root, "dist");
  const files = globSync("**/*", { cwd: dist }).filter(
    (path) => PROGRAM.test(path) && !NOT_PROGRAM.test(path) && lstatSync(join(dist, path)).isFile(),
  );
  if (!files.includes("plugin/main.js")) throw new Error(`${dist} is not built: run npm run build`);
  copyAll(dist, join(home, "dist"), files);
}

function engineFiles(home: string): string[] {
  return globSync("node_modules/@roamhq/wrtc-*/*.node", { cwd: home }).map((path) => join(home, path));
}

/** The addons that this repository compiles. npm installs the other engine compiled. */
function replaceAddons(home: string, root: string, addons: StageOptions["addons"]): string[] {
  const from = addons ?? {
    native: join(root, ADDON),
    sound: join(root, SOUND, "naudiodon.node"),
    portAudio: join(root, SOUND, "libportaudio.so.2"),
  };
  const sound = copy(from.sound, join(home, SOUND, "naudiodon.node"));
  // node-gyp leaves the path of the folder in which it was compiled. The library is beside the addon.
  run("patchelf", ["--set-rpath", "$ORIGIN", sound]);
  return [
    copy(from.native, join(home, ADDON)),
    sound,
    copy(from.portAudio, join(home, SOUND, "libportaudio.so.2")),
  ];
}

/** Removes the tables of symbols that only a debugger reads. What other programs link to stays. */
function strip(files: readonly string[]): void {
  run("strip", ["--strip-unneeded", "--remove-section=.comment", ...files]);
}

/** What the program reads about itself, and the contract. */
function writeOwnFiles(home: string, root: string, version: string): void {
  write(
    join(home, "package.json"),
    json({ name: "goop-call-plugin", version, type: "module", license: "MIT" }),
  );
  for (const name of ["plugin-manifest.json", "openrpc.json", "contract.schema.json"]) {
    copy(join(root, "rpc-schema", name), join(home, "rpc-schema", name));
  }
  copy(join(FILES, "launch"), join(home, "bin/goop-call-plugin"), 0o755);
}

/** What the system and hosts look for in the places that they share. */
function writeSharedFiles(target: string, root: string, version: string, packages: readonly Bundled[]): void {
  const share = (path: string) => join(target, "share", path);
  mkdirSync(join(target, "bin"), { recursive: true });
  symlinkSync(`../${PRIVATE}/bin/goop-call-plugin`, join(target, "bin/goop-call-plugin"));
  write(share("goop2/plugins/goop-call-plugin.json"), json(installedManifest(version)));
  copy(join(FILES, "goop-call-bridge.desktop"), share("applications/goop-call-bridge.desktop"));
  copy(join(FILES, "goop-call-plugin.svg"), share("icons/hicolor/scalable/apps/goop-call-plugin.svg"));
  const manual = readFileSync(join(FILES, "goop-call-plugin.1"), "utf8").replace("@VERSION@", version);
  write(share("man/man1/goop-call-plugin.1.gz"), gzipSync(manual, { level: 9 }));
  const changes = readFileSync(join(root, ".github/CHANGELOG.md"));
  write(share("doc/goop-call-plugin/changelog.gz"), gzipSync(changes, { level: 9 }));
  write(share("doc/goop-call-plugin/copyright"), writeCopyright(root, packages, FILES));
}

/**
 * The manifest for hosts on this computer. Its paths are relative, so the tarball works in any folder. `program` is looked up in
 * PATH, which has a shell on every system but no Node.
 */
function installedManifest(version: string): object {
  return {
    ...buildManifest(version),
    contract: `../../../${PRIVATE}/rpc-schema/openrpc.json`,
    start: {
      description:
        "Run with pipes for stdin and stdout. `program` is looked up in PATH, and `args` are relative to this file.",
      program: "sh",
      args: [`../../../${PRIVATE}/bin/goop-call-plugin`],
    },
  };
}

/**
 * Gives every file the time of the commit and the usual permissions, so that the same sources make the same bytes.
 * @param epoch seconds, as SOURCE_DATE_EPOCH
 */
export function normalize(target: string, epoch: number): void {
  const paths = globSync("**/*", { cwd: target }).map((path) => join(target, path));
  for (const path of [...paths, target]) {
    const state = lstatSync(path);
    if (!state.isSymbolicLink()) chmodSync(path, state.isDirectory() || state.mode & 0o100 ? 0o755 : 0o644);
    lutimesSync(path, epoch, epoch);
  }
}

function copyAll(from: string, to: string, files: readonly string[]): void {
  for (const path of files) copy(join(from, path), join(to, relative(".", path)));
}

function copy(from: string, to: string, mode = 0o644): string {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
  return to;
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
