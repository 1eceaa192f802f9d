// A window of an X display, shared by clicks on the page of one plugin: the page of the other one shows it whole, and its small text
// can be read.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { PNG } from "pngjs";
import { type Host, startHost } from "../../../plugin/host/host.ts";
import { ownAddress } from "../../../plugin/host/pair.ts";
import type { Browser } from "../../support/browser/browser.ts";
import { startChromium } from "../../support/browser/chromium.ts";
import { type Display, startDisplay } from "../../support/browser/xvfb.ts";
import { SMALL_PICTURE } from "../../support/fakes/small-picture.ts";
import { startXClient, type XClient } from "../../support/screen/x-client.ts";

const WIDTH = 900;
const HEIGHT = 600;
const LINES = 36;
const ATTEMPTS = 120;
/** Between black and white, of 255. */
const MIDDLE = 128;
/** The share of the window's dark pixels that are dark on the other page, and of the bright ones likewise. */
const LEGIBLE = 0.97;
const WHITE = 0xff_ff_ff;
/** Squares of this size in the four corners are black, so that a cropped picture has none. */
const CORNER = 20;

const id = (testId: string) => `[data-testid="${testId}"]`;

describe("a window that is shared by clicks", () => {
  let display: Display;
  let client: XClient;
  let alice: Browser;
  let bob: Browser;
  const hosts: Host[] = [];

  async function start(label: string): Promise<Host> {
    const host = await startHost({
      label,
      env: { ...process.env, DISPLAY: display.name, WAYLAND_DISPLAY: "" },
      settings: {
        ...{ camera: "none", microphone: "tone", speaker: "none", ringtone: "off", iceServers: [] },
        // A busy machine would lower the rate, and with it the time that the test takes.
        ...{ adaptation: false, picture: SMALL_PICTURE },
        signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
      },
    });
    hosts.push(host);
    return host;
  }

  before(async () => {
    display = await startDisplay(1920, 1080);
    client = await startXClient(display.name);
    const [first, second] = [await start("Alice"), await start("Bob")];
    alice = await startChromium();
    bob = await startChromium();
    await Promise.all([alice.open(first.url), bob.open(second.url)]);
    await first.plugin.request("contacts.add", { address: await ownAddress(second) });
    await second.plugin.request("contacts.add", { address: await ownAddress(first) });
    const peerId = second.state.signalling?.peerId ?? "";
    await first.plugin.request("call.start", { peerId, media: "video" });
    await bob.click(id("accept-video"));
    await alice.waitFor(id("share-toggle"));
  });
  after(async () => {
    await alice?.close();
    await bob?.close();
    await Promise.all(hosts.map((host) => host.stop()));
    await client?.end();
    await display?.end();
  });

  /** @returns whether each pixel of the window is dark, row by row */
  async function sentPixels(): Promise<boolean[]> {
    const [host] = hosts;
    const { calls } = (await host?.plugin.request("call.list", {})) ?? { calls: [] };
    const callId = calls[0]?.callId ?? "";
    const snapshot = await host?.plugin.request("call.snapshot", { callId, source: "local" });
    const { width, height, data } = PNG.sync.read(
      Buffer.from(snapshot?.dataUrl.split("base64,")[1] ?? "", "base64"),
    );
    assert.deepEqual([width, height], [WIDTH, HEIGHT]);
    return Array.from({ length: width * height }, (_, pixel) => (data[4 * pixel] ?? 0) < MIDDLE);
  }

  test("is shown whole on the other page, with text that can be read, until its owner stops", {
    timeout: 180_000,
  }, async (context) => {
    const window = await client.openWindow({ title: "A letter", x: 9, y: 9, width: WIDTH, height: HEIGHT });
    await client.fill(window, WHITE, 0, 0, WIDTH, HEIGHT);
    for (const x of [0, WIDTH - CORNER]) {
      for (const y of [0, HEIGHT - CORNER]) await client.fill(window, 0, x, y, CORNER, CORNER);
    }
    for (let line = 0; line < LINES; line += 1) {
      const text = `${line} The quick brown fox jumps over the lazy dog; 0123456789 @ mixed WORDS, mixed WORDS`;
      await client.write(window, 40, 60 + 14 * line, text);
    }
    await alice.click(id("share-toggle"));
    await alice.click('label:has(input[value^="window:"])');
    await alice.click(id("screen-share"));
    await alice.waitForSource(
      `() => document.querySelector('${id("sharing-text")}').textContent.startsWith("You are sharing: A letter")`,
    );
    await bob.waitFor(id("remote-screen"));
    assert.equal(await bob.text(id("remote-screen")), "Alice shares their screen");
    let [best, seen] = [0, ""];
    for (let attempt = 0; attempt < ATTEMPTS && best < LEGIBLE; attempt += 1) {
      seen = await bob.execute(readRemote, MIDDLE);
      if (seen.length === WIDTH * HEIGHT) best = agreement(await sentPixels(), seen);
      if (best < LEGIBLE) await delay(250);
    }
    context.diagnostic(`${(100 * best).toFixed(1)} % of the window's pixels agree`);
    assert.ok(best >= LEGIBLE, `${best} of ${seen.length} pixels`);
    assert.deepEqual(await bob.execute(fitOfRemote), { isWhole: true, objectFit: "contain" });
    await alice.click(id("sharing-stop"));
    await bob.waitForSource(`() => !document.querySelector('${id("screen-tools")}').checkVisibility()`);
    await alice.waitForSource(`() => !document.querySelector('${id("sharing-bar")}').checkVisibility()`);
  });
});

/** @returns the share of the dark and of the bright pixels that arrived as such, the lower of both */
function agreement(sent: readonly boolean[], seen: string): number {
  const counts = { dark: { all: 0, same: 0 }, bright: { all: 0, same: 0 } };
  for (const [pixel, isDark] of sent.entries()) {
    const count = isDark ? counts.dark : counts.bright;
    count.all += 1;
    if ((seen[pixel] === "1") === isDark) count.same += 1;
  }
  return Math.min(...Object.values(counts).map(({ all, same }) => same / Math.max(1, all)));
}

// The functions below run in the page.

/** @returns a digit for each pixel of the remote canvas, 1 for a dark one */
function readRemote(middle: number): string {
  const canvas = document.querySelector<HTMLCanvasElement>('[data-testid="remote-canvas"]');
  const image = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  const digits: string[] = [];
  for (let at = 0; at < image.length; at += 4) digits.push((image[at] ?? 0) < middle ? "1" : "0");
  return digits.join("");
}

function fitOfRemote(): { isWhole: boolean; objectFit: string } {
  const canvas = document.querySelector('[data-testid="remote-canvas"]');
  const pane = document.querySelector('[data-testid="pictures"]');
  if (!canvas || !pane) throw new Error("there is no remote canvas");
  const [inner, outer] = [canvas.getBoundingClientRect(), pane.getBoundingClientRect()];
  const isWide = inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
  const isHigh = inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  return { isWhole: isWide && isHigh, objectFit: getComputedStyle(canvas).objectFit };
}
