// The page before a call and while it rings: the device check, the switches of both users, and the camera in every call.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "../support/browser/browser.ts";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import { BOB, callWithBob, contact, startScriptedHost } from "../support/fakes/scripted-host.ts";

const callId = "call-of-test";
const off = { state: "off" } as const;
const unanswered = { connectedAt: undefined };
const noDevices = { microphone: off, camera: off, speaker: off, mediaLevel: "receiveOnly" } as const;

describe("the device check", () => {
  const ui = useCallPage();
  const { at, script, requested } = ui;
  const shown = () => at("check-canvas").and(ui.page().locator('[data-shown="true"]')).waitFor();

  test("opens no device before the user asks, and shows picture and level then", async () => {
    assert.equal(
      ui.sentMessages().some((message) => message.includes("preview.")),
      false,
    );
    await at("welcome-check").click();
    await shown();
    script({ do: "previewLevel", microphone: 0.5 });
    await at("check-meter").and(ui.page().locator('[aria-valuenow="89"]')).waitFor();
    await at("check-close").click();
    await requested(/^preview\.stop /);
    assert.equal(await at("check-dialog").isVisible(), false);
  });

  test("is reached from the devices dialog, and Escape closes it with its devices", async () => {
    await at("devices-open").click();
    await at("devices-check").click();
    assert.equal(await at("devices-dialog").isVisible(), false);
    await shown();
    await ui.page().keyboard.press("Escape");
    await requested(/^preview\.stop /);
  });

  test("records, plays and tests with one button each, and says what happens", async () => {
    await at("welcome-check").click();
    await shown();
    await at("check-hear").click();
    await at("check-status").getByText("Speak now.").waitFor();
    assert.equal(await at("check-sound").isDisabled(), true);
    script({ do: "preview", change: { sound: "playing" } });
    await at("check-status").getByText("This is how you sound.").waitFor();
    script({ do: "preview", change: { sound: "quiet" } });
    await ui.page().locator('[data-testid="check-sound"]:enabled').click();
    await at("check-status").getByText("three notes").waitFor();
    script({ do: "preview", change: { sound: "quiet", soundWhy: "the speaker is muted" } });
    await at("check-status").getByText("Speaker: the speaker is muted").waitFor();
  });

  test("says why a device does not work, and the choice of another one is a setting", async () => {
    await at("welcome-check").click();
    await shown();
    const why = "the camera is in use by another program";
    script({
      do: "preview",
      change: { camera: { state: "lost", why }, microphone: { state: "lost", why: "unplugged" } },
    });
    await at("check-picture-why").getByText(`Camera: ${why}`).waitFor();
    await at("check-voice-why").getByText("Microphone: unplugged").waitFor();
    assert.equal(await at("check-hear").isDisabled(), true);
    await at("check-camera").selectOption("usb-cam-2");
    await requested(/^settings\.update .*"camera":"usb-cam-2"/);
  });

  test("closes when a call begins, and when its page does", async () => {
    await at("welcome-check").click();
    await shown();
    script({ do: "previewEnd", reason: "call" });
    await at("check-dialog").waitFor({ state: "hidden" });
    await at("welcome-check").click();
    await shown();
    ui.forgetRequests();
    await ui.page().goto("about:blank");
    await requested(/^preview\.stop /);
  });

  test("fits the page at 360 and 1400 pixels", async () => {
    for (const width of [360, 1400]) {
      await ui.page().setViewportSize({ width, height: 800 });
      await at("devices-open").click();
      await at("devices-check").click();
      await shown();
      const box = (await at("check-dialog").boundingBox()) ?? assert.fail("no dialog");
      assert.ok(box.x >= 0 && box.x + box.width <= width, JSON.stringify(box));
      const scroll = await at("check-dialog").evaluate((dialog) => [dialog.scrollWidth, dialog.clientWidth]);
      assert.equal(scroll[0], scroll[1]);
      await at("check-close").click();
    }
  });
});

describe("while a call rings", () => {
  const ui = useCallPage();
  const { at, script, requested, showsVideo } = ui;
  const isOn = (testId: string, on: boolean) =>
    at(testId)
      .and(ui.page().locator(`[data-on="${on}"]`))
      .waitFor();

  test("the caller sees the own picture, and the buttons show and set what will be", async () => {
    const wanted = { microphone: true, camera: true };
    const camera = { state: "live", deviceId: "usb-cam" } as const;
    const local = { ...noDevices, camera };
    script({ do: "call", call: callWithBob({ ...unanswered, phase: "ringing", local, wanted }) });
    await showsVideo("local");
    await isOn("mic-toggle", true);
    await isOn("camera-toggle", true);
    await at("mic-toggle").click();
    await requested(/^call\.setMicrophone .*"on":false/);
    await isOn("mic-toggle", false);
  });

  test("the callee sets both before the answer", async () => {
    const wanted = { microphone: true, camera: true };
    const call = {
      ...unanswered,
      direction: "incoming",
      phase: "ringing",
      local: noDevices,
      wanted,
    } as const;
    script({ do: "call", isIncoming: true, call: callWithBob(call) });
    await at("answer-camera").getByText("Camera on").click();
    await requested(/^call\.setCamera .*"on":false/);
    await at("answer-camera").getByText("Camera off").waitFor();
    await at("answer-microphone").click();
    await at("answer-microphone").getByText("Microphone off").waitFor();
    await at("accept-video").click();
    await requested(/^call\.accept .*"media":"video"/);
  });

  test("a voice call can be answered with the camera on", async () => {
    const wanted = { microphone: true, camera: false };
    const call = { ...unanswered, media: "audio", direction: "incoming", phase: "ringing" } as const;
    script({ do: "call", isIncoming: true, call: callWithBob({ ...call, local: noDevices, wanted }) });
    await at("answer-camera").click();
    await at("answer-camera").getByText("Camera on").waitFor();
    await at("accept-audio").click();
    assert.doesNotMatch(await requested(/^call\.accept /), /media/);
  });
});

describe("a voice call", () => {
  const ui = useCallPage();
  const { at, script, requested, showsVideo } = ui;

  test("has a camera button, and shows both pictures while there are some", async () => {
    const remote = { microphone: "on", camera: "off" } as const;
    script({ do: "call", call: callWithBob({ media: "audio", remote, local: { ...noDevices } }) });
    await at("camera-toggle").click();
    await requested(/^call\.setCamera .*"on":true/);
    await showsVideo("local");
    script({ do: "change", callId, change: { remote: { ...remote, camera: "on" } } });
    await showsVideo("remote");
    await at("camera-toggle").click();
    await requested(/^call\.setCamera .*"on":false/);
    script({ do: "change", callId, change: { remote } });
    await at("call-avatar").waitFor();
  });
});

describe("the device check in WebKitGTK", () => {
  let browser: Browser;
  before(async () => {
    browser = await startWebKit();
  });
  after(() => browser?.close());

  test("shows the own picture and closes its devices", async () => {
    const scripted = await startScriptedHost();
    try {
      scripted.script({ do: "contacts", contacts: [contact(BOB, "Bob Cratchit")] });
      await browser.open(scripted.host.url);
      await browser.waitFor(`[data-testid="contact-${BOB}"]`);
      await browser.click('[data-testid="welcome-check"]');
      await browser.waitFor('[data-testid="check-canvas"][data-shown="true"]');
      await browser.click('[data-testid="check-close"]');
      await scripted.asked(/^preview\.stop /);
    } finally {
      await scripted.host.stop();
    }
  });
});
