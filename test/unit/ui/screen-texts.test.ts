// What the page's line about the own shared screen says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sharingText } from "../../../plugin/ui/screen/screen-texts.ts";
import type { CallInfo } from "../../../rpc-schema/index.ts";

const FULL: CallInfo["sending"] = { step: "full", width: 1920, height: 1080, fps: 30 };

test("names what is shared with its size, which a smaller step hides", () => {
  const monitor = { state: "live", kind: "monitor", name: "HDMI-1" } as const;
  assert.equal(sharingText(monitor, FULL), "You are sharing: Monitor HDMI-1 (1920×1080)");
  assert.equal(sharingText(monitor, { ...FULL, step: "half" }), "You are sharing: Monitor HDMI-1");
});

test("calls what the desktop does not name by its kind", () => {
  assert.equal(sharingText({ state: "live", kind: "window" }, FULL), "You are sharing: a window (1920×1080)");
  assert.equal(
    sharingText({ state: "live", kind: "monitor", name: "" }, FULL),
    "You are sharing: your screen (1920×1080)",
  );
});

test("says that a minimised window stands still", () => {
  const window = { state: "live", kind: "window", name: "A letter", hidden: true } as const;
  assert.equal(
    sharingText(window, FULL),
    "You are sharing: A letter (1920×1080). It is minimised, so its last picture stands still",
  );
});
