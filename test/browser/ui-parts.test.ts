// The parts of the page around a call: contacts, devices, the snapshot, the keyboard, and the end of the plugin or the host.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useCallPage } from "../support/browser/call-page-suite.ts";
import { BOB, CAROL, callWithBob, statisticsOf } from "../support/fakes/scripted-host.ts";

const callId = "call-of-test";
const GRACE = "12D3KooWGraceGraceGrace1";

describe("around a call", () => {
  const ui = useCallPage();
  const { at, script, requested } = ui;

  test("reachable contacts come first", async () => {
    const rows = ui.page().getByTestId("contacts").locator("li");
    assert.deepEqual(await rows.evaluateAll((all) => all.map((row) => row.dataset.testid)), [
      `contact-${BOB}`,
      `contact-${CAROL}`,
    ]);
    assert.match(await ui.text(`contact-${CAROL}`), /Not reachable/);
  });

  test("the call buttons are disabled during a call", async () => {
    script({ do: "call", call: callWithBob() });
    await at("hangup").waitFor();
    assert.equal(await at(`contact-${CAROL}`).getByTestId("call-audio").isDisabled(), true);
  });

  test("a wrong or unreachable address shows an error beside the field, and a good one becomes a contact", async () => {
    await at("add-contact").click();
    await at("address-field").fill("bob's computer");
    await at("address-submit").click();
    await at("address-error").getByText("does not look like a complete address").waitFor();
    await at("address-field").fill(`/ip4/10.255.255.1/tcp/4001/p2p/${GRACE}`);
    await at("address-submit").click();
    await at("address-error").getByText("Nobody answered at this address.").waitFor();
    await at("address-field").fill(`/ip4/127.0.0.1/tcp/4001/p2p/${GRACE}`);
    await ui.page().keyboard.press("Enter");
    await at(`contact-${GRACE}`).waitFor();
    await at("add-contact-dialog").waitFor({ state: "hidden" });
  });

  test("the user's own address is one that other machines can reach, and can be copied", async () => {
    await ui.page().context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await at("add-contact").click();
    await at("copy-address").click();
    await at("copy-address").getByText("Copied").waitFor();
    const copied = await ui.page().evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^\/ip4\/192\.168\.1\.20\/tcp\/4001\/p2p\/12D3/);
    assert.equal(await ui.text("own-address"), copied);
  });

  test("a device chosen outside a call is a setting for the next one", async () => {
    await at("devices-open").click();
    await at("device-camera").selectOption("usb-cam-2");
    await requested(/^settings\.update .*"camera":"usb-cam-2"/);
    await ui.page().keyboard.press("Escape");
    await at("devices-open").click();
    assert.equal(await at("device-camera").inputValue(), "usb-cam-2");
  });

  test("a device chosen in a call takes effect at once, and levels move the meters", async () => {
    script({ do: "call", call: callWithBob() });
    await at("call-devices").click();
    assert.equal(await at("device-camera").inputValue(), "usb-cam");
    await at("device-speaker").selectOption({ label: "Built-in speakers" });
    await requested(/^call\.useDevice .*"kind":"speaker","deviceId":"spk-2"/);
    script({ do: "levels", callId, microphone: 1, speaker: 0 });
    await at("meter-microphone").and(ui.page().locator('[aria-valuenow="100"]')).waitFor();
    assert.equal(await at("meter-speaker").getAttribute("aria-valuenow"), "0");
  });

  test("a new check code shows for a while, the details keep it, and a new connection shows a new one", async () => {
    const protection = { path: "direct", identity: "key", check: "code" } as const;
    const isNew = { checkCode: "otter canvas ribbon mango", checkCodeChanged: false };
    await ui.page().clock.install();
    script({ do: "call", call: callWithBob({ protection: { ...protection, ...isNew } }) });
    await at("check-note").getByText("Check code: otter canvas ribbon mango").waitFor();
    await ui.page().clock.fastForward(30_000);
    await at("check-note").waitFor({ state: "hidden" });
    await at("quality").focus();
    await ui.page().keyboard.press("Enter");
    await at("check-code").getByText("otter canvas ribbon mango").waitFor();
    await at("protection").getByText("with a direct connection").waitFor();
    const changed = { checkCode: "zebra piano ladder tulip", checkCodeChanged: true };
    script({ do: "change", callId, change: { protection: { ...protection, ...changed } } });
    await at("check-text").getByText("compare again").waitFor();
    await at("quality").click();
    await at("check-note").getByText("New connection, new check code: zebra piano").waitFor();
  });

  test("a call without a check code says why, and a failed check stays on the page", async () => {
    const protection = { path: "relayed", identity: "host", check: "unsupported" } as const;
    script({ do: "call", call: callWithBob({ protection }) });
    await at("quality").click();
    await at("check-text").getByText("program makes none").waitFor();
    await at("check-note").waitFor({ state: "hidden" });
    script({ do: "change", callId, change: { protection: { ...protection, check: "failed" } } });
    await at("check-text").getByText("Somebody may be in between").waitFor();
    await at("quality").click();
    await at("check-note").getByText("Somebody may be in between").waitFor();
  });

  test("choosing an absent device shows a message, and the picker shows the used one again", async () => {
    script({ do: "call", call: callWithBob() });
    await at("call-devices").click();
    await at("device-camera").selectOption("usb-cam-2");
    await at("toast").getByText("This device is gone.").waitFor();
    assert.equal(await at("device-camera").inputValue(), "usb-cam");
  });

  test("the quality button opens the measurements", async () => {
    script({ do: "call", call: callWithBob() });
    script({ do: "statistics", statistics: statisticsOf(callId) });
    await at("quality").click();
    assert.equal(await at("quality").getAttribute("aria-expanded"), "true");
    assert.equal(await ui.text("stat-round-trip"), "23 ms");
    assert.equal(await ui.text("stat-loss"), "0.4 %");
    assert.equal(await ui.text("stat-receiving"), "1.01 Mbit/s");
    assert.equal(await ui.text("stat-receive-size"), "1280 × 720, 30 fps");
  });

  test("a snapshot is saved as a PNG named after the peer and the time", async () => {
    script({ do: "call", call: callWithBob() });
    const download = ui.page().waitForEvent("download");
    await at("snapshot").click();
    const saved = await download;
    assert.match(saved.suggestedFilename(), /^Bob-Cratchit-\d{8}-\d{6}\.png$/);
    const chunks: Buffer[] = [];
    for await (const chunk of await saved.createReadStream()) chunks.push(chunk);
    assert.equal(Buffer.concat(chunks).subarray(1, 4).toString("latin1"), "PNG");
  });

  test("a call starts and ends by keyboard alone, and the focus is never lost", async () => {
    const focused = () => ui.page().evaluate(() => document.activeElement?.getAttribute("data-testid"));
    for (let presses = 0; (await focused()) !== "call-audio"; presses += 1) {
      assert.ok(presses < 10, "the call button is not reached by Tab");
      await ui.page().keyboard.press("Tab");
    }
    await ui.page().keyboard.press("Enter");
    await ui.showsPhase("requesting");
    assert.equal(await focused(), "call-name");
    for (let presses = 0; (await focused()) !== "hangup"; presses += 1) {
      assert.ok(presses < 10, "hang up is not reached by Tab");
      await ui.page().keyboard.press("Tab");
    }
    await ui.page().keyboard.press("Enter");
    await at("end-notice").waitFor();
    assert.equal(await ui.page().evaluate(() => document.activeElement?.tagName), "H2");
  });

  test("changes of a call are announced to screen readers", async () => {
    script({ do: "call", call: callWithBob({ phase: "ringing", connectedAt: undefined }) });
    await at("announcer").getByText("Bob Cratchit: Ringing…").waitFor({ state: "attached" });
    script({ do: "end", callId, reason: "noAnswer", endedBy: "local" });
    await at("announcer").getByText("Bob Cratchit did not answer.").waitFor({ state: "attached" });
  });

  test("the page shows the exit status and the last line of a plugin that exits, and restarts it by a click", async () => {
    script({ do: "call", call: callWithBob() });
    await at("hangup").waitFor();
    script({ do: "die", words: '{"level":"fatal","message":"out of memory"}', status: 9 });
    await at("trouble-why").getByText("exit status 9").waitFor();
    assert.equal(await ui.text("trouble-last-line"), "out of memory");
    await at("restart").click();
    await at("welcome").waitFor();
    await at("own-status").getByText("Ready for calls").waitFor();
  });

  test("the page shows that the host is gone, without a button for a restart", async () => {
    await ui.scripted().host.stop();
    await at("trouble").getByText("Connecting to the application…").waitFor();
    assert.equal(await at("restart").isVisible(), false);
    // The browser reports the refused connections on the console, as this test intends.
    await ui.page().goto("about:blank");
    ui.ignoreErrors(/ERR_CONNECTION_REFUSED/);
  });
});
