// The messages of version 1, recorded from a plugin of that version, stay accepted.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hostNotifications, methods, pluginMethods, pluginNotifications } from "../../../rpc-schema/index.ts";
import { type CorpusEntry, methodOf, readCorpus } from "./corpus.ts";
import { deliverToHost, deliverToPlugin } from "./deliver.ts";

const corpus = readCorpus("version-1.jsonl");
/** No device could be plugged in while the messages were recorded. */
const NOT_RECORDED = ["devices.changed"];
/** Hosts of version 1 neither request these nor get them. */
const NEWER = [
  ...[
    "calls.missed",
    "calls.seen",
    "calls.missedChanged",
    "debug.refusals",
    "screen.sources",
    "call.shareScreen",
  ],
  ...["preview.start", "preview.hearYourself", "preview.testSound", "preview.stop"],
  ...["preview.changed", "preview.levels", "preview.ended"],
];

const nameOf = (entry: CorpusEntry, index: number) =>
  `${index + 1}: ${entry.answers === undefined ? "" : "answer to "}${methodOf(entry)} from the ${entry.from}`;

describe("the corpus of version 1", () => {
  test("covers every method and notification but those named here", () => {
    const all = [methods, hostNotifications, pluginMethods, pluginNotifications].flatMap(Object.keys);
    const requests = new Set(corpus.filter(({ answers }) => answers === undefined).map(methodOf));
    assert.deepEqual(
      all.filter((name) => !requests.has(name) && !NEWER.includes(name)),
      NOT_RECORDED,
    );
    assert.ok(NOT_RECORDED.length <= all.length / 10);
  });

  test("covers the answer to every method", () => {
    const answered = new Set(corpus.flatMap(({ answers }) => answers ?? []));
    const all = [methods, pluginMethods].flatMap(Object.keys);
    assert.deepEqual(
      all.filter((name) => !answered.has(name) && !NEWER.includes(name)),
      [],
    );
  });

  for (const [index, entry] of corpus.entries()) {
    test(`line ${nameOf(entry, index)} is accepted`, async () => {
      const { delivered, logged } = await (entry.from === "host" ? deliverToPlugin : deliverToHost)(entry);
      assert.notEqual(delivered, undefined, logged.join("\n"));
      assert.deepEqual(logged, []);
    });
  }

  test("names the media level as today once it was read", async () => {
    const levels = [];
    for (const entry of corpus.filter((one) => /^call\.(changed|incoming|list)$/.test(methodOf(one)))) {
      if (entry.from === "host") continue;
      const { delivered } = await deliverToHost(entry);
      levels.push(...JSON.stringify(delivered).matchAll(/"mediaLevel":"\w+"/g));
    }
    assert.ok(levels.length >= 4);
  });
});
