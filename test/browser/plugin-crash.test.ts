// The plugin of a page is killed during a call. The page shows that the call reconnects, and then the video again, without a
// reload and without a click.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Host, startHost } from "../../plugin/host/host.ts";
import { ownAddress } from "../../plugin/host/pair.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";
import { startRecording, takeDrawn, waitForDrawn } from "../support/pictures/stamp-reader.ts";

const SCREENSHOTS = fileURLToPath(new URL("../out/screenshots/", import.meta.url));
const id = (testId: string) => `[data-testid="${testId}"]`;
const inPhase = (phase: string) =>
  `() => document.querySelector('${id("call-phase")}')?.dataset.phase === ${JSON.stringify(phase)}`;

async function start(label: string, dataDir: string): Promise<Host> {
  return startHost({
    label,
    dataDir,
    settings: {
      ...{ camera: "test-pattern", microphone: "tone", speaker: "none", iceServers: [] },
      picture: SMALL_PICTURE,
      signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
    },
  });
}

/** Bob's host has no page, so it accepts every call by itself. */
function acceptCalls(host: Host): void {
  host.plugin.onNotification("call.incoming", ({ callId }) => {
    host.plugin.request("call.accept", { callId }).catch((error: unknown) => console.error(error));
  });
}

test("after its plugin is killed, a page shows the call reconnecting, and then video without a reload", async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), "crash-page-"));
    ends.unshift(() => rm(folder, { recursive: true, force: true }));
    const alice = await start("Alice", join(folder, "alice"));
    ends.unshift(() => alice.stop());
    const bob = await start("Bob", join(folder, "bob"));
    ends.unshift(() => bob.stop());
    acceptCalls(bob);
    await ownAddress(alice);
    await alice.plugin.request("contacts.add", { address: await ownAddress(bob) });
    const browser = await startChromium();
    ends.unshift(() => browser.close());
    await browser.resize(1400, 900);
    await browser.open(alice.url);
    await browser.click(`${id("call-video")}[data-peer="${bob.state.signalling?.peerId}"]`);
    await browser.waitForSource(inPhase("connected"));
    await startRecording(browser);
    await waitForDrawn(browser, "remote", 10);
    await browser.execute(() => {
      document.body.dataset.sameDocument = "yes";
    });

    const { pid } = alice;
    assert.ok(pid);
    const crashedAt = performance.now();
    process.kill(pid, "SIGKILL");
    await browser.waitForSource(inPhase("reconnecting"));
    assert.match(await browser.text(id("call-phase")), /reconnecting/i);
    await browser.screenshot(`${SCREENSHOTS}plugin-crash-reconnecting.png`);
    await takeDrawn(browser);
    await browser.waitForSource(inPhase("connected"));
    await waitForDrawn(browser, "remote", 10);
    t.diagnostic(`ten frames ${Math.round(performance.now() - crashedAt)} ms after the crash`);
    await browser.screenshot(`${SCREENSHOTS}plugin-crash-back.png`);
    assert.equal(await browser.execute(() => document.body.dataset.sameDocument), "yes");
    assert.notEqual(alice.pid, pid);
    await waitForDrawn(browser, "local", 1);

    await browser.click(id("hangup"));
    await browser.waitFor(id("end-notice"));
  } finally {
    for (const end of ends) await end();
  }
});
