// A screen that the user chooses in the desktop's dialog, shared between two real processes by the real xdg-desktop-portal.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { SMALL_PICTURE } from "../../support/fakes/small-picture.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { LEGIBLE, legibility, remoteOfWidth } from "../../support/screen/legible-picture.ts";
import {
  type PortalDesktop,
  type SharedNode,
  startPortalDesktop,
} from "../../support/screen/portal-desktop.ts";
import { textPicture } from "../../support/screen/text-picture.ts";

const WIDTH = 1280;
const HEIGHT = 720;

let folder = "";
let desktop: PortalDesktop;
let screen: SharedNode;
let alice: PluginProcess;
let bob: PluginProcess;
let stop: () => Promise<void> = async () => undefined;
let callId = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "goop-portal-screen-"));
  desktop = await startPortalDesktop();
  const picture = join(folder, "text.i420");
  await writeFile(picture, textPicture(WIDTH, HEIGHT));
  screen = await desktop.addScreen({ name: "text", modes: [`BGRx:${WIDTH}x${HEIGHT}@5`], picture });
  const { DBUS_SESSION_BUS_ADDRESS, XDG_SESSION_TYPE } = desktop.env;
  const env = { DBUS_SESSION_BUS_ADDRESS, XDG_SESSION_TYPE, DISPLAY: "", WAYLAND_DISPLAY: "wayland-0" };
  // A busy machine would lower the rate, and with it the time that the test takes.
  const settings = { adaptation: false };
  ({ alice, bob, stop } = await startPair({ env, settings, dataDir: folder }, { settings }));
  callId = await connectCall(alice, bob);
});
after(async () => {
  await stop();
  await desktop?.stop();
  await rm(folder, { recursive: true, force: true });
});

const shareOf = (state: string) =>
  alice.next("call.changed", ({ local }: CallInfo) => local.screen?.state === state);

async function share(): Promise<void> {
  alice.clearNotifications();
  await alice.host.request("call.shareScreen", { callId, on: true });
}

test("the desktop's dialog closed without a choice ends it, and the camera goes on", {
  timeout: 120_000,
}, async () => {
  assert.deepEqual(await alice.host.request("screen.sources", {}), { chooser: "desktop", sources: [] });
  await share();
  await shareOf("choosing");
  (await desktop.backend.dialog()).cancel();
  const { local } = await shareOf("off");
  assert.deepEqual([local.screen?.ended, local.camera.state], ["cancelled", "live"]);
});

test("the chosen screen's text is legible, and the desktop's own stop brings the camera back", {
  timeout: 180_000,
}, async (context) => {
  await share();
  const dialog = await desktop.backend.dialog();
  const chosenMs = performance.now();
  dialog.choose(screen.nodeId);
  await shareOf("live");
  await remoteOfWidth(bob, callId, WIDTH);
  context.diagnostic(`${Math.round(performance.now() - chosenMs)} ms from the choice to a snapshot of it`);
  const area = { left: 16, top: 16, right: WIDTH - 16, bottom: HEIGHT - 16 };
  const legible = await legibility(alice, bob, callId, WIDTH, area);
  context.diagnostic(`${(100 * legible).toFixed(1)} % of the text's pixels agree`);
  assert.ok(legible >= LEGIBLE, `${legible}`);
  alice.clearNotifications();
  desktop.backend.stopSharing(dialog.session);
  const { local } = await shareOf("off");
  assert.equal(local.screen?.ended, "stoppedByDesktop");
  await remoteOfWidth(bob, callId, SMALL_PICTURE.width);
});
