// Every state of the page, narrow and wide, light and dark, fits into the window. Screenshots of all states are kept in
// test/out/screenshots.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CallInfo } from "../../rpc-schema/index.ts";
import { takeScreenshots } from "../support/browser/call-page.ts";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { BOB, callWithBob, contact, statisticsOf } from "../support/fakes/scripted-host.ts";

const callId = "call-of-test";
const longName = "Dr. Maximiliane von und zu Hohenlohe-Langenburg";

describe("the page's states fit at 360 and at 1400 pixels", () => {
  const ui = useCallPage();
  const { at, script } = ui;
  const fits = async (name: string): Promise<void> => {
    const misplaced = await takeScreenshots(ui.page(), name);
    assert.deepEqual(misplaced, []);
  };
  const call = (change: Partial<CallInfo> = {}) => script({ do: "call", call: callWithBob(change) });

  test("contacts, no contacts, and the dialog that adds one", async () => {
    script({
      do: "contacts",
      contacts: [contact(BOB, longName), contact("12D3KooWDaveDave1", "Dave", false)],
    });
    await at(`contact-${BOB}`).getByText(longName).waitFor();
    await fits("contacts");
    await at("add-contact").click();
    await fits("add-contact");
    await ui.page().keyboard.press("Escape");
    script({ do: "contacts", contacts: [] });
    await at("no-contacts").waitFor();
    await fits("no-contacts");
  });

  test("an incoming call and an outgoing one", async () => {
    const ringing = { direction: "incoming", phase: "ringing", peerLabel: longName } as const;
    script({ do: "call", isIncoming: true, call: callWithBob({ ...ringing, connectedAt: undefined }) });
    await at("accept-video").waitFor();
    await fits("incoming");
    script({ do: "end", callId, reason: "cancelled", endedBy: "remote" });
    call({ phase: "ringing", connectedAt: undefined });
    await ui.showsVideo("local");
    await fits("outgoing");
  });

  test("a video call with its details, notes and devices", async () => {
    call({
      peerLabel: longName,
      protection: {
        ...{ path: "relayed", identity: "host", check: "code" },
        ...{ checkCode: "limestone kangaroo hedgehog saxophone", checkCodeChanged: true },
      },
    });
    script({ do: "statistics", statistics: statisticsOf(callId) });
    await Promise.all([ui.showsVideo("remote"), ui.showsVideo("local")]);
    await fits("video");
    await at("quality").click();
    await at("check-code").waitFor();
    await fits("details");
    script({
      do: "change",
      callId,
      change: { phase: "reconnecting", remote: { microphone: "off", camera: "on" }, quality: "poor" },
    });
    await at("remote-muted").waitFor();
    await fits("reconnecting");
    await at("call-devices").click();
    await at("device-camera").selectOption("usb-cam-2");
    await at("toast").waitFor();
    await fits("devices-refused");
  });

  test("a voice call with the microphone muted", async () => {
    const { local } = callWithBob();
    call({ media: "audio", local: { ...local, microphone: { state: "muted" }, camera: { state: "off" } } });
    await at("hangup").waitFor();
    script({ do: "levels", callId, microphone: 0, speaker: 0.4 });
    await fits("voice");
  });

  test("the end of a call, and the end of the plugin", async () => {
    call({ peerLabel: longName });
    await at("hangup").waitFor();
    script({ do: "end", callId, reason: "connectionLost", endedBy: "local", durationMs: 754_000 });
    await at("end-notice").waitFor();
    await fits("ended");
    script({ do: "die", words: "Error: something that nobody foresaw, with a long explanation", status: 1 });
    await at("restart").waitFor();
    await fits("died");
  });
});
