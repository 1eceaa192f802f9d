// The list of missed calls, and the file that keeps it.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type MissedCall, MissedCalls } from "../../../plugin/alerts/missed-calls.ts";
import { MissedCallsFile } from "../../../plugin/alerts/missed-calls-file.ts";
import type { MissedCaller } from "../../../rpc-schema/index.ts";

const BOB = "12D3KooWBobBobBob";
const EVE = "12D3KooWEveEveEve";

function bench(kept: MissedCaller[] = []) {
  const changes: (readonly MissedCaller[])[] = [];
  const clock = { dateMs: 1_000, monotonicMs: 0 };
  const missed = new MissedCalls({
    kept,
    onChange: (list) => void changes.push(list),
    isKnown: (peerId) => peerId.startsWith(BOB) || peerId === EVE,
    dateMs: () => clock.dateMs,
    monotonicMs: () => clock.monotonicMs,
  });
  let calls = 0;
  const call = (peerId: string, more: Partial<MissedCall> = {}): MissedCall => {
    calls += 1;
    return { callId: `call-${calls}`, peerId, peerLabel: "Bob", media: "audio", ...more };
  };
  return { missed, changes, clock, call };
}

describe("the list of missed calls", () => {
  test("has one entry for each peer, with how often and when it called, the last caller first", () => {
    const { missed, clock, call } = bench();
    missed.add(call(BOB));
    clock.dateMs = 2_000;
    missed.add(call(EVE, { peerLabel: "Eve" }));
    clock.dateMs = 3_000;
    missed.add(call(BOB, { media: "video" }));
    assert.deepEqual(missed.list(), [
      { peerId: BOB, peerLabel: "Bob", media: "video", count: 2, unseen: 2, firstAt: 1_000, lastAt: 3_000 },
      { peerId: EVE, peerLabel: "Eve", media: "audio", count: 1, unseen: 1, firstAt: 2_000, lastAt: 2_000 },
    ]);
  });

  test("counts repetitions of one call once, also as a busy call, and never one that was decided", () => {
    const { missed, changes, call } = bench();
    const once = call(BOB);
    missed.add(once);
    missed.addBusy(once);
    const declined = call(BOB);
    missed.settle(declined);
    missed.addBusy(declined);
    assert.equal(missed.list()[0]?.count, 1);
    assert.equal(changes.length, 1);
  });

  test("counts a call that found this side busy, but not every one of a peer that calls without a pause", () => {
    const { missed, clock, call } = bench();
    for (let index = 0; index < 1_000; index += 1) missed.addBusy(call(EVE));
    missed.addBusy(call(BOB));
    const counts = missed.list().map(({ peerId, count }) => [peerId, count]);
    assert.deepEqual(counts, [
      [BOB, 1],
      [EVE, 6],
    ]);
    clock.monotonicMs += 10_000;
    missed.addBusy(call(EVE));
    assert.equal(missed.list()[0]?.count, 7);
  });

  test("forgets the oldest of more than a hundred callers, and shortens long names", () => {
    const { missed, call } = bench();
    for (let index = 0; index < 150; index += 1) {
      missed.add(call(`${BOB}${index}`, { peerLabel: "😀".repeat(5_000) }));
    }
    const list = missed.list();
    assert.equal(list.length, 100);
    assert.equal(list[0]?.peerId, `${BOB}149`);
    assert.equal(list[0]?.peerLabel, "😀".repeat(200));
  });

  test("forgets strangers before the peers that the user chose", () => {
    const { missed, call } = bench();
    missed.add(call(BOB));
    for (let index = 0; index < 150; index += 1) missed.add(call(`stranger-${index}`));
    assert.equal(missed.list().length, 100);
    assert.equal(missed.list().at(-1)?.peerId, BOB);
  });

  test("marks the calls of one peer or of all as seen, and tells a change only where there is one", () => {
    const { missed, changes, call } = bench();
    missed.add(call(BOB));
    missed.add(call(EVE));
    missed.see({ peerId: BOB });
    assert.deepEqual(
      missed.list().map(({ unseen, count }) => [unseen, count]),
      [
        [1, 1],
        [0, 1],
      ],
    );
    missed.see({});
    missed.see({});
    assert.equal(changes.length, 4);
  });

  test("leaves unseen what came after the list that the user saw", () => {
    const { missed, clock, call } = bench();
    missed.add(call(BOB));
    const [shown] = missed.list();
    clock.dateMs = 2_000;
    missed.add(call(BOB));
    missed.see({ until: shown?.lastAt ?? 0 });
    assert.equal(missed.list()[0]?.unseen, 2);
  });
});

