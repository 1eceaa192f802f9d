// A folder is created with its parents, or the system's reason is thrown.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { makeFolder, makeFolderSync } from "../../../plugin/common/make-folder.ts";

const root = mkdtempSync(join(tmpdir(), "make-folder-"));
after(() => rmSync(root, { recursive: true, force: true }));

const forms = {
  makeFolder,
  makeFolderSync: async (path: string, mode?: number): Promise<void> => makeFolderSync(path, mode),
};

for (const [name, make] of Object.entries(forms)) {
  describe(name, () => {
    const home = join(root, name);

    test("creates the parents, all of them private", async () => {
      await make(join(home, "a", "b"));
      for (const path of [home, join(home, "a"), join(home, "a", "b")]) {
        assert.equal(statSync(path).mode & 0o777, 0o700, path);
      }
    });

    test("leaves an existing folder and its permissions alone, also behind a link", async () => {
      await make(join(home, "open"), 0o750);
      symlinkSync(join(home, "open"), join(home, "link"));
      await make(join(home, "open"));
      await make(join(home, "link"));
      assert.equal(statSync(join(home, "open")).mode & 0o777, 0o750);
    });

    test("fails where the file system takes no entries, at any depth", async () => {
      await assert.rejects(make("/proc/nope"), { code: "ENOENT", path: "/proc/nope" });
      await assert.rejects(make("/proc/nope/deeper"), { code: "ENOENT" });
    });

    test("fails where a part of the path, or the whole, is a file", async () => {
      await make(home);
      writeFileSync(join(home, "file"), "");
      await assert.rejects(make(join(home, "file")), { code: "EEXIST" });
      await assert.rejects(make(join(home, "file", "below")), { code: "ENOTDIR" });
    });
  });
}
