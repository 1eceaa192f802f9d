// The key on disk is created once and never replaced.

import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { generateKey, loadOrCreateKey } from "../../../plugin/signalling/encryption/key-file.ts";

let directory = "";
let logged: string[] = [];
const log = (level: string, message: string) => void logged.push(`${level} ${message}`);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "signalling-key-"));
  logged = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("the first start creates a private file alone in a private directory", async () => {
  const path = join(directory, "data", "identity.key");
  const key = await loadOrCreateKey(path, log);
  assert.deepEqual(Buffer.from(key), await readFile(path));
  assert.equal(key.length, 68);
  assert.deepEqual([...key.subarray(0, 4)], [0x08, 0x01, 0x12, 0x40]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(join(directory, "data"))).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(join(directory, "data")), ["identity.key"]);
});

test("a later start reads the same key", async () => {
  const path = join(directory, "identity.key");
  assert.deepEqual(await loadOrCreateKey(path, log), await loadOrCreateKey(path, log));
});

test("many concurrent starts get the same key", async () => {
  const path = join(directory, "identity.key");
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateKey(path, log)));
  assert.equal(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size, 1);
  assert.deepEqual(await readdir(directory), ["identity.key"]);
});

test("a damaged file is an error that names the file, and is not changed", async () => {
  const path = join(directory, "identity.key");
  const wrongPublicKey = Buffer.from(generateKey());
  wrongPublicKey[67] = (wrongPublicKey[67] ?? 0) ^ 1;
  const wrongHeader = Buffer.from(generateKey());
  wrongHeader[1] = 0;
  for (const damaged of [Buffer.alloc(0), generateKey().subarray(0, 40), wrongPublicKey, wrongHeader]) {
    await writeFile(path, damaged, { mode: 0o600 });
    await assert.rejects(loadOrCreateKey(path, log), (error: Error & { code?: string }) => {
      assert.equal(error.code, "startFailed");
      assert.match(error.message, new RegExp(path));
      return true;
    });
    assert.deepEqual(await readFile(path), Buffer.from(damaged));
  }
});

test("a file that other users can read is used with a warning", async () => {
  const path = join(directory, "identity.key");
  await loadOrCreateKey(path, log);
  await chmod(path, 0o644);
  await loadOrCreateKey(path, log);
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? "", /warn .* 0644, expected 0600/);
});

test("a path that cannot be created is an error that names it", async () => {
  const file = join(directory, "file");
  await writeFile(file, "");
  await assert.rejects(
    loadOrCreateKey(join(file, "identity.key"), log),
    /key file .*identity\.key: .*ENOTDIR/,
  );
});

test("a folder that the file system cannot create fails with the file and the reason", async () => {
  await assert.rejects(loadOrCreateKey("/proc/nope/identity.key", log), {
    code: "startFailed",
    message: /\/proc\/nope\/identity\.key: .*ENOENT/,
  });
});
