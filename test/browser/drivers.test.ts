// Both browser drivers behave the same, and the stamp reader works in both engines. The call tests rely on this.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "../support/browser/browser.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { startWebKit } from "../support/browser/webkit.ts";
import { listenOnLoopback } from "../support/network/loopback.ts";
import {
  crc16,
  readStampOf,
  startRecording,
  takeDrawn,
  waitForDrawn,
} from "../support/pictures/stamp-reader.ts";

const page = `<!doctype html><title>drivers</title>
<button onclick="setTimeout(() => { document.querySelector('p').hidden = false; }, 50)">show</button>
<p hidden>shown <span hidden>secret</span></p><input><canvas></canvas>`;
const sequence = 0xbeef;

for (const start of [startWebKit, startChromium]) {
  describe(`browser driven by ${start.name}`, () => {
    let server: Server;
    let browser: Browser;
    let url = "";
    before(async () => {
      server = createServer((_request, response) =>
        response.setHeader("content-type", "text/html").end(page),
      );
      url = await listenOnLoopback(server);
      browser = await start();
    });
    after(async () => {
      await browser?.close();
      server.closeAllConnections();
      server.close();
    });

    test("clicks, waits for the result, and reads the visible text", async () => {
      await browser.open(url);
      await browser.click("button");
      assert.equal((await browser.text("p")).trim(), "shown");
    });

    test("types into a field", async () => {
      await browser.open(url);
      await browser.type("input", "peer one");
      assert.equal(await browser.execute(() => document.querySelector("input")?.value), "peer one");
    });

    test("passes arguments to the page, awaits its promise and rethrows its error", async () => {
      await browser.open(url);
      assert.deepEqual(
        await browser.execute((a: number, b: { c: number }) => Promise.resolve([a + b.c]), 1, { c: 2 }),
        [3],
      );
      const failing = browser.execute(() => {
        throw new Error("thrown in the page");
      });
      await assert.rejects(failing, /thrown in the page/);
    });

    test("names the awaited element and the page's text when waiting times out", async () => {
      await browser.open(url);
      await assert.rejects(browser.waitFor("#never", 100), /waited 100 ms for the element #never.*show/);
    });

    test("closes while the page hangs", async () => {
      const other = await start();
      await other.open(url);
      const endless = assert.rejects(
        other.execute(() => {
          for (;;) document.title = "stuck";
        }),
      );
      await other.close();
      await endless;
    });

    test("takes a screenshot of an idle page", async () => {
      const folder = await mkdtemp(join(tmpdir(), "goop-screenshot-"));
      try {
        await browser.open(url);
        await browser.screenshot(join(folder, "page.png"));
        assert.equal((await readFile(join(folder, "page.png"))).subarray(1, 4).toString("latin1"), "PNG");
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    for (const [width, height] of [
      [640, 480],
      [1280, 720],
      [320, 240],
      [426, 238],
    ] as const) {
      test(`reads a stamp drawn at ${width}x${height}`, async () => {
        await browser.open(url);
        const ticks = 0xfedcba98;
        await browser.execute(drawStamp, width, height, stampBits(ticks));
        assert.deepEqual(await readStampOf(browser, "canvas"), { ticks, sequence });
      });
    }

    test("finds no stamp in a frame with a wrong bit", async () => {
      await browser.open(url);
      await browser.execute(drawStamp, 640, 480, stampBits(1).replace(/1$/, "0").replace(/^0/, "1"));
      assert.equal(await readStampOf(browser, "canvas"), null);
    });

    test("records every drawn frame, with the delay since its stamp", async () => {
      await browser.open(url);
      await startRecording(browser);
      const madeAt = Date.now();
      const ticks = Math.round(madeAt * 10) % 2 ** 32;
      await browser.execute(drawStamp, 640, 480, stampBits(ticks));
      await waitForDrawn(browser, "remote", 1);
      const [drawn, ...others] = await takeDrawn(browser);
      assert.deepEqual(others, []);
      assert.deepEqual([drawn?.seq, drawn?.stamp], [7, { ticks, sequence }]);
      // The tolerance covers half a tick of rounding and the reduced precision of the page's clock.
      const expectedMs = (Math.round((drawn?.drawnAt ?? 0) * 10) - Math.round(madeAt * 10)) / 10;
      assert.ok(
        Math.abs((drawn?.delayMs ?? Number.NaN) - expectedMs) < 0.2,
        `${drawn?.delayMs} is not ${expectedMs}`,
      );
    });
  });
}

function stampBits(ticks: number): string {
  const bytes = [
    ticks >>> 24,
    (ticks >>> 16) & 255,
    (ticks >>> 8) & 255,
    ticks & 255,
    sequence >>> 8,
    sequence & 255,
  ];
  const crc = crc16(bytes);
  return [...bytes, crc >>> 8, crc & 255].map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

/** Runs in the page. */
function drawStamp(width: number, height: number, bits: string): void {
  const canvas = document.querySelector("canvas");
  const context = canvas?.getContext("2d");
  if (canvas === null || !context) throw new Error("no canvas");
  Object.assign(canvas, { width, height });
  [...bits].forEach((bit, cell) => {
    context.fillStyle = bit === "1" ? "#fff" : "#000";
    const x = ((cell % 32) * width) / 32;
    context.fillRect(x, (Math.floor(cell / 32) * height) / 16, width / 32, height / 16);
  });
  const detail = { source: "remote", seq: 7, capturedAt: 1, width, height };
  canvas.dispatchEvent(new CustomEvent("goop:drawn", { detail }));
}
