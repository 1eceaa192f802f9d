// The call page during whole calls, controlled by clicks, with the scripted plugin.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { endedBySchema, endReasonSchema } from "../../rpc-schema/index.ts";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { BOB, callWithBob } from "../support/fakes/scripted-host.ts";

const callId = "call-of-test";

describe("the call page", () => {
  const ui = useCallPage();
  const { at, script, requested } = ui;
  const ring = () =>
    script({
      do: "call",
      isIncoming: true,
      call: callWithBob({ direction: "incoming", phase: "ringing", connectedAt: undefined }),
    });

  test("a video call shows calling, ringing, and then both videos and the time", async () => {
    await at(`contact-${BOB}`).getByTestId("call-video").click();
    await requested(/^call\.start .*"media":"video"/);
    await ui.showsPhase("requesting");
    assert.equal(await at("hangup").getAttribute("aria-label"), "Cancel the call");
    await ui.showsVideo("local");
    const id = (await at("call").getAttribute("data-call-id")) ?? "";
    script({ do: "change", callId: id, change: { phase: "ringing" } });
    await at("call-phase").getByText("Ringing…").waitFor();
    script({ do: "change", callId: id, change: { phase: "connected", connectedAt: Date.now() - 75_000 } });
    await ui.showsVideo("remote");
    await at("call-time").getByText("1:15").waitFor();
    assert.equal(await at("hangup").getAttribute("aria-label"), "Hang up");
  });

  test("after hanging up, the page says so and calls again with the same media", async () => {
    script({ do: "call", call: callWithBob({ media: "audio" }) });
    await at("hangup").click();
    await at("end-reason").getByText("You hung up.").waitFor();
    await at("end-duration").getByText("It lasted 1:05.").waitFor();
    await at("call-again").click();
    assert.match(await requested(/^call\.start/), new RegExp(`"peerId":"${BOB}","media":"audio"`));
    await ui.showsPhase("requesting");
    assert.equal(await at("end-notice").isVisible(), false);
  });

  test("an incoming call opens a dialog, ignores keys, and is accepted with video", async () => {
    ring();
    await at("incoming-dialog").getByText("wants to start a video call").waitFor();
    await ui.page().keyboard.press("Escape");
    await ui.page().keyboard.press("Enter");
    await ui.page().keyboard.press("Space");
    assert.equal(await at("incoming-dialog").isVisible(), true);
    assert.equal(await ui.page().title(), "Bob Cratchit is calling");
    await at("accept-video").click();
    await requested(new RegExp(`^call\\.accept .*"callId":"${callId}","media":"video"`));
    await ui.showsVideo("remote");
    assert.equal(await at("incoming-dialog").isVisible(), false);
  });

  test("a video call accepted by voice shows initials, and its camera button is off", async () => {
    ring();
    await at("accept-audio").click();
    await requested(/^call\.accept .*"media":"audio"/);
    await ui.showsPhase("connected");
    assert.equal(await ui.text("call-avatar"), "BC");
    assert.equal(await at("camera-toggle").getAttribute("data-on"), "false");
    assert.equal(await at("remote-canvas").getAttribute("data-shown"), "false");
  });

  test("a voice call has no video answer, and declining rejects it", async () => {
    const call = callWithBob({
      direction: "incoming",
      phase: "ringing",
      media: "audio",
      connectedAt: undefined,
    });
    script({ do: "call", isIncoming: true, call });
    await at("incoming-dialog").getByText("is calling you").waitFor();
    assert.equal(await at("accept-video").isVisible(), false);
    await at("decline").click();
    await requested(/^call\.reject/);
    await at("end-reason").getByText("You declined the call.").waitFor();
  });

  test("a cancelled call closes the dialog and names the caller", async () => {
    ring();
    await at("accept-video").waitFor();
    script({ do: "end", callId, reason: "cancelled", endedBy: "remote" });
    await at("end-reason").getByText("Bob Cratchit stopped calling before you answered.").waitFor();
    assert.equal(await at("incoming-dialog").isVisible(), false);
  });

  test("the microphone and camera buttons send requests and show the plugin's state", async () => {
    script({ do: "call", call: callWithBob() });
    await at("mic-toggle").click();
    await requested(/^call\.setMicrophone .*"on":false/);
    await at("mic-toggle").and(ui.page().locator('[data-state="muted"]')).waitFor();
    assert.equal(await at("mic-toggle").getAttribute("aria-label"), "Unmute the microphone");
    await at("camera-toggle").click();
    await requested(/^call\.setCamera .*"on":false/);
    await at("local-canvas").and(ui.page().locator('[data-shown="false"]')).waitFor({ state: "attached" });
    await at("camera-toggle").click();
    await requested(/^call\.setCamera .*"on":true/);
    await ui.showsVideo("local");
  });

  test("the page shows the other side's mute and camera, and initials without a camera", async () => {
    script({ do: "call", call: callWithBob() });
    await ui.showsVideo("remote");
    script({ do: "change", callId, change: { remote: { microphone: "off", camera: "off" } } });
    await at("remote-muted").getByText("Bob Cratchit is muted").waitFor();
    await at("remote-camera-off").waitFor();
    await at("call-avatar").waitFor();
    script({ do: "change", callId, change: { remote: { microphone: "on", camera: "on" } } });
    await ui.showsVideo("remote");
    assert.equal(await at("remote-muted").isVisible(), false);
  });

  test("the page shows a replaced camera and a smaller picture, and one click uses the camera that is back", async () => {
    const { local } = callWithBob();
    script({ do: "call", call: callWithBob() });
    const offered = { deviceId: "usb-cam", deviceName: "Aurora HD Webcam" };
    const camera = { ...local.camera, deviceId: "old-cam", deviceName: "Old", why: "unplugged", offered };
    const reason = "4 % of what is sent gets lost";
    const sending = { step: "half", strain: "link", reason, width: 320, height: 240, fps: 30 } as const;
    const remote = {
      microphone: "on",
      camera: "off",
      mediaLevel: "voiceOnly",
      mediaLevelReason: "Camera: broken",
    } as const;
    script({ do: "change", callId, change: { local: { ...local, camera }, sending, remote } });
    await at("camera-changed").getByText("Your camera is now Old: unplugged").waitFor();
    await at("picture-smaller").getByText("Your picture is smaller: slow connection").waitFor();
    await at("remote-trouble")
      .getByText("You can hear Bob Cratchit, but not see them: Camera: broken")
      .waitFor();
    await at("camera-use-offered").click();
    await requested(/^call\.useDevice .*"deviceId":"usb-cam"/);
  });

  test("both pages say that a picture cannot be shown, and why, once for each side", async () => {
    const { local } = callWithBob();
    script({ do: "call", call: callWithBob() });
    const why = "the picture cannot be shown: one side has H264 only, the other VP8, VP9 and AV1";
    const limited = { ...local, mediaLevel: "voiceOnly", mediaLevelReason: why } as const;
    const remote = {
      microphone: "on",
      camera: "off",
      mediaLevel: "voiceOnly",
      mediaLevelReason: why,
    } as const;
    script({ do: "change", callId, change: { local: limited, remote } });
    await at("local-trouble").getByText("Bob Cratchit can hear you, but not see you.").waitFor();
    await at("remote-trouble").getByText("You can hear Bob Cratchit, but not see them.").waitFor();
    await at("quality").click();
    assert.deepEqual(await at("stat-reasons").locator("li").allTextContents(), [
      `Sent: ${why}`,
      `Received: ${why}`,
    ]);
    const camera = { state: "lost", why: "unplugged" } as const;
    const lost = { ...limited, camera, mediaLevelReason: "Camera: unplugged" };
    script({ do: "change", callId, change: { local: lost, remote } });
    await at("camera-lost").getByText("Your camera stopped: unplugged").waitFor();
    assert.equal(await at("local-trouble").isVisible(), false);
    script({ do: "change", callId, change: { local, remote } });
    await at("camera-lost").waitFor({ state: "hidden" });
    assert.equal(await at("local-trouble").isVisible(), false);
  });

  test("voice settings change in a call, and the call keeps its microphone", async () => {
    const call = callWithBob();
    script({ do: "call", call });
    await at("call-devices").click();
    for (const setting of ["echoCancellation", "noiseSuppression", "automaticGain"]) {
      const isOn = await at(`processing-${setting}`).isChecked();
      await at(`processing-${setting}`).click();
      const change = `{"settings":{"${setting}":${!isOn}}}`;
      assert.equal(
        await requested(new RegExp(`^settings\\.update .*${setting}`)),
        `settings.update ${change}`,
      );
    }
    assert.equal(await at("device-microphone").inputValue(), call.local.microphone.deviceId);
    await ui.page().keyboard.press("Escape");
    await at("mic-toggle").click();
    // Answers come in order, so by then the page has handled the answers to all settings.
    await at("mic-toggle").and(ui.page().locator('[data-state="muted"]')).waitFor();
    assert.ok(ui.sentMessages().some((message) => message.includes('"settings.update"')));
    assert.deepEqual(
      ui.sentMessages().filter((message) => message.includes('"call.useDevice"')),
      [],
    );
  });

  test("a voice setting keeps its choice until it is answered, and follows the plugin again afterwards", async () => {
    const box = at("processing-noiseSuppression");
    await at("devices-open").click();
    const before = await box.isChecked();
    script({ do: "hold", method: "settings.update" });
    await box.click();
    await ui.page().keyboard.press("Tab");
    // The host's state arrives with the former settings.
    script({ do: "availability", availability: { videoDisabled: true, cause: "device", why: "No device." } });
    await at("availability-why").getByText("No device.").waitFor({ state: "attached" });
    assert.equal(await box.isChecked(), !before);
    script({ do: "refuse", method: "settings.update", code: -32602, kind: "invalidParams" });
    script({ do: "release" });
    await at("toast").waitFor();
    assert.equal(await box.isChecked(), before);
  });

  test("the page shows a lost connection and a lost camera during the call", async () => {
    const { local } = callWithBob();
    script({ do: "call", call: callWithBob({ phase: "reconnecting", quality: "poor" }) });
    await at("reconnecting").waitFor();
    const camera = { state: "lost", why: "the camera was unplugged" } as const;
    script({ do: "change", callId, change: { phase: "connected", local: { ...local, camera } } });
    await at("camera-lost").getByText("Your camera stopped: the camera was unplugged").waitFor();
    assert.equal(await at("reconnecting").isVisible(), false);
  });

  test("every end reason has a sentence for each side", async () => {
    for (const endedBy of endedBySchema.options) {
      for (const reason of endReasonSchema.options) {
        script({ do: "call", call: callWithBob({ media: "audio" }) });
        await at("hangup").waitFor();
        script({ do: "end", callId, reason, endedBy });
        await at("end-notice")
          .and(ui.page().locator(`[data-reason="${reason}"][data-ended-by="${endedBy}"]`))
          .waitFor();
        assert.match(await ui.text("end-reason"), /^[A-Z].{8,}\.$/);
      }
    }
  });

  test("the superseded call of two simultaneous calls ends without a notice", async () => {
    script({ do: "call", call: callWithBob({ phase: "ringing", connectedAt: undefined }) });
    await ui.showsPhase("ringing");
    script({ do: "end", callId, reason: "superseded", endedBy: "local", replacedBy: "other" });
    script({ do: "call", call: callWithBob({ callId: "other" }) });
    await at("call").and(ui.page().locator('[data-call-id="other"]')).waitFor();
    assert.equal(await at("end-notice").isVisible(), false);
  });

  test("a page that is reloaded during a call shows the call and its video again", async () => {
    script({ do: "call", call: callWithBob() });
    await ui.showsVideo("remote");
    await ui.page().reload();
    await ui.showsVideo("remote");
    await ui.showsVideo("local");
    assert.equal(await ui.text("call-name"), "Bob Cratchit");
  });

  test("a refused request shows a message", async () => {
    script({ do: "refuse", method: "call.start", code: 1401, kind: "signallingUnavailable" });
    await at(`contact-${BOB}`).getByTestId("call-audio").click();
    await at("toast").getByText("The network part is not running.").waitFor();
  });
});
