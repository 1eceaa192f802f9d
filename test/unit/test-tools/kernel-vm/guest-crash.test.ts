// Which crashes in the kernel machine count as the emulated processor's. The kernel's lines have the forms of Linux 6.1 and 6.18.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type GuestEnd, isCrashOfEmulation } from "../../../support/kernel-vm/guest-crash.ts";

const CPU = "likely on CPU 1 (core 1, socket 0)";
const IN_NODE = `MainThread[408]: segfault at 18 ip 0000000001a3c2f0 sp 00007ffd1c0 error 4 in node[e00000+2f63000] ${CPU}`;
const COMPILED = `MainThread[408]: segfault at 7 ip 00007f3a8c0412aa sp 00007ffd1c0 error 4 ${CPU}`;
const CHECK = "traps: V8Worker[411] trap int3 ip:1a3c2f0 sp:7ffd1c0 error:0 in node[e00000+2f63000]";
const PROTECTION = "traps: MainThread[408] general protection fault ip:7f3a8c0412aa sp:7ffd1c0 error:0";
const DAMAGED = `\n\n#\n# Fatal error in , line 0\n# Check failed: IsCode().\n#\n----- Native stack trace -----\n 1: 0x1\n`;

function inFile(file: string): string {
  return `MainThread[408]: segfault at 18 ip 00007f0012345678 sp 00007ffd1c0 error 6 in ${file}[5678,7f0012340000+9000] ${CPU}`;
}

function ended(status: number, crashes: readonly string[], printed: Partial<GuestEnd> = {}): GuestEnd {
  return { status, crashes, stdout: "", stderr: "", ...printed };
}

describe("a crash of a guest's command", () => {
  test("is the emulated processor's in Node itself, in compiled code, and when V8 finds its data damaged", () => {
    assert.ok(isCrashOfEmulation(ended(139, [IN_NODE])));
    assert.ok(isCrashOfEmulation(ended(139, [COMPILED])));
    assert.ok(isCrashOfEmulation(ended(139, [PROTECTION])));
    assert.ok(isCrashOfEmulation(ended(133, [CHECK], { stderr: DAMAGED })));
    assert.ok(isCrashOfEmulation(ended(133, [CHECK.replace("[e", "[dac2f0,e")])));
  });

  for (const file of [
    "callnative.node",
    "naudiodon.node",
    "wrtc.node",
    "libturbojpeg.so.0.2.0",
    "libc.so.6",
  ]) {
    test(`is a result in ${file}, also beside a crash in Node`, () => {
      assert.ok(!isCrashOfEmulation(ended(139, [inFile(file)])));
      assert.ok(!isCrashOfEmulation(ended(139, [IN_NODE, inFile(file)])));
    });
  }

  test("is a result once the script has printed anything", () => {
    assert.ok(!isCrashOfEmulation(ended(139, [IN_NODE], { stderr: "812 ms: connected\n" })));
    assert.ok(!isCrashOfEmulation(ended(139, [IN_NODE], { stdout: "TAP version 13\n" })));
    assert.ok(!isCrashOfEmulation(ended(133, [CHECK], { stderr: `812 ms: connected\n${DAMAGED}` })));
  });

  test("is a result after a jump to an address that holds no code", () => {
    const crash = `MainThread[408]: segfault at 0 ip 0000000000000000 sp 00007ffd1c0 error 14 in node[e00000+1000] ${CPU}`;
    const wild = `MainThread[408]: segfault at 5500 ip 0000000000005500 sp 00007ffd1c0 error 14 ${CPU}`;
    assert.ok(!isCrashOfEmulation(ended(139, [wild])));
    assert.ok(!isCrashOfEmulation(ended(139, [crash.replace(/ in \S+/, "")])));
  });

  test("is a result when the kernel logged none: another process sent the signal", () => {
    assert.ok(!isCrashOfEmulation(ended(139, [])));
  });

  test("is a result when the command itself ended otherwise", () => {
    assert.ok(!isCrashOfEmulation(ended(0, [IN_NODE])));
    assert.ok(!isCrashOfEmulation(ended(1, [IN_NODE])));
    assert.ok(!isCrashOfEmulation(ended(124, [IN_NODE])));
  });
});
