// What `--version` prints. The versions of the engines come from their packages and from the addon.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeVersions } from "../../../plugin/tools/versions.ts";

const native = { libraryVersions: () => ({ "webrtc-audio-processing": "1.3", libyuv: "1904" }) };

test("the first line is the program's version, and the others name the contract's and the engines'", () => {
  const [first, ...others] = describeVersions("1.2.3", { native, whyNoCalls: null }).split("\n");
  assert.equal(first, "goop-call-plugin 1.2.3");
  const text = others.join("\n");
  assert.match(text, /^contract +2 and 1 /m);
  assert.match(text, /^Node +\d+\.\d+\.\d+$/m);
  assert.match(text, /^WebRTC +@roamhq\/wrtc \d+\.\d+\.\d+$/m);
  assert.match(text, /^sound +naudiodon \d+\.\d+\.\d+$/m);
  assert.match(text, /^pictures and voice +webrtc-audio-processing 1\.3, libyuv 1904$/m);
});

test("an addon that does not load is named in place of its libraries", () => {
  assert.match(
    describeVersions("1.2.3", { native, whyNoCalls: "it is missing" }),
    /^pictures and voice +it is missing$/m,
  );
});
