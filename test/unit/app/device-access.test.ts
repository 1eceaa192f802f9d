// Device nodes that a user may not open, and the remedy on several simulated machines.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { closedNodes } from "../../../plugin/app/device-access.ts";

let folder: string;
let video: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "goop-access-"));
  await mkdir(join(folder, "snd"));
  video = join(folder, "video0");
  for (const name of ["video0", "video-index", "null", "snd/pcmC0D0c", "snd/pcmC0D0p", "snd/timer"]) {
    await writeFile(join(folder, name), "");
  }
});
after(() => rm(folder, { recursive: true }));

async function closedFor(
  groups: string,
  {
    canOpen = (_: string) => false,
    gid = 44,
    isCamera = (_: string) => true,
  }: { canOpen?(path: string): boolean; gid?: number | null; isCamera?(path: string): boolean } = {},
) {
  const groupFile = join(folder, "group");
  await writeFile(groupFile, groups);
  return closedNodes({ directory: folder, groupFile, user: "ann", canOpen, gidOf: () => gid, isCamera });
}

describe("closed device nodes", () => {
  test("are cameras and capture devices of sound cards, and no other nodes", async () => {
    const { paths } = await closedFor("");
    assert.deepEqual(paths, [video, join(folder, "snd/pcmC0D0c")]);
  });

  test("are only those that this user may not open; without any the remedy is empty", async () => {
    const allExceptVideo = (path: string) => path !== video;
    assert.deepEqual((await closedFor("", { canOpen: allExceptVideo })).paths, [video]);
    assert.deepEqual(await closedFor("", { canOpen: () => true }), { paths: [], remedy: "" });
  });

  test("are no video nodes for metadata or output", async () => {
    const { paths } = await closedFor("", { isCamera: (path) => path !== video });
    assert.deepEqual(paths, [join(folder, "snd/pcmC0D0c")]);
  });

  test("require membership of their group, or a new login of a user who is a member already", async () => {
    const { remedy } = await closedFor("audio:x:29:ann\nvideo:x:44:bob\n");
    assert.match(remedy, /sudo usermod -aG video ann/);
    const login = await closedFor("audio:x:29:ann\nvideo:x:44:bob,ann\n");
    assert.match(login.remedy, /^Log out and in again: you became a member of the group video/);
  });

  test("of root's group or of an unknown group require a change of their permissions", async () => {
    for (const gid of [0, 45, null]) {
      const { remedy } = await closedFor("root:x:0:\nvideo:x:44:bob\n", { gid });
      assert.equal(remedy, `Give yourself the permission: sudo chmod o+rw ${video}`);
    }
  });
});

test("a machine without any device folder has no closed nodes", () => {
  const nowhere = { directory: "/nonexistent", groupFile: "/nonexistent" };
  const view = { ...nowhere, user: "ann", canOpen: () => false, gidOf: () => null, isCamera: () => true };
  assert.deepEqual(closedNodes(view), { paths: [], remedy: "" });
});
