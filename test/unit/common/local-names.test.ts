// Names of multicast DNS are looked up a few at a time, however many a peer sends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { limitLookups } from "../../../plugin/common/local-names.ts";

test("a thousand names hold two of the process's threads, and names beyond a limit are unknown", async () => {
  const asked: ((addresses: string[]) => void)[] = [];
  let [running, most] = [0, 0];
  const lookUp = limitLookups(async () => {
    running += 1;
    most = Math.max(most, running);
    const addresses = await new Promise<string[]>((resolve) => void asked.push(resolve));
    running -= 1;
    return addresses;
  });
  const answers = Array.from({ length: 1_000 }, (_, n) => lookUp(`n${n}.local`));
  for (let n = 0; n < asked.length; n += 1) {
    asked[n]?.(["192.0.2.1"]);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    await new Promise(setImmediate);
  }
  const found = (await Promise.all(answers)).filter(({ length }) => length > 0);
  assert.deepEqual([found.length, most], [66, 2]);
  const again = lookUp("later.local");
  asked.at(-1)?.(["192.0.2.2"]);
  assert.deepEqual(await again, ["192.0.2.2"]);
});

test("a name that cannot be looked up has no address", async () => {
  const lookUp = limitLookups(() => Promise.reject(new Error("ENOTFOUND")));
  assert.deepEqual(await lookUp("nobody.local"), []);
});
