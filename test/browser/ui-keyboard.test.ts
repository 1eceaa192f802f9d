// A call without a pointer: keys, focus, full screen, the own picture, and what screen readers get.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { BOB, callWithBob } from "../support/fakes/scripted-host.ts";

const callId = "call-of-test";

describe("a call by keyboard alone", () => {
  const ui = useCallPage();
  const { at, script, requested } = ui;
  const press = (key: string) => ui.page().keyboard.press(key);
  const focused = () => ui.page().evaluate(() => document.activeElement?.getAttribute("data-testid"));
  /** Every control has a focus that can be seen, so each stop is one. */
  const tabTo = async (testId: string) => {
    for (let presses = 0; (await focused()) !== testId; presses += 1) {
      assert.ok(presses < 15, `${testId} is not reached by Tab`);
      await press("Tab");
    }
  };
  const showCall = async () => {
    script({ do: "call", call: callWithBob() });
    await Promise.all([ui.showsVideo("remote"), ui.showsVideo("local")]);
  };
  const ownPlace = async () => {
    const box = await at("own-picture").boundingBox();
    assert.ok(box);
    return box;
  };

  test("is answered, muted, hidden, shown in full, moved and ended", async () => {
    const ringing = callWithBob({ direction: "incoming", phase: "ringing", connectedAt: undefined });
    script({ do: "call", isIncoming: true, call: ringing });
    await at("incoming-dialog").waitFor();
    assert.equal(await focused(), "incoming-name");
    await tabTo("accept-video");
    await press("Enter");
    await requested(/^call\.accept .*"media":"video"/);
    await Promise.all([ui.showsVideo("remote"), ui.showsVideo("local")]);
    await press("m");
    await requested(/^call\.setMicrophone .*"on":false/);
    await press("v");
    await requested(/^call\.setCamera .*"on":false/);
    await at("camera-toggle").and(ui.page().locator('[data-state="off"]')).waitFor();
    await press("v");
    await ui.showsVideo("local");
    await tabTo("own-picture");
    const before = await ownPlace();
    await press("ArrowLeft");
    await press("ArrowUp");
    const moved = await ownPlace();
    assert.ok(moved.x < before.x && moved.y < before.y);
    await press("Home");
    assert.deepEqual(await ownPlace(), before);
    await tabTo("hangup");
    await press("Enter");
    await at("end-notice").waitFor();
  });

  test("is not ended by Escape, whatever has the focus", async () => {
    await showCall();
    for (const testId of ["hangup", "own-picture", "mic-toggle", "quality"]) {
      await at(testId).focus();
      await press("Escape");
    }
    await press("?");
    await at("keys-dialog").waitFor();
    await press("Escape");
    await at("keys-dialog").waitFor({ state: "hidden" });
    await press("m");
    await requested(/^call\.setMicrophone/);
    assert.ok(!ui.sentMessages().some((message) => message.includes("call.hangup")));
  });

  test("obeys keys whatever has the focus, and on a keyboard without Latin letters", async () => {
    await showCall();
    const isOn = (on: boolean) =>
      at("mic-toggle")
        .and(ui.page().locator(`[data-on="${on}"]`))
        .waitFor();
    await at("mic-toggle").click();
    await isOn(false);
    await press("m");
    await isOn(true);
    await at("camera-toggle").click();
    await press("Shift+M");
    await isOn(false);
    await ui.page().evaluate(() => {
      const event = new KeyboardEvent("keydown", { key: "ь", code: "KeyM", bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
    });
    await isOn(true);
  });

  test("swaps the pictures by a key and by Enter, and hides and shows one's own", async () => {
    await showCall();
    const small = ui.page().locator('[data-testid="own-picture"] canvas');
    const large = ui.page().locator('[data-testid="pictures"] canvas');
    assert.equal(await small.getAttribute("data-testid"), "local-canvas");
    await press("s");
    assert.equal(await small.getAttribute("data-testid"), "remote-canvas");
    assert.equal(await large.getAttribute("data-testid"), "local-canvas");
    assert.equal(await at("own-picture").getAttribute("aria-label"), "The other side's picture, small");
    await at("own-picture").focus();
    await press("Enter");
    assert.equal(await small.getAttribute("data-testid"), "local-canvas");
    await press("h");
    await requested(/^frames\.unsubscribe/);
    await at("own-picture").waitFor({ state: "hidden" });
    assert.equal(await at("own-toggle").getAttribute("aria-label"), "Show your own picture");
    await press("h");
    await ui.showsVideo("local");
    assert.ok(!ui.sentMessages().some((message) => message.includes("call.setCamera")));
  });

  test("fills the screen, and leaves that by the key, by Escape and with the call", async () => {
    await showCall();
    const isFull = (full: boolean) =>
      ui.page().waitForFunction((on) => (document.fullscreenElement !== null) === on, full);
    await press("f");
    await isFull(true);
    assert.equal(await at("contacts").isVisible(), false);
    assert.equal(await at("full-screen").getAttribute("aria-label"), "Leave full screen");
    await press("f");
    await isFull(false);
    await at("contacts").waitFor();
    await press("f");
    await isFull(true);
    await press("Escape");
    await isFull(false);
    await press("f");
    await isFull(true);
    script({ do: "end", callId, reason: "hungUp", endedBy: "remote" });
    await at("end-notice").waitFor();
    await isFull(false);
  });

  test("leaves keys alone in fields, in dialogs, with Control, without a call, and when they are switched off", async () => {
    await press("m");
    await at("add-contact").click();
    await at("address-field").pressSequentially("mvf?");
    assert.equal(await at("address-field").inputValue(), "mvf?");
    await press("Escape");
    await showCall();
    await press("Control+m");
    await at("call-devices").click();
    await at("device-camera").focus();
    await press("m");
    await press("Escape");
    await press("?");
    await press("m");
    await at("keys-on").uncheck();
    await press("Escape");
    await press("m");
    await at("hangup").focus();
    await press("Enter");
    await requested(/^call\.hangup/);
    assert.ok(!ui.sentMessages().some((message) => message.includes("call.setMicrophone")));
    await ui.page().reload();
    await at(`contact-${BOB}`).waitFor();
    await showCall();
    await press("m");
    await at("keys-open").click();
    assert.equal(await at("keys-on").isChecked(), false);
    assert.ok(!ui.sentMessages().some((message) => message.includes("call.setMicrophone")));
  });

  test("drags one's own picture by the pointer, which does not swap the pictures", async () => {
    await showCall();
    const from = await ownPlace();
    const { mouse } = ui.page();
    await mouse.move(from.x + 20, from.y + 20);
    await mouse.down();
    await mouse.move(from.x - 280, from.y - 180, { steps: 4 });
    await mouse.up();
    const to = await ownPlace();
    assert.ok(Math.abs(from.x - 300 - to.x) < 2 && Math.abs(from.y - 200 - to.y) < 2);
    await mouse.move(to.x + 5, to.y + 5);
    await mouse.down();
    await mouse.move(-5_000, 5_000, { steps: 2 });
    await mouse.up();
    const area = await at("own-area").boundingBox();
    const corner = await ownPlace();
    assert.ok(area && Math.abs(corner.x - area.x) < 2);
    assert.ok(Math.abs(corner.y + corner.height - area.y - area.height) < 2);
    const small = ui.page().locator('[data-testid="own-picture"] canvas');
    assert.equal(await small.getAttribute("data-testid"), "local-canvas");
    await at("own-picture").click();
    assert.equal(await small.getAttribute("data-testid"), "remote-canvas");
  });

  test("says “You are muted” to one who speaks while muted, and unmutes by a click", async () => {
    const { local } = callWithBob();
    const speak = (mutedMicrophone: number, count: number) => {
      const levels = { callId, microphone: 0, speaker: 0, mutedMicrophone };
      for (let sent = 0; sent < count; sent += 1) script({ do: "levels", ...levels });
    };
    script({ do: "call", call: callWithBob({ local: { ...local, microphone: { state: "muted" } } }) });
    await at("hangup").waitFor();
    speak(0.01, 5);
    speak(0.4, 4);
    await at("you-are-muted").getByText("You are muted").waitFor();
    speak(0.01, 25);
    await at("you-are-muted").waitFor({ state: "hidden" });
    speak(0.4, 4);
    await at("unmute").click();
    await requested(/^call\.setMicrophone .*"on":true/);
    await at("you-are-muted").waitFor({ state: "hidden" });
  });

  test("shows one's own voice around the microphone's button", async () => {
    await showCall();
    const level = () => at("mic-toggle").evaluate((part) => part.style.getPropertyValue("--level"));
    script({ do: "levels", callId, microphone: 1, speaker: 0 });
    await ui.page().waitForFunction(() => {
      const part = document.querySelector<HTMLElement>('[data-testid="mic-toggle"]');
      return part?.style.getPropertyValue("--level") === "1.000";
    });
    assert.equal(await level(), "1.000");
  });

  test("gives screen readers a name and a role for every control, and announces each change once", async () => {
    await showCall();
    const tree = await at("call").ariaSnapshot();
    for (const line of [
      /region "Call"/,
      /heading "Bob Cratchit" \[level=2\]/,
      /timer/,
      /img "The other side's picture"/,
      /button "Your picture, small"/,
      /button "Good connection"/,
      /button "Hide your own picture"/,
      /button "Full screen"/,
      /button "Keys"/,
      /toolbar "Call"/,
      /button "Mute the microphone"/,
      /button "Turn the camera off"/,
      /button "Save their picture"/,
      /button "Camera, microphone and speaker"/,
      /button "Hang up"/,
    ]) {
      assert.match(tree, line);
    }
    assert.doesNotMatch(tree, /^\s*- (button|img)( \[|:|$)/m, "every control has a name");
    await at("announcer").getByText("Bob Cratchit: Connected").waitFor({ state: "attached" });
    script({ do: "change", callId, change: { phase: "reconnecting" } });
    await at("announcer").getByText("Bob Cratchit: Reconnecting…").waitFor({ state: "attached" });
    assert.equal(await at("notes").getAttribute("role"), "status");
  });
});
