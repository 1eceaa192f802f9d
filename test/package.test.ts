// What `npm pack` makes of this repository: the files in it, what it exports, and whether an outsider can compile against it.
// It reads dist/, so .ci/setup or `npm run build` must have run.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { publint } from "publint";
import { root } from "./checks/sources.ts";
import { addonNames } from "./support/process/cpp-build.ts";

interface Manifest {
  readonly name: string;
  readonly exports: Record<string, string | Record<string, string>>;
  readonly dependencies: Record<string, string>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const bin = (name: string) => join(root, "node_modules/.bin", name);
// Debian's npm finds its own parts only under Debian's Node.
const systemPath = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.endsWith("node_modules/.bin"))
  .join(delimiter);

describe("the package", () => {
  let consumer: string;
  let installed: string;
  let tarball: string;
  let files: readonly string[];

  before(() => {
    consumer = mkdtempSync(join(tmpdir(), "goop-package-"));
    const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", consumer];
    const name = execFileSync("npm", pack, { cwd: root, env: { ...process.env, PATH: systemPath } });
    tarball = join(consumer, name.toString("utf8").trim());
    installed = join(consumer, "node_modules", manifest.name);
    unpack(tarball, installed);
    linkDependencies(join(consumer, "node_modules"));
    files = globSync("**", { cwd: installed }).filter((path) => statSync(join(installed, path)).isFile());
  });

  after(() => rmSync(consumer, { recursive: true }));

  test("holds the programs, and no pictures, maps, tests or TypeScript sources", () => {
    const wanted = [
      "dist/plugin/main.js",
      "dist/plugin/host/bridge.js",
      "dist/plugin/ui/index.html",
      "LICENSE",
    ];
    assert.deepEqual(
      wanted.filter((path) => !files.includes(path)),
      [],
    );
    const unwanted = /\.(png|map|tsbuildinfo|test\.js)$|^(test|\.ci|node_modules)\/|(?<!\.d)\.ts$/;
    assert.deepEqual(
      files.filter((path) => unwanted.test(path)),
      [],
    );
  });

  test("holds the sources of every addon, and all that are compiled here", () => {
    const build = (path: string) => path.startsWith("native/build/");
    const sources = globSync("native/**/*.{cc,h,gyp,sh}", { cwd: root }).filter((path) => !build(path));
    const compiled = globSync("native/build/Release/*.node", { cwd: root });
    assert.ok(sources.length > 100 && compiled.length === addonNames().length, compiled.join(", "));
    assert.deepEqual(
      [...sources, ...compiled].filter((path) => !files.includes(path)),
      [],
    );
  });

  test("holds nothing twice", () => {
    const seen = new Map<string, string>();
    const twice: string[] = [];
    for (const path of files) {
      const hash = createHash("sha256")
        .update(readFileSync(join(installed, path)))
        .digest("hex");
      const other = seen.get(hash);
      if (other !== undefined) twice.push(`${other} = ${path}`);
      seen.set(hash, path);
    }
    assert.deepEqual(twice, []);
  });

  test("holds only compiled files whose source exists", () => {
    const compiled = files.filter((path) => /^dist\/.*\.js$/.test(path));
    const sources = compiled.map((path) => path.replace(/^dist\/(.*)\.js$/, "$1.ts"));
    assert.deepEqual(
      sources.filter((path) => globSync(path, { cwd: root }).length === 0),
      [],
    );
  });

  test("publint finds no fault in it", async () => {
    const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
    assert.deepEqual(messages, []);
  });

  test("attw resolves the types of every export", () => {
    // The package holds ES modules only, which Node 22.18 loads from either kind. Any other problem is an error status.
    const options = ["--profile", "esm-only", "--no-definitely-typed"];
    execFileSync(bin("attw"), [tarball, ...options], { encoding: "utf8" });
  });

  test("a host and a page of somebody else's compile against it", () => {
    cpSync(join(root, "test/support/package-consumer"), consumer, { recursive: true });
    execFileSync(bin("tsc"), ["-p", consumer], { encoding: "utf8" });
  });

  test("what it exports for Node loads, and the program states its version", () => {
    const paths = ["host-link", "contract", "example-host"].map(
      (name) => `import "${manifest.name}/${name}";`,
    );
    execFileSync(process.execPath, ["--input-type=module", "--eval", paths.join("")], { cwd: consumer });
    const main = join(installed, "dist/plugin/main.js");
    assert.match(
      execFileSync(process.execPath, [main, "--version"], { encoding: "utf8" }),
      /^goop-call-plugin \d+\.\d+\.\d+\n/,
    );
  });
});

function unpack(tarball: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
}

/** Gives the package the dependencies that an installation would bring, from this repository. */
function linkDependencies(modules: string): void {
  for (const name of [...Object.keys(manifest.dependencies), "@types/node", "undici-types"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
}
