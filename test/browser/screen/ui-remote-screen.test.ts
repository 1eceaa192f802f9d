// The other side's screen on the call page: whole, enlarged and moved, with frames of the size that this needs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useCallPage } from "../../support/browser/call-page-suite.ts";
import { callWithBob, statisticsOf } from "../../support/fakes/scripted-host.ts";

const callId = "call-of-test";
const remote = { microphone: "on", camera: "on", screen: true } as const;
/** One pixel of rounding at either end. */
const CLOSE = 1.5;

describe("the other side's screen", () => {
  const ui = useCallPage();
  const { at, script, requested } = ui;
  /** Each size has one frame, so that the browser has time for the test. */
  const showScreen = async ({ isStill = true } = {}) => {
    if (isStill) script({ do: "stillPictures" });
    script({ do: "call", call: callWithBob({ remote }) });
    script({ do: "statistics", statistics: { ...statisticsOf(callId), receiveWidth: 1920 } });
    await ui.showsVideo("remote");
    await at("zoom").waitFor();
    await isWide(1280);
  };
  const isWide = (pixels: number) =>
    ui
      .page()
      .waitForFunction(
        (width) =>
          document.querySelector<HTMLCanvasElement>('[data-testid="remote-canvas"]')?.width === width,
        pixels,
      );
  const place = async (testId: string) => {
    const box = await at(testId).boundingBox();
    assert.ok(box);
    return box;
  };
  /** The point of the canvas under a place of the page, as shares of the canvas. */
  const pointUnder = async (x: number, y: number) => {
    const box = await place("remote-canvas");
    return { x: (x - box.x) / box.width, y: (y - box.y) / box.height, box };
  };
  const isFit = async (fit: boolean) =>
    at("pictures")
      .and(ui.page().locator(`[data-zoomed="${!fit}"]`))
      .waitFor();
  const press = (key: string) => ui.page().keyboard.press(key);

  test("is whole beside head and buttons, named, and asked for in more detail than a camera", async () => {
    await showScreen();
    await requested(/^frames\.subscribe .*"source":"remote","maxWidth":1280,"quality":85/);
    assert.equal(await ui.text("remote-screen"), "Bob Cratchit shares their screen");
    const [pane, head, tools] = [
      await place("pictures"),
      await place("call-name"),
      await place("screen-tools"),
    ];
    assert.ok(head.y + head.height <= pane.y && pane.y + pane.height <= tools.y + CLOSE);
    const fit = await at("remote-canvas").evaluate((canvas) => getComputedStyle(canvas).objectFit);
    assert.equal(fit, "contain");
    script({ do: "change", callId, change: { remote: { microphone: "on", camera: "on" } } });
    await at("screen-tools").waitFor({ state: "hidden" });
    await requested(/^frames\.subscribe .*"source":"remote","maxWidth":1280,"quality":60/);
  });

  test("keeps the point under the pointer by wheel and double click, and follows a drag", async () => {
    await showScreen();
    const pane = await place("pictures");
    const [x, y] = [pane.x + pane.width * 0.6, pane.y + pane.height * 0.55];
    const { mouse } = ui.page();
    const before = await pointUnder(x, y);
    await mouse.move(x, y);
    await ui.page().keyboard.down("Control");
    for (let notch = 0; notch < 4; notch += 1) await mouse.wheel(0, -100);
    await ui.page().keyboard.up("Control");
    await isFit(false);
    const after = await pointUnder(x, y);
    assert.ok(after.box.width > 1.5 * before.box.width, `${before.box.width} to ${after.box.width}`);
    for (const side of ["x", "y"] as const) {
      const moved = Math.abs(after[side] - before[side]) * after.box.width;
      assert.ok(moved < CLOSE, `${side} moved by ${moved}`);
    }
    await mouse.down();
    await mouse.move(x - 60, y - 30, { steps: 3 });
    await mouse.up();
    const dragged = await place("remote-canvas");
    assert.ok(
      Math.abs(dragged.x - after.box.x + 60) < CLOSE && Math.abs(dragged.y - after.box.y + 30) < CLOSE,
    );
    await mouse.dblclick(x, y);
    await isFit(true);
    await mouse.dblclick(x, y);
    await isFit(false);
    const twice = await pointUnder(x, y);
    assert.ok(Math.abs(twice.x - before.x) * twice.box.width < CLOSE);
    assert.equal(await ui.text("zoom-percent"), "100 %");
  });

  test("stays sharp: larger frames come with the zoom, up to those of the source", async () => {
    await showScreen();
    ui.forgetRequests();
    await at("zoom-actual").click();
    await requested(/^frames\.subscribe .*"maxWidth":1920,"quality":85/);
    await isWide(1920);
    const { width } = await place("remote-canvas");
    const pane = await place("pictures");
    // The canvas fills the box of the pane's shape, and the picture in it has one pixel for one of the screen.
    const shown = Math.min(width, (width * pane.height * 1920) / (pane.width * 1080));
    assert.ok(Math.abs(shown - 1920) < 2, `${shown} pixels wide`);
    await at("zoom-fit").click();
    await isWide(1280);
  });

  test("is enlarged and moved by buttons and keys, and Escape shows all of it before it does anything else", async () => {
    await showScreen();
    await press("f");
    await at("zoom-in").click();
    await at("zoom-in").click();
    await isFit(false);
    await at("pictures").focus();
    const before = await place("remote-canvas");
    await press("ArrowRight");
    assert.ok((await place("remote-canvas")).x < before.x);
    await press("+");
    assert.ok((await place("remote-canvas")).width > before.width);
    await press("0");
    await isFit(true);
    await press("1");
    await isFit(false);
    await ui.page().evaluate(() => document.exitFullscreen().catch(() => undefined));
    await press("Escape");
    await isFit(true);
    await at("zoom-out").focus();
    await press("Enter");
    await isFit(true);
    assert.equal(await at("zoom-out").getAttribute("aria-disabled"), "true");
  });

  test("keeps the zoom while frames come, and shows all of another screen or window", async () => {
    await showScreen({ isStill: false });
    await at("zoom-actual").click();
    await isWide(1920);
    const before = await place("remote-canvas");
    await ui.page().evaluate(
      () =>
        new Promise<void>((resolve) => {
          let frames = 0;
          document.querySelector('[data-testid="remote-canvas"]')?.addEventListener("goop:drawn", () => {
            frames += 1;
            if (frames === 3) resolve();
          });
        }),
    );
    assert.deepEqual(await place("remote-canvas"), before);
    await at("remote-canvas").evaluate((canvas) => {
      Object.assign(canvas, { width: 600, height: 800 });
      canvas.dispatchEvent(new CustomEvent("goop:drawn"));
    });
    await isFit(true);
    await at("zoom-in").click();
    await isFit(false);
    script({ do: "change", callId, change: { remote: { microphone: "on", camera: "on" } } });
    await isFit(true);
  });

  test("is the large picture, and is not enlarged while it is the small one", async () => {
    script({ do: "call", call: callWithBob() });
    await Promise.all([ui.showsVideo("remote"), ui.showsVideo("local")]);
    await press("s");
    script({ do: "change", callId, change: { remote } });
    await at("zoom").waitFor();
    assert.equal(await ui.page().locator('[data-testid="pictures"] canvas').getAttribute("class"), "remote");
    await at("zoom-in").click();
    await isFit(false);
    await press("s");
    await at("zoom").waitFor({ state: "hidden" });
    const small = await place("remote-canvas");
    const box = await place("own-picture");
    assert.ok(small.width <= box.width + 1, `${small.width} in ${box.width}`);
  });
});
