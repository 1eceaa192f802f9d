// Rules for the repository as a whole: its top level, README files, exact versions, no paths of one machine.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, test } from "node:test";
import { root } from "./checks/sources.ts";

const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
});
const files = listed
  .toString("utf8")
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("repository", () => {
  test("the top level holds the five folders and the files that must be there", () => {
    const folders = ["plugin", "statecharts", "native", "rpc-schema", "test"];
    const plain = [
      "package.json",
      "package-lock.json",
      "tsconfig.json",
      "biome.json",
      "README.md",
      "LICENSE",
    ];
    const top = new Set(files.map((path) => path.split("/")[0] ?? ""));
    assert.deepEqual(
      [...top].filter((name) => ![...folders, ...plain].includes(name) && !name.startsWith(".")),
      [],
    );
    assert.deepEqual(
      [...folders, ...plain].filter((name) => !top.has(name)),
      [],
    );
  });

  test("every folder with code has a README, or is explained in one above it", () => {
    const folders = new Set(
      files.filter((path) => /^(plugin|statecharts|native|rpc-schema|test)\//.test(path)).map(dirname),
    );
    const hasCode = (folder: string) =>
      files.filter((path) => dirname(path) === folder && /\.(ts|cc|h|sh)$/.test(path)).length >= 2;
    assert.deepEqual(
      [...folders].filter((folder) => hasCode(folder) && !isExplained(folder)),
      [],
    );
  });

  test("no folder holds more than 20 files beside each other", () => {
    const counts = new Map<string, number>();
    // The fuzzer collects its inputs itself.
    for (const path of files.filter((path) => !path.startsWith("test/fuzz/corpus/"))) {
      counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    }
    assert.deepEqual(
      [...counts].filter(([, count]) => count > 20),
      [],
    );
  });

  test("every relative link in a Markdown file leads to a file, and to a heading where it names one", () => {
    const dead = files
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) =>
        linksOf(path)
          .filter((link) => !leadsSomewhere(path, link))
          .map((link) => `${path}: ${link}`),
      );
    assert.deepEqual(dead, []);
  });

  test("every version in package.json is exact", () => {
    const manifest: Record<string, Record<string, string>> = JSON.parse(read("package.json"));
    const wanted = {
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.devDependencies,
    };
    assert.ok(Object.keys(wanted).length > 0);
    const loose = Object.entries(wanted).filter(
      ([, version]) => !/^(\d+\.\d+\.\d+(-[\w.]+)?|file:\.\/.+)$/.test(version),
    );
    assert.deepEqual(loose, []);
  });

  test("the lock file names our stub of the crash handler, and no other package", () => {
    const lock: { packages: Record<string, { resolved?: string }> } = JSON.parse(read("package-lock.json"));
    const handlers = Object.entries(lock.packages).filter(([path]) =>
      path.endsWith("node_modules/segfault-handler"),
    );
    assert.deepEqual(
      handlers.map(([, { resolved }]) => resolved),
      ["plugin/sound/segfault-handler-stub"],
    );
  });

  test("no file names a path of one machine", () => {
    // Written in parts, so that this file does not contain such a path.
    const machinePath = new RegExp(`(^|[^\\w.~])/(${["work", "root", "home/[a-z]"].join("|")})/`, "m");
    const textFiles = files.filter(
      (path) => !/\.(png|jpg|ico|pcap|wav)$/.test(path) && path !== "package-lock.json",
    );
    assert.deepEqual(
      textFiles.filter((path) => machinePath.test(read(path))),
      [],
    );
  });
});

/** A folder needs a README.md of its own, or one above it that names the folder. */
function isExplained(folder: string): boolean {
  if (existsSync(join(root, folder, "README.md"))) return true;
  for (let above = dirname(folder); above !== "."; above = dirname(above)) {
    const readme = join(above, "README.md");
    if (existsSync(join(root, readme)) && read(readme).includes(`${basename(folder)}/`)) return true;
  }
  return false;
}

function linksOf(path: string): string[] {
  const text = read(path)
    .replaceAll(/^```[\s\S]*?^```/gm, "")
    .replaceAll(/`[^`\n]*`/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(path: string, link: string): boolean {
  const [target = "", heading] = link.split("#");
  const file = target === "" ? path : join(dirname(path), target);
  if (!existsSync(join(root, file))) return false;
  return heading === undefined || headingsOf(file).includes(heading);
}

/** Anchors as GitHub makes them: lower case, without punctuation, hyphens for blanks. */
function headingsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}
