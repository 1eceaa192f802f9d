// Makes a Debian package of a staged tree: control files, dependencies, archive.

import { createHash } from "node:crypto";
import {
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { run } from "./run.ts";
import { type CompiledFiles, normalize } from "./stage.ts";

const NAME = "goop-call-plugin";
const HOMEPAGE = "https://github.com/goop-call-plugin/goop-call-plugin";
const MAINTAINER = "The goop-call-plugin developers <goop-call-plugin@users.noreply.github.com>";
const DESCRIPTION = `voice and video calls for the Goop² desktop chat
 Goop² shows its pages in WebKitGTK, which cannot make WebRTC calls. This
 plugin makes the call outside the page: it captures camera and microphone,
 connects, plays the sound, and gives the pictures to the page.
 .
 It brings its own Node.js, because the distribution's is too old for it.`;
/** What is loaded or called at run time, so that no file names it: ALSA's way to a sound server, and the parts of PipeWire's library. */
const RECOMMENDED = "libasound2-plugins | pipewire-alsa, libpulse0, libpipewire-0.3-modules, rtkit";
/** dpkg-shlibdeps reads the package's name from a source tree. */
const IN_SOURCE_TREE = `set -e
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mkdir "$folder/debian"
printf 'Source: ${NAME}\\n\\nPackage: ${NAME}\\nArchitecture: any\\n' >"$folder/debian/control"
cd "$folder"
dpkg-shlibdeps "$@"`;
/** Debian's names of Node's architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export function architecture(): string {
  const name = ARCHITECTURES[process.arch];
  if (name === undefined)
    throw new Error(`there is no WebRTC engine for ${process.arch}, expected x64 or arm64`);
  return name;
}

/** Lists of packages with their least versions, as the fields of a package name them. */
export interface SharedLibraries {
  readonly depends: string;
  /** What only optional addons need. */
  readonly recommends: string;
}

/**
 * dpkg-shlibdeps(1) names the packages of the system on which it runs. So the files must be compiled there, too.
 * @param compiled files of the staged tree
 * @param execute runs a program on the system that the package is for; its files have the same paths there
 */
export function sharedLibraries({ required, optional }: CompiledFiles, execute = run): SharedLibraries {
  const beside = required.find((file) => file.endsWith("/libportaudio.so.2"));
  const search = beside === undefined ? [] : [`-l${dirname(beside)}`];
  const files = [
    ...required.map((file) => ["-dDepends", "-e", file]),
    ...optional.map((file) => ["-dRecommends", "-e", file]),
  ];
  const args = ["-O", "--ignore-missing-info", ...search, ...files.flat()];
  const text = execute("sh", ["-c", IN_SOURCE_TREE, "sh", ...args]);
  const field = (name: string) => {
    const found = new RegExp(`^shlibs:${name}=(.+)$`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`dpkg-shlibdeps found no ${name}: ${text}`);
    return found;
  };
  return { depends: field("Depends"), recommends: field("Recommends") };
}

export interface DebianOptions {
  /** The staged tree. It is moved into the package's own folder, and back. */
  readonly tree: string;
  /** With the system that it is for, such as 0.1.0+deb12. */
  readonly version: string;
  readonly libraries: SharedLibraries;
  /** Seconds. */
  readonly epoch: number;
  readonly target: string;
  /** Of dpkg-deb(1). */
  readonly compression: readonly string[];
}

/** @returns the path of the package */
export function makeDebianPackage({
  tree,
  version,
  libraries,
  epoch,
  target,
  compression,
}: DebianOptions): string {
  const folder = mkdtempSync(join(tmpdir(), "goop-deb-"));
  const usr = join(folder, "usr");
  const path = join(target, `${NAME}_${version}_${architecture()}.deb`);
  renameSync(tree, usr);
  try {
    const files = globSync("**/*", { cwd: usr }).map((name) => join(usr, name));
    mkdirSync(join(folder, "DEBIAN"));
    writeFileSync(join(folder, "DEBIAN/control"), control(version, libraries, files));
    writeFileSync(join(folder, "DEBIAN/md5sums"), checksums(folder, files));
    normalize(folder, epoch);
    // One thread, since the bytes of xz depend on how many there are.
    const options = ["--root-owner-group", "--threads-max=1", ...compression];
    run("dpkg-deb", [...options, "--build", folder, path], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    });
    return path;
  } finally {
    renameSync(usr, tree);
    rmSync(folder, { recursive: true });
  }
}

function control(version: string, libraries: SharedLibraries, files: readonly string[]): string {
  const kilobytes = files.reduce((sum, file) => sum + Math.ceil(sizeOf(file) / 1024), 0);
  return `Package: ${NAME}
Version: ${version}
Architecture: ${architecture()}
Maintainer: ${MAINTAINER}
Installed-Size: ${kilobytes}
Depends: ${libraries.depends}
Recommends: ${RECOMMENDED}, ${libraries.recommends}
Section: comm
Priority: optional
Homepage: ${HOMEPAGE}
Description: ${DESCRIPTION}
`;
}

/** A folder counts one kilobyte, as dpkg-gencontrol(1) counts it. */
function sizeOf(path: string): number {
  const state = lstatSync(path);
  return state.isFile() ? state.size : 1024;
}

/** For `dpkg --verify`. */
function checksums(folder: string, files: readonly string[]): string {
  return files
    .filter((file) => lstatSync(file).isFile())
    .sort()
    .map(
      (file) => `${createHash("md5").update(readFileSync(file)).digest("hex")}  ${relative(folder, file)}\n`,
    )
    .join("");
}

/** @param name the folder in the archive and, with .tar.xz, its file. @returns the path of the archive */
export function makeTarball(tree: string, name: string, epoch: number, target: string): string {
  const path = join(target, `${name}.tar.xz`);
  normalize(tree, epoch);
  const options = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"];
  run(
    "tar",
    [...options, `--mtime=@${epoch}`, `--transform=flags=r;s,^\\.,${name},`, "-cJf", path, "-C", tree, "."],
    {
      env: { ...process.env, XZ_OPT: "-6 -T1" },
    },
  );
  return path;
}
