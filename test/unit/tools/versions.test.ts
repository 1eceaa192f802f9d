// What `--version` prints. The versions of the engines come from their packages, and from the libraries that the process has loaded.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeVersions } from "../../../plugin/tools/versions.ts";

const MAPS = [
  "7f0 r-xp 00000000 fe:00 12 /usr/lib/x86_64-linux-gnu/libyuv.so.0.0.1857",
  "7f1 r--p 00000000 fe:00 12 /usr/lib/x86_64-linux-gnu/libyuv.so.0.0.1857",
  "7f2 r-xp 00000000 fe:00 13 /usr/lib/x86_64-linux-gnu/libwebrtc-audio-processing-1.so.3",
  "7f3 r-xp 00000000 fe:00 14 /usr/lib/x86_64-linux-gnu/libc.so.6",
].join("\n");

test("the first line is the program's version, and the others name the contract's and the engines'", () => {
  const [first, ...others] = describeVersions("1.2.3", null, () => MAPS).split("\n");
  assert.equal(first, "goop-call-plugin 1.2.3");
  const text = others.join("\n");
  assert.match(text, /^contract +2 and 1 /m);
  assert.match(text, /^Node +\d+\.\d+\.\d+$/m);
  assert.match(text, /^WebRTC +@roamhq\/wrtc \d+\.\d+\.\d+$/m);
  assert.match(text, /^sound +naudiodon \d+\.\d+\.\d+$/m);
  assert.match(text, /^pictures and voice +libwebrtc-audio-processing-1\.so\.3, libyuv\.so\.0\.0\.1857$/m);
});

test("an addon that does not load is named in place of its libraries", () => {
  assert.match(
    describeVersions("1.2.3", "it is missing", () => MAPS),
    /^pictures and voice +it is missing$/m,
  );
});
