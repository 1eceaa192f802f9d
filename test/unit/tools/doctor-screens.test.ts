// What the doctor says of screen sharing.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScreenOffer } from "../../../plugin/screen/screens.ts";
import { checkScreens } from "../../../plugin/tools/camera-checks.ts";
import { healthyMachine, viewOf } from "../../support/fakes/fake-system.ts";

const NONE: ScreenOffer = { chooser: "none", why: "the desktop's portal cannot be used" };

function check(environment: Record<string, string>, offer: ScreenOffer) {
  return checkScreens({ ...viewOf(healthyMachine()), environment }, offer);
}

test("screens can be shared through the portal or on an X display", () => {
  for (const offer of [{ chooser: "desktop" }, { chooser: "host", sources: [] }] as const) {
    assert.equal(check({ DISPLAY: ":0" }, offer).verdict, "ok");
  }
});

test("the portal's missing part is named after the desktop, with PipeWire", () => {
  const cases: [string, string][] = [
    ["ubuntu:GNOME", "xdg-desktop-portal-gnome"],
    ["KDE", "xdg-desktop-portal-kde"],
    ["sway", "xdg-desktop-portal-wlr"],
  ];
  for (const [desktop, backend] of cases) {
    const found = check({ WAYLAND_DISPLAY: "wayland-0", XDG_CURRENT_DESKTOP: desktop }, NONE);
    assert.equal(found.verdict, "warning");
    assert.match(found.says, /the desktop's portal cannot be used\.$/);
    assert.ok(found.action?.includes(`${backend} pipewire`), found.action ?? "");
  }
});

test("on X11 the libraries of the X display are named", () => {
  assert.match(check({ DISPLAY: ":0" }, NONE).action ?? "", /libxcb-composite0/);
});

test("without a desktop nothing is missing", () => {
  assert.deepEqual(check({}, NONE), {
    check: "screen sharing",
    verdict: "ok",
    says: "No desktop runs in this session, so there is no screen.",
    action: null,
  });
});
