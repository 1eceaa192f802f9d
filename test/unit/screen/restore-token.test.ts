// The token of the last choice of a screen.

import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RestoreToken } from "../../../plugin/screen/restore-token.ts";

const FILE = "screen-restore-token";
const folder = await mkdtemp(join(tmpdir(), "goop-token-"));
after(() => rm(folder, { recursive: true }));

function tokenIn(place: string | null, warnings: string[] = []): RestoreToken {
  const token = new RestoreToken(
    (_level, message) => void warnings.push(message),
    (text) => /^\S{1,256}$/.test(text),
  );
  if (place !== null) token.keepIn(place);
  return token;
}

test("a token is good for one use, also after a restart, and only this user can read it", async () => {
  const place = join(folder, "new");
  await tokenIn(place).put("one");
  assert.equal((await stat(join(place, FILE))).mode & 0o777, 0o600);
  const restarted = tokenIn(place);
  assert.equal(await restarted.take(), "one");
  assert.equal(await restarted.take(), null);
  assert.equal(await tokenIn(place).take(), null);
});

test("without a folder it lasts as long as the process", async () => {
  const token = tokenIn(null);
  await token.put("one");
  assert.equal(await token.take(), "one");
  assert.equal(await token.take(), null);
});

test("a file of another form is no token, and a folder that cannot be written is only logged", async () => {
  await writeFile(join(folder, FILE), "no token at all\n");
  assert.equal(await tokenIn(folder).take(), null);
  const warnings: string[] = [];
  await tokenIn("/proc/nowhere", warnings).put("one");
  assert.equal(warnings.length, 1);
});
