// An unchanged page of Goop² on this plugin, in WebKitGTK and in Chromium: calls in both directions, muting, a reload during the
// call, and hanging up on both sides.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "../support/browser/browser.ts";
import { assertBrowsersIdle } from "../support/browser/browsers-idle.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { type GoopPage, introducePages, openGoopPage } from "../support/browser/goop-page.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import { readStampOf, type Stamp } from "../support/pictures/stamp-reader.ts";

/** Each read takes some milliseconds, so frozen video gives the same stamp in all of them. */
const MAX_READS = 500;

/** Copies the video's current frame to a canvas that the test can read. */
async function copyToProbe(browser: Browser, selector: string): Promise<void> {
  await browser.execute((from: string) => {
    const shown = document.querySelector(from);
    if (!(shown instanceof HTMLVideoElement)) return;
    const known = document.querySelector("#probe");
    const probe = known instanceof HTMLCanvasElement ? known : document.createElement("canvas");
    probe.id = "probe";
    probe.width = shown.videoWidth;
    probe.height = shown.videoHeight;
    document.body.append(probe);
    probe.getContext("2d")?.drawImage(shown, 0, 0);
  }, selector);
}

/** Asserts that repeated reads give stamps of different frames. */
async function assertMoves(read: () => Promise<Stamp | null>): Promise<void> {
  const numbers = new Set<number>();
  for (let count = 0; count < MAX_READS && numbers.size < 3; count += 1) {
    const stamp = await read();
    if (stamp) numbers.add(stamp.sequence);
  }
  assert.ok(numbers.size >= 3, `${MAX_READS} reads found only the frames ${[...numbers].join(", ")}`);
}

/** Asserts that the stream plays in the page's `<video>` and shows the other side's camera. */
async function assertVideoPlays({ browser }: GoopPage): Promise<void> {
  await browser.waitFor(() => {
    const video = document.querySelector("video");
    return video !== null && video.videoWidth > 0 && video.currentTime > 0;
  });
  await assertMoves(async () => {
    await copyToProbe(browser, "#remote");
    return await readStampOf(browser, "#probe");
  });
}

const imagesShow = ({ browser }: GoopPage): Promise<void> =>
  browser.waitFor(() =>
    ["remote-image", "local-image"].every((id) => {
      const image = document.getElementById(id);
      return image instanceof HTMLImageElement && image.naturalWidth > 0;
    }),
  );

const sourcesOf = ({ browser }: GoopPage): Promise<string[]> =>
  browser.execute(() => [...document.images].map(({ src }) => src));

/** Uses `drawRemote`, which Goop²'s own interface lacks. */
async function assertDraws({ browser }: GoopPage): Promise<void> {
  await browser.executeSource(`() => { session.drawRemote(document.getElementById("drawn")); }`);
  await assertMoves(() => readStampOf(browser, "#drawn"));
}