describe("the file of missed calls", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "missed-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const caller: MissedCaller = {
    peerId: BOB,
    peerLabel: "Bob",
    media: "audio",
    count: 1,
    unseen: 1,
    firstAt: 1,
    lastAt: 2,
  };

  function fileAt(name: string) {
    const path = join(folder, name, "missed-calls.json");
    const logged: string[] = [];
    return { path, logged, file: new MissedCallsFile(path, (_, message) => void logged.push(message)) };
  }

  test("keeps the last list for the next process, readable by the user alone", async () => {
    const { path, file, logged } = fileAt("new/folder");
    assert.deepEqual(await file.read(), []);
    for (let count = 1; count <= 50; count += 1) file.write([{ ...caller, count }]);
    await file.flush();
    const next = new MissedCallsFile(path, () => undefined);
    assert.deepEqual(await next.read(), [{ ...caller, count: 50 }]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(join(folder, "new/folder")), ["missed-calls.json"]);
    assert.deepEqual(logged, []);
  });

  const foreign: [string, string][] = [
    ["torn", '{"version":1,"missed":[{"peerId":"12D3'],
    ["empty", ""],
    ["of another program", '["something else"]'],
    ["of a later version", '{"version":2,"missed":[]}'],
    ["larger than ours can be", " ".repeat(300 * 1024)],
  ];
  for (const [what, text] of foreign) {
    test(`that is ${what} counts as empty and is set aside`, async () => {
      const { path, file, logged } = fileAt(what);
      await mkdir(join(folder, what));
      await writeFile(path, text);
      assert.deepEqual(await file.read(), []);
      assert.equal(logged.length, 1);
      assert.equal(await readFile(`${path}.unreadable`, "utf8"), text);
      file.write([caller]);
      await file.flush();
      assert.deepEqual(await new MissedCallsFile(path, () => undefined).read(), [caller]);
    });
  }

  test("with a wrong entry keeps the others", async () => {
    const { path, file } = fileAt("wrong-entry");
    await mkdir(join(folder, "wrong-entry"));
    await writeFile(path, JSON.stringify({ version: 1, missed: [{ peerId: 7 }, caller, null] }));
    assert.deepEqual(await file.read(), [caller]);
  });

  test("that is a device or a folder counts as empty", async () => {
    const device = fileAt("device");
    await mkdir(join(folder, "device"));
    await symlink("/dev/zero", device.path);
    assert.deepEqual(await device.file.read(), []);
    const directory = fileAt("directory");
    await mkdir(directory.path, { recursive: true });
    assert.deepEqual(await directory.file.read(), []);
    assert.equal(device.logged.length + directory.logged.length, 2);
  });

  test("that cannot be written is a warning with the reason, and later lists are tried again", async () => {
    const { path, file, logged } = fileAt("blocked");
    await writeFile(join(folder, "blocked"), "a file in the place of the folder");
    file.write([caller]);
    await file.flush();
    assert.match(logged.join("\n"), /^The list of missed calls .* cannot be written: /);
    await rm(join(folder, "blocked"));
    file.write([caller]);
    await file.flush();
    assert.deepEqual(await new MissedCallsFile(path, () => undefined).read(), [caller]);
  });
});
