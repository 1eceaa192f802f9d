// `npm run package [-- --out DIR] [--debian 12|13]`: makes the Debian package and the tarball, for the system on which it runs or
// for another Debian release. Reads node_modules, dist/ and native/build/, which `npm run package` prepares.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildAddons, sharedLibrariesOn } from "./build-addons.ts";
import { architecture, makeDebianPackage, makeTarball, sharedLibraries } from "./debian.ts";
import { run } from "./run.ts";
import { stage } from "./stage.ts";

const root = resolve(import.meta.dirname, "../..");
const MEGABYTE = 1_000_000;

interface PackageOptions {
  readonly out: string;
  /** The release of Debian, for which the addons are compiled in a chroot. Without it: this system. */
  readonly debian?: string | undefined;
  /** Without compression and tarball, for tests. */
  readonly quick: boolean;
}

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "out" },
    debian: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const work = mkdtempSync(join(tmpdir(), "goop-package-"));
try {
  await make(values);
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function make({ out, debian, quick }: PackageOptions): Promise<void> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const epoch = sourceDate();
  const system = debian === undefined ? systemName(readFileSync("/etc/os-release", "utf8")) : `deb${debian}`;
  const [tree, target] = [join(work, "usr"), resolve(out)];
  mkdirSync(target, { recursive: true });
  const addons = debian === undefined ? undefined : await buildAddons(root, debian);
  const compiled = stage({ root, target: tree, version, addons });
  const libraries =
    debian === undefined ? sharedLibraries(compiled) : await sharedLibrariesOn(debian, work, compiled);
  const compression = quick ? ["-Znone"] : ["-Zxz", "-z6"];
  report(makeDebianPackage({ tree, version: `${version}+${system}`, libraries, epoch, target, compression }));
  const name = `goop-call-plugin-${version}-${system}-${architecture()}`;
  if (!quick) report(makeTarball(tree, name, epoch, target));
}

/** https://reproducible-builds.org/specs/source-date-epoch/. Otherwise the time of the commit. */
function sourceDate(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  const text = given ?? run("git", ["log", "-1", "--format=%ct"], { cwd: root }).trim();
  const seconds = Number(text);
  if (!Number.isSafeInteger(seconds) || seconds < 0)
    throw new Error(`SOURCE_DATE_EPOCH is "${text}", expected seconds since 1970`);
  return seconds;
}

/** @param release os-release(5). @returns such as deb12 or ubuntu24.04 */
function systemName(release: string): string {
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(release)?.[1] ?? "";
  const id = field("ID");
  return `${id === "debian" ? "deb" : id}${field("VERSION_ID")}`;
}

function report(path: string): void {
  console.log(`${path}  ${(statSync(path).size / MEGABYTE).toFixed(1)} MB`);
}
