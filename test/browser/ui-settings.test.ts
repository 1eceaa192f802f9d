// The settings page and the warning sign in Chromium, controlled by clicks, with the scripted plugin.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hostSettings } from "../../rpc-schema/index.ts";
import { takeScreenshots } from "../support/browser/call-page.ts";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { BOB, CAROL, contact } from "../support/fakes/scripted-host.ts";

const NO_DEVICE = {
  videoDisabled: true,
  cause: "device",
  why: "There is neither a camera nor a microphone. Plug one in.",
} as const;

describe("the settings page", () => {
  const ui = useCallPage();
  const { at, script, requested, text } = ui;
  const open = async () => {
    await at("settings-open").click();
    await at("setting-debugging").waitFor();
  };
  const row = (peerId: string) => at(`contact-${peerId}`);
  const sign = (peerId: string) => row(peerId).getByTestId("calls-disabled");
  const hasButtons = (peerId: string) => row(peerId).getByTestId("call-video").isVisible();
  const setBobDisabled = (videoDisabled: boolean) =>
    script({
      do: "contacts",
      contacts: [{ ...contact(BOB, "Bob Cratchit"), videoDisabled }, contact(CAROL, "Carol")],
    });

  test("draws every setting of the manifest with its present value", async () => {
    await open();
    const titles = await at("settings-dialog").locator(".setting-title").allTextContents();
    assert.deepEqual(
      titles,
      hostSettings.map(({ title }) => title),
    );
    assert.equal(await at("setting-enabled").isChecked(), true);
    assert.equal(await at("setting-echo_cancellation").isChecked(), true);
    assert.equal(await at("setting-largest_picture-width").inputValue(), "1280");
    assert.equal(await at("setting-ice_servers-urls").inputValue(), "stun:stun.l.google.com:19302");
    const cameras = await at("setting-preferred_cam").locator("option").allTextContents();
    assert.deepEqual(cameras, ["Automatic", "Aurora HD Webcam", "Desk camera"]);
    assert.deepEqual(await takeScreenshots(ui.page(), "settings"), []);
  });

  test("switching calls off and on updates banner, warning signs and status at once", async () => {
    setBobDisabled(true);
    await sign(BOB).waitFor();
    assert.deepEqual(
      [await sign(BOB).getAttribute("data-who"), await sign(BOB).getAttribute("title")],
      ["peer", "Video/audio calls disabled: by Bob Cratchit"],
    );
    assert.deepEqual([await hasButtons(BOB), await hasButtons(CAROL)], [false, true]);
    await open();
    await at("setting-video_disabled").check();
    await requested(/^settings\.update .*"videoDisabled":true/);
    await at("availability-banner").and(ui.page().locator('[data-cause="user"]')).waitFor();
    assert.deepEqual(
      [await sign(BOB).getAttribute("data-who"), await sign(CAROL).getAttribute("data-who")],
      ["both", "you"],
    );
    assert.equal(await text("own-status"), "Calls disabled");
    assert.equal(await at("setting-preferred_cam").isDisabled(), true);
    assert.deepEqual(await takeScreenshots(ui.page(), "settings-calls-off"), []);
    await ui.page().keyboard.press("Escape");
    assert.deepEqual(await takeScreenshots(ui.page(), "calls-off"), []);
    await at("availability-settings").click();
    await at("setting-video_disabled").uncheck();
    await row(CAROL).getByTestId("call-video").waitFor({ state: "attached" });
    await at("availability-banner").waitFor({ state: "hidden" });
    setBobDisabled(false);
    await sign(BOB).waitFor({ state: "hidden" });
    assert.equal(await at("setting-preferred_cam").isDisabled(), false);
  });

  test("shows why calls are impossible until they are possible again", async () => {
    script({ do: "availability", availability: NO_DEVICE });
    await at("availability-why").getByText("Plug one in").waitFor();
    assert.equal(await text("availability-title"), "Nothing to call with");
    assert.equal(await sign(BOB).getAttribute("data-who"), "you");
    script({ do: "availability", availability: { videoDisabled: false } });
    await sign(BOB).waitFor({ state: "hidden" });
    assert.equal(await hasButtons(BOB), true);
  });

  test("changes a device, and shows why a wrong number is refused while the old one stays", async () => {
    await open();
    await at("setting-preferred_cam").selectOption("usb-cam-2");
    await requested(/^settings\.update .*"camera":"usb-cam-2"/);
    await at("setting-largest_picture-width").fill("7");
    await at("setting-debugging").focus();
    await at("setting-largest_picture-error")
      .getByText("Not changed. Expected for width: at least 64.")
      .waitFor();
    assert.equal(await at("setting-largest_picture-width").inputValue(), "1280");
    assert.equal(await at("setting-preferred_cam").inputValue(), "usb-cam-2");
  });

  test("keeps a choice until it is answered, whatever arrives meanwhile, and takes it back when it is refused", async () => {
    const box = at("setting-echo_cancellation");
    await open();
    script({ do: "hold", method: "settings.update" });
    await box.uncheck();
    await requested(/^settings\.update .*"echoCancellation":false/);
    // Each change of the host's state makes the page read the settings, which are the old ones still.
    script({ do: "availability", availability: NO_DEVICE });
    await at("availability-why").getByText("Plug one in").waitFor();
    // The host refuses this by itself. Answers come in order, so by then the page has the old settings.
    await at("setting-largest_picture-width").fill("7");
    await at("setting-debugging").focus();
    await at("setting-largest_picture-error").getByText("at least 64").waitFor();
    assert.equal(await box.isChecked(), false);
    script({ do: "release" });
    script({ do: "availability", availability: { videoDisabled: false } });
    await at("availability-banner").waitFor({ state: "hidden" });
    assert.equal(await box.isChecked(), false);
    script({ do: "refuse", method: "settings.update", code: -32602, kind: "invalidParams" });
    await box.click();
    await at("setting-echo_cancellation-error").getByText("this value is not allowed").waitFor();
    assert.equal(await box.isChecked(), false);
  });

  test("adds a server, shows why a wrong one is refused, and removes one", async () => {
    await open();
    await at("setting-ice_servers-add").click();
    const last = (key: string) => at(`setting-ice_servers-${key}`).last();
    await last("urls").fill("http://example.org");
    await last("username").focus();
    const refusal = (words: RegExp) => at("setting-ice_servers-error").getByText(words).waitFor();
    await refusal(
      /^Not changed\. Expected for urls of entry 2: a stun: or turn: URL with a host, and no slashes/,
    );
    await last("urls").fill("turn:turn.example.org");
    await last("username").focus();
    await refusal(/^Not changed\. Expected for username of entry 2: the username of the TURN server/);
    await last("username").fill("me");
    await last("credential").fill("secret");
    await last("urls").focus();
    await requested(/^settings\.update .*"turn:turn\.example\.org"/);
    await at("setting-ice_servers-remove").first().click();
    await requested(
      /^settings\.update {"settings":{"iceServers":\[{"urls":\["turn:turn\.example\.org"\],"username":"me","credential":"secret"}\]}}/,
    );
  });

  test("names the setting that needs a restart, and restarts the plugin", async () => {
    await open();
    await at("setting-mode").selectOption("native");
    await at("settings-restart-why").getByText("Who makes the calls").waitFor();
    ui.forgetRequests();
    const before = ui.scripted().host.pid;
    await at("settings-restart").click();
    await at("settings-restart").waitFor({ state: "hidden" });
    assert.notEqual(ui.scripted().host.pid, before);
    assert.equal(ui.scripted().host.state.settings?.mode, "native");
  });

  test("switches the plugin off and on", async () => {
    await open();
    await at("setting-enabled").uncheck();
    await at("trouble-why")
      .getByText("The plugin that makes them is switched off in the settings.")
      .waitFor();
    await ui.page().keyboard.press("Escape");
    await at("trouble-settings").click();
    await at("setting-enabled").check();
    await at("trouble").waitFor({ state: "hidden" });
    await at("own-status").getByText("Ready for calls").waitFor();
  });
});