describe("a page written for Goop²", { timeout: 400_000 }, () => {
  const pages: Partial<Record<"alice" | "bob", GoopPage>> = {};
  before(async () => {
    pages.alice = await openGoopPage("Alice", startWebKit);
    pages.bob = await openGoopPage("Bob", startChromium);
    await introducePages(pages.alice, pages.bob);
  });
  after(async () => {
    for (const page of Object.values(pages)) await page.close();
  });
  const page = (name: "alice" | "bob"): GoopPage => {
    const one = pages[name];
    assert.ok(one, `${name} did not start`);
    return one;
  };
  const both = () => [page("alice"), page("bob")] as const;
  const endedOf = ({ browser }: GoopPage) =>
    browser.execute(() => {
      const output = document.getElementById("ended");
      return output instanceof HTMLOutputElement ? Number(output.value) : -1;
    });

  /** Resolves when both pages show that they are connected. */
  async function connect(
    caller: GoopPage,
    callee: GoopPage,
    button: "call" | "call-audio" = "call",
  ): Promise<void> {
    await Promise.all(both().map((one) => one.shows("phase", "idle")));
    await caller.call(callee, button);
    await callee.shows("phase", "incoming");
    await callee.browser.click("#accept");
    await Promise.all(both().map((one) => one.shows("phase", "connected")));
  }

  async function hangUp(who: GoopPage): Promise<void> {
    const before = await Promise.all(both().map(endedOf));
    await who.browser.click("#hangup");
    await Promise.all(both().map((one, index) => one.shows("ended", String((before[index] ?? 0) + 1))));
    await Promise.all(both().map((one) => one.shows("phase", "idle")));
  }

  for (const [caller, callee] of [
    ["alice", "bob"],
    ["bob", "alice"],
  ] as const) {
    test(`${caller} calls ${callee}, and both show the other in a video, an img and a canvas`, async () => {
      await connect(page(caller), page(callee));
      for (const one of both()) {
        await imagesShow(one);
        await assertVideoPlays(one);
        await assertDraws(one);
      }
      await hangUp(page(callee));
    });
  }

  test("toggles return the new state, and the plugin applies it", async () => {
    const [alice, bob] = both();
    await connect(alice, bob);
    const muted = () =>
      alice.browser.executeSource(
        "() => Goop.api.call.active().then(([one]) => [one.audio_on, one.video_on])",
      );
    const on = (id: string) =>
      alice.browser.executeSource(`() => document.getElementById("${id}").dataset.on`);
    await alice.untilCall(({ local }) => local.microphone.state === "live" && local.camera.state === "live");
    await alice.browser.click("#mute");
    assert.equal(await on("mute"), "false");
    await alice.untilCall(({ local }) => local.microphone.state === "muted");
    await alice.browser.click("#camera");
    assert.equal(await on("camera"), "false");
    await alice.untilCall(({ local }) => local.camera.state === "off" || local.camera.state === "muted");
    assert.deepEqual(await muted(), [false, false]);
    await alice.browser.click("#mute");
    await alice.browser.click("#camera");
    assert.deepEqual([await on("mute"), await on("camera")], ["true", "true"]);
    await alice.untilCall(({ local }) => local.microphone.state === "live" && local.camera.state === "live");
    assert.deepEqual(await muted(), [true, true]);
    const twice =
      "() => [session.toggleAudio(), session.toggleAudio(), session.toggleAudio(), session.toggleAudio()]";
    assert.deepEqual(await alice.browser.executeSource(twice), [false, true, false, true]);
    await hangUp(alice);
  });

  for (const name of ["alice", "bob"] as const) {
    test(`${name}'s page restores its call after a reload and can end it`, async () => {
      const one = page(name);
      await connect(page("alice"), page("bob"));
      const { callId } = await one.info();
      await one.reload();
      await one.browser.waitFor(`#overlay[data-restored="true"][data-channel="${callId}"]`);
      await one.shows("phase", "connected");
      await imagesShow(one);
      await assertVideoPlays(one);
      await hangUp(one);
    });
  }

  test("a page that is reloaded while a call rings shows the call again", async () => {
    const [alice, bob] = both();
    await alice.call(bob, "call-audio");
    await bob.shows("phase", "incoming");
    await bob.reload();
    await bob.browser.waitFor("#ringing");
    assert.match(await bob.browser.text("#caller"), new RegExp(`${alice.peerId} audio`));
    await bob.browser.click("#reject");
    await Promise.all(both().map((other) => other.shows("phase", "idle")));
  });

  test("late listeners get the streams too, and a voice call has none", async () => {
    const [alice, bob] = both();
    await connect(alice, bob);
    await assertVideoPlays(alice);
    const late = `() => new Promise((resolve) => {
      session.onRemoteStream((stream) => session.onRemoteVideoSrc((url) =>
        resolve(stream === session.remoteStream && /^http:..127\\.0\\.0\\.1:/.test(url))));
    })`;
    assert.equal(await alice.browser.executeSource(late), true);
    await hangUp(bob);
    await connect(bob, alice, "call-audio");
    assert.equal(await alice.browser.executeSource("() => session.mediaType"), "audio");
    assert.equal(await alice.browser.executeSource("() => session.remoteStream"), null);
    await hangUp(alice);
  });

  test("the host's own video URL shows the call too", async () => {
    const [alice, bob] = both();
    await connect(alice, bob);
    await bob.browser.executeSource(`() => {
      const image = document.createElement("img");
      image.id = "by-channel";
      image.src = Goop.api.call.videoUrl(session.channelId);
      document.body.append(image);
    }`);
    await bob.browser.waitFor(() => {
      const image = document.getElementById("by-channel");
      return image instanceof HTMLImageElement && image.naturalWidth > 0;
    });
    await hangUp(bob);
  });

  test("video returns after the plugin was killed during the call, and the browsers are idle after the calls", async (t) => {
    const [alice, bob] = both();
    await connect(alice, bob);
    await imagesShow(alice);
    const before = await sourcesOf(alice);
    const { pid } = alice.host;
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    await alice.shows("state", "disconnected");
    await alice.shows("state", "connected");
    await imagesShow(alice);
    await assertVideoPlays(alice);
    const now = await sourcesOf(alice);
    assert.ok(
      now.every((url) => !before.includes(url)),
      `${before} and then ${now}`,
    );
    await hangUp(bob);
    await assertBrowsersIdle(t);
  });
});
