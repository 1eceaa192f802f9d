// The version is in one place, package.json. What repeats it is generated from there, and the changes name it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../checks/sources.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const { version }: { version: string } = JSON.parse(read("package.json"));

test("the lock file and the manifest have the version of package.json", () => {
  const lock: { packages: Record<string, { version?: string }> } = JSON.parse(read("package-lock.json"));
  const manifest: { version: string } = JSON.parse(read("rpc-schema/plugin-manifest.json"));
  assert.deepEqual([lock.packages[""]?.version, manifest.version], [version, version]);
});

test("the newest section of the changes is the version's, and README.md installs it", () => {
  assert.equal(/^## (\S+)$/m.exec(read(".github/CHANGELOG.md"))?.[1], version);
  const named = read("README.md").match(/goop-call-plugin_[^+]*\+deb\d+_amd64\.deb/g) ?? [];
  assert.ok(named.length > 0);
  for (const name of named) assert.ok(name.startsWith(`goop-call-plugin_${version}+`), name);
});
