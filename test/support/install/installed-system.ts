// A throw-away Debian system with the package installed, as a user has it: without Node, a compiler or headers.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Chroot, openChroot, packageCache, whyNoChroot } from "../../../.ci/package/chroot.ts";
import { run } from "../../../.ci/package/run.ts";
import { root } from "../../checks/sources.ts";

/** ALSA's way to a sound server, which every desktop has. The package recommends it. */
const DESKTOP_PACKAGES = ["libasound2-plugins", "libpulse0"];
const MAKE = join(root, ".ci/package/package.ts");

export interface Packages {
  /** A version before the current one, with the same content. */
  readonly old: string;
  readonly current: string;
  readonly version: string;
  remove(): void;
}

/** Why the tests of this kind cannot run here, for `skip`; false if they can. */
export function whySkipped(): string | false {
  const why = whyNoChroot();
  return why === null ? false : `no chroot can be made here: ${why}`;
}

/** Makes the package for this system, not compressed. */
export function makePackage(): Pick<Packages, "current" | "version" | "remove"> {
  return makeIn(mkdtempSync(join(tmpdir(), "goop-packages-")), []);
}

/** Makes the packages for a release. The first time for another release than this system's takes minutes. */
export function makePackages(release: string): Packages {
  const folder = mkdtempSync(join(tmpdir(), "goop-packages-"));
  const host = /^VERSION_ID="?(\d+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const made = makeIn(folder, release === host ? [] : ["--debian", release]);
  return { ...made, old: downgrade(made.current, folder, "0.0.1") };
}

function makeIn(folder: string, other: readonly string[]): Omit<Packages, "old"> {
  const line = run(process.execPath, [MAKE, "--quick", "--out", folder, ...other], { cwd: root });
  const current = /^(\S+\.deb) /m.exec(line)?.[1] ?? "";
  const version = /_(\d+\.\d+\.\d+)\+/.exec(basename(current))?.[1] ?? "";
  return { current, version, remove: () => rmSync(folder, { recursive: true }) };
}

/** The same package under an older version, which it also states. */
function downgrade(path: string, folder: string, version: string): string {
  const tree = join(folder, "old");
  run("dpkg-deb", ["-R", path, tree]);
  for (const file of ["DEBIAN/control", "usr/lib/goop-call-plugin/package.json"]) {
    const text = readFileSync(join(tree, file), "utf8");
    writeFileSync(join(tree, file), text.replace(/\b\d+\.\d+\.\d+\b/, version));
  }
  const target = join(folder, "old.deb");
  run("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, target]);
  rmSync(tree, { recursive: true });
  return target;
}

/** @param path a package that the system sees. @param shared further folders of this machine that the system sees under the same paths */
export function openSystem(release: string, path: string, shared: readonly string[]): Promise<Chroot> {
  const folders = [dirname(path), ...shared];
  return openChroot({
    release,
    packages: DESKTOP_PACKAGES,
    binds: {
      "/var/cache/apt/archives": packageCache(release),
      ...Object.fromEntries(folders.map((folder) => [folder, folder])),
    },
  });
}

/** The caller's plugins need a host that reads meanwhile. @returns how long it took, in milliseconds */
export async function install(system: Chroot, path: string): Promise<number> {
  const startedAt = performance.now();
  await system.runAside("apt-get", "-qy", "--no-install-recommends", "install", path);
  return performance.now() - startedAt;
}

/** Every path of the system, apart from what apt and dpkg note about every package and what other tests share. */
export function listFiles(system: Chroot): string[] {
  const kept = ["/proc", "/sys", "/dev", "/tmp", "/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log"];
  const pruned = kept.flatMap((path) => ["-path", path, "-prune", "-o"]);
  return system
    .run("find", "/", ...pruned, "-print")
    .split("\n")
    .sort();
}
