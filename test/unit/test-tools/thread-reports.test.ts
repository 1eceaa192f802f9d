// The filter for ThreadSanitizer's reports of a Node process.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addonRaces } from "../../support/process/thread-reports.ts";

const INTERCEPTED = "#0 memset ../../sanitizer_common_interceptors.inc:799 (libtsan.so+0x5cbc4)";
const IN_ADDON = "callnative::FramePool::publish(int, long) /x/frame-pool.cc:40 (callnative.node+0x21cdd)";
const IN_AUTHORITY = "<null> <null> (libXau.so.6+0x13d8)";
const IN_NODE = "v8::internal::MarkingWorklists::Local::~Local() <null> (node+0xe87254)";

/** As gcc 12's libtsan prints it. */
function race(first: string, second: string): string {
  return [
    "==================",
    "WARNING: ThreadSanitizer: data race (pid=7)",
    "  Write of size 8 at 0x7b54000b4c80 by main thread:",
    `    ${INTERCEPTED}`,
    `    #1 ${first}`,
    "    #2 node::Start(int, char**) <null> (node+0x1)",
    "",
    "  Previous read of size 8 at 0x7b54000b4c80 by thread T14:",
    `    #0 ${second}`,
    `    #1 ${IN_ADDON}`,
    "",
    "  Thread T14 'capture' (tid=9, running) created by main thread at:",
    `    #0 ${IN_ADDON}`,
    "",
    "SUMMARY: ThreadSanitizer: data race",
    "==================",
    "",
  ].join("\n");
}

describe("ThreadSanitizer's reports", () => {
  test("count when the add-on's code makes both accesses, also through memset", () => {
    assert.equal(addonRaces(race(IN_ADDON, IN_ADDON)).length, 1);
    assert.equal(addonRaces(race(IN_NODE, IN_NODE) + race(IN_ADDON, IN_ADDON)).length, 1);
  });

  test("count when the add-on runs a library's unlocked function in two threads at once", () => {
    assert.equal(addonRaces(race(`${IN_AUTHORITY}\n    #2 ${IN_ADDON}`, IN_AUTHORITY)).length, 1);
    assert.deepEqual(addonRaces(race(`${IN_AUTHORITY}\n    #2 ${IN_NODE}`, IN_AUTHORITY)), []);
  });

  test("do not count when one of the accesses is Node's, whose locks are invisible", () => {
    assert.deepEqual(addonRaces(race(IN_NODE, IN_ADDON)), []);
    assert.deepEqual(addonRaces(race(IN_ADDON, IN_NODE)), []);
  });

  test("of other kinds count when they involve the add-on", () => {
    const misuse = (frame: string) =>
      `==================\nWARNING: ThreadSanitizer: unlock of an unlocked mutex (pid=7)\n    #0 ${frame}\n==================\n`;
    assert.equal(addonRaces(misuse(IN_ADDON)).length, 1);
    assert.deepEqual(addonRaces(misuse(IN_NODE)), []);
  });
});
