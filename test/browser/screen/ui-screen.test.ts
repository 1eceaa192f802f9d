// Sharing one's screen on the call page, by mouse and by keyboard, and the line that tells it at all times.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CallInfo, ScreenSource, SharedScreen } from "../../../rpc-schema/index.ts";
import { type CallPage, openCallPage } from "../../support/browser/call-page.ts";
import { useCallPage } from "../../support/browser/call-page-suite.ts";
import { FAKE_SCREEN } from "../../support/fakes/fake-screens.ts";
import { callWithBob } from "../../support/fakes/scripted-host.ts";

const callId = "call-of-test";
const { local } = callWithBob();
const letter: ScreenSource = { ...FAKE_SCREEN, id: "window:9", name: "A letter", kind: "window" };
const withScreen = (screen: SharedScreen, change: Partial<CallInfo> = {}) =>
  callWithBob({ local: { ...local, screen }, ...change });

describe("sharing one's screen", () => {
  const ui = useCallPage();
  const { at, script, requested } = ui;
  const press = (key: string) => ui.page().keyboard.press(key);
  const showCall = async (screen: SharedScreen = { state: "off" }) => {
    script({ do: "call", call: withScreen(screen) });
    await at("share-toggle").waitFor();
  };
  const isPressed = (pressed: boolean) =>
    at("share-toggle")
      .and(ui.page().locator(`[aria-pressed="${pressed}"]`))
      .waitFor();

  test("begins with a choice among monitors and windows, and ends by the line above the call", async () => {
    script({ do: "screens", offer: { chooser: "host", sources: [FAKE_SCREEN, letter] } });
    await showCall();
    await at("share-toggle").click();
    assert.equal(await at("screen-share").isEnabled(), false);
    await at("screen-source").getByText("A letter").click();
    await at("screen-share").click();
    await requested(/^call\.shareScreen .*"on":true,"source":"window:9"/);
    await at("sharing-text").getByText("You are sharing: A letter (1920×1080)").waitFor();
    await isPressed(true);
    assert.match(await ui.page().title(), /^Sharing your screen – Bob/);
    await ui.showsVideo("local");
    assert.equal(await at("local-canvas").getAttribute("data-mirrored"), "false");
    await at("sharing-stop").click();
    await requested(/^call\.shareScreen .*"on":false/);
    await at("sharing-bar").waitFor({ state: "hidden" });
    assert.equal(await at("screen-ended").isVisible(), false);
  });

  test("works by keyboard alone, and Escape shares nothing", async () => {
    await showCall();
    await press("d");
    await at("screen-chooser").waitFor();
    await press("Escape");
    await at("screen-chooser").waitFor({ state: "hidden" });
    await press("d");
    await at("screen-chooser").waitFor();
    await ui.page().locator('input[name="screen-source"]').first().focus();
    await press("Space");
    await press("Enter");
    await requested(/^call\.shareScreen .*"source":"monitor:fake"/);
    await isPressed(true);
    await press("d");
    await requested(/^call\.shareScreen .*"on":false/);
    await isPressed(false);
    const shared = ui.sentMessages().filter((message) => message.includes("call.shareScreen"));
    assert.equal(shared.length, 2);
  });

  test("the choice follows windows that come, and says what is wrong", async () => {
    await showCall();
    await at("share-toggle").click();
    await at("screen-source").first().click();
    script({ do: "screens", offer: { chooser: "host", sources: [FAKE_SCREEN, letter] } });
    await at("screen-source").getByText("A letter").waitFor();
    assert.equal(await at("screen-share").isEnabled(), true);
    script({ do: "screens", offer: { chooser: "host", sources: [letter] } });
    await at("screen-source").getByText("Fake monitor").waitFor({ state: "hidden" });
    assert.equal(await at("screen-share").isEnabled(), false);
    script({ do: "screens", offer: { chooser: "none", sources: [], why: "the X display is gone" } });
    await at("screen-chooser-note")
      .getByText("The screen cannot be shared on this computer: the X display is gone.")
      .waitFor();
    script({ do: "screens", offer: { chooser: "host", sources: [] } });
    await at("screen-chooser-retry").click();
    await at("screen-chooser-note").getByText("There is no monitor and no window to share.").waitFor();
  });

  test("waits for the desktop's own window, and a refusal is told", async () => {
    script({ do: "screens", offer: { chooser: "desktop", sources: [] } });
    await showCall();
    await at("share-toggle").click();
    await at("sharing-text").getByText("Choose in your desktop’s window…").waitFor();
    await at("sharing-stop").getByText("Cancel").click();
    await requested(/^call\.shareScreen .*"on":false/);
    await at("sharing-bar").waitFor({ state: "hidden" });
    await at("share-toggle").click();
    await at("sharing-bar").waitFor();
    const screen: SharedScreen = { state: "off", ended: "refused", why: "AccessDenied" };
    script({ do: "change", callId, change: { local: { ...local, screen } } });
    await at("screen-ended").getByText("your desktop does not allow it").waitFor();
  });

  test("is told in every window of the host, and in front of none by a dialog", async () => {
    await ui.page().setViewportSize({ width: 360, height: 640 });
    await showCall({ state: "live", kind: "monitor", name: "HDMI-1" });
    const other: CallPage = await openCallPage(ui.browser(), ui.scripted().host.url);
    try {
      await other.at("sharing-bar").waitFor();
      assert.equal(await at("own-screen").isVisible(), true);
      assert.equal(await at("local-canvas").isVisible(), false);
      const before = await at("sharing-bar").boundingBox();
      await at("call-devices").click();
      const bar = await at("sharing-bar").boundingBox();
      const dialog = await at("devices-dialog").boundingBox();
      assert.ok(bar && dialog && dialog.y >= bar.y + bar.height, JSON.stringify({ bar, dialog }));
      await press("Escape");
      await at("devices-dialog").waitFor({ state: "hidden" });
      const back = await at("sharing-bar").boundingBox();
      assert.deepEqual(back, before, "the line is where it was");
      await press("f");
      await at("sharing-bar").waitFor();
      await press("f");
      await other.at("sharing-stop").click();
      await at("sharing-bar").waitFor({ state: "hidden" });
      await other.at("sharing-bar").waitFor({ state: "hidden" });
    } finally {
      await other.close();
    }
  });

  test("is ended while a dialog is open, which stays open", async () => {
    await showCall({ state: "live", kind: "monitor", name: "HDMI-1" });
    await at("call-devices").click();
    await at("devices-dialog").waitFor();
    await at("sharing-stop").click();
    await requested(/^call\.shareScreen .*"on":false/);
    await at("sharing-bar").waitFor({ state: "hidden" });
    assert.equal(await at("devices-dialog").isVisible(), true);
  });

  test("that ended with the plugin says why when the call is resumed", async () => {
    await showCall({ state: "live", kind: "monitor", name: "HDMI-1" });
    await at("sharing-bar").waitFor();
    script({ do: "change", callId, change: { local, phase: "reconnecting" } });
    await at("sharing-bar").waitFor({ state: "hidden" });
    assert.equal(await at("screen-ended").isVisible(), false);
    const why = "the plugin ended unexpectedly and was started again";
    const screen: SharedScreen = { state: "off", ended: "failed", why };
    script({ do: "change", callId, change: { local: { ...local, screen }, phase: "connected" } });
    await at("screen-ended").getByText(`Your screen is not shared: ${why}`).waitFor();
  });

  test("says why where it is impossible, and is absent where the plugin does not know it", async () => {
    script({ do: "screens", offer: { chooser: "none", sources: [], why: "there is no X display" } });
    await showCall();
    await at("share-toggle").and(ui.page().locator('[aria-disabled="true"]')).waitFor();
    const why = "The screen cannot be shared on this computer: there is no X display.";
    assert.equal(await at("share-toggle").getAttribute("title"), why);
    await press("d");
    await at("toast").getByText(why).waitFor();
    script({ do: "change", callId, change: { local } });
    await at("share-toggle").waitFor({ state: "hidden" });
  });
});
