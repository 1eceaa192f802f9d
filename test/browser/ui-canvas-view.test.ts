// The canvas view alone, with a fake link in a real browser: its drawing, acknowledgements and requests.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { type PageServer, startPageServer } from "../../plugin/host/page/page-server.ts";
import type { CanvasView, CanvasViewOptions, DrawnDetail } from "../../plugin/ui/video/canvas-view.ts";
import { type CallPage, launchChromium, openCallPage } from "../support/browser/call-page.ts";

/** The test's global in the page. */
interface TestBench {
  /** All requests and notifications that the view has sent. */
  sent: string[];
  drawn: DrawnDetail[];
  canvas: HTMLCanvasElement;
  view: CanvasView;
  /** Answers the oldest frames.subscribe with this stream. */
  answer(stream: string): void;
  send(stream: string, seq: number, width: number, dataUrl?: string): void;
  setHidden(hidden: boolean): void;
}
declare global {
  var bench: TestBench;
}

describe("the canvas view", () => {
  let browser: Browser;
  let server: PageServer;
  let open: CallPage;
  before(async () => {
    browser = await launchChromium();
    server = await startPageServer(0, (socket) => socket.close());
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => {
    open = await openCallPage(browser, server.url);
    await open.page.evaluate(makeBench, {});
  });
  afterEach(() => open.close());

  const until = (condition: () => unknown) => open.page.waitForFunction(condition);
  const takeSent = () => open.page.evaluate(() => bench.sent.splice(0));

  test("subscribes for the width of the canvas on the screen, with credit for two", async () => {
    assert.deepEqual(await takeSent(), [
      'frames.subscribe {"callId":"c","source":"remote","maxWidth":640,"quality":60,"credit":2}',
    ]);
  });

  test("draws each frame in its own size, dispatches goop:drawn, and acknowledges it", async () => {
    await open.page.evaluate(() => bench.answer("s1"));
    await open.page.evaluate(() => bench.send("s1", 1, 64));
    await until(() => bench.drawn.length === 1);
    await open.page.evaluate(() => bench.send("s1", 2, 32));
    await until(() => bench.drawn.length === 2);
    const { drawn, size } = await open.page.evaluate(() => ({
      drawn: bench.drawn,
      size: [bench.canvas.width, bench.canvas.height],
    }));
    assert.deepEqual(
      drawn.map(({ seq, width, source, callId, stream }) => [seq, width, source, callId, stream]),
      [
        [1, 64, "remote", "c", "s1"],
        [2, 32, "remote", "c", "s1"],
      ],
    );
    assert.deepEqual(size, [32, 24]);
    assert.deepEqual((await takeSent()).slice(1), [
      'frames.ack {"stream":"s1","seq":1}',
      'frames.ack {"stream":"s1","seq":2}',
    ]);
  });

  test("draws only the newest of the frames that arrive while one is decoded", async () => {
    await open.page.evaluate(() => {
      bench.answer("s1");
      return Promise.resolve().then(() => undefined);
    });
    await open.page.evaluate(() => {
      for (const seq of [1, 2, 3, 4]) bench.send("s1", seq, 64);
    });
    await until(() => bench.drawn.length === 2);
    assert.deepEqual(await open.page.evaluate(() => bench.drawn.map(({ seq }) => seq)), [1, 4]);
    assert.deepEqual((await takeSent()).slice(1), [
      'frames.ack {"stream":"s1","seq":1}',
      'frames.ack {"stream":"s1","seq":4}',
    ]);
  });

  test("acknowledges an unreadable frame and draws the next one", async () => {
    await open.page.evaluate(() => bench.answer("s1"));
    await open.page.evaluate(() => {
      bench.send("s1", 1, 64, "data:image/jpeg;base64,AAAA");
      bench.send("s1", 2, 64);
    });
    await until(() => bench.drawn.length === 1);
    assert.deepEqual((await takeSent()).slice(1), [
      'frames.ack {"stream":"s1","seq":1}',
      'frames.ack {"stream":"s1","seq":2}',
    ]);
  });

  test("unsubscribes while the page is hidden and subscribes again when it is shown", async () => {
    await open.page.evaluate(() => bench.answer("s1"));
    await open.page.evaluate(() => bench.setHidden(true));
    await until(() => bench.sent.length === 2);
    await open.page.evaluate(() => bench.setHidden(false));
    await until(() => bench.sent.length === 3);
    assert.deepEqual((await takeSent()).slice(1), [
      'frames.unsubscribe {"stream":"s1"}',
      'frames.subscribe {"callId":"c","source":"remote","maxWidth":640,"quality":60,"credit":2}',
    ]);
  });

  test("a larger canvas gets larger frames, without a gap between the two streams", async () => {
    await open.page.evaluate(() => bench.answer("s1"));
    await open.page.evaluate(() => {
      bench.canvas.style.setProperty("width", "1100px");
    });
    await until(() => bench.sent.length === 2);
    await open.page.evaluate(() => bench.send("s1", 1, 64));
    await until(() => bench.drawn.length === 1);
    await open.page.evaluate(() => bench.answer("s2"));
    await until(() => bench.sent.length === 4);
    assert.deepEqual((await takeSent()).slice(1), [
      'frames.subscribe {"callId":"c","source":"remote","maxWidth":1280,"quality":60,"credit":2}',
      'frames.ack {"stream":"s1","seq":1}',
      'frames.unsubscribe {"stream":"s1"}',
    ]);
  });

  test("a view that closes before its stream opens ends the stream when it opens", async () => {
    await open.page.evaluate(() => bench.view.close());
    await open.page.evaluate(() => bench.answer("s1"));
    await until(() => bench.sent.length === 2);
    assert.equal((await takeSent())[1], 'frames.unsubscribe {"stream":"s1"}');
  });
});

/** Runs in the page. */
async function makeBench(): Promise<void> {
  const path = "/canvas-view.js";
  const { createCanvasView } = (await import(path)) as {
    createCanvasView(options: CanvasViewOptions): CanvasView;
  };
  const sent: string[] = [];
  const drawn: DrawnDetail[] = [];
  const waiting: ((answer: never) => void)[] = [];
  const handlers = new Map<string, (frame: never) => void>();
  const canvas = document.createElement("canvas");
  canvas.style.setProperty("width", "600px");
  document.body.prepend(canvas);
  canvas.addEventListener("goop:drawn", (event) => drawn.push((event as CustomEvent<DrawnDetail>).detail));
  const view = createCanvasView({
    canvas,
    callId: "c",
    source: "remote",
    link: {
      request(method, params) {
        sent.push(`${method} ${JSON.stringify(params)}`);
        if (method === "frames.unsubscribe") return Promise.resolve(null as never);
        return new Promise((resolve) => waiting.push(resolve));
      },
      notify: (method, params) => sent.push(`${method} ${JSON.stringify(params)}`),
      onFrame(stream, handler) {
        handlers.set(stream, handler);
        return () => handlers.delete(stream);
      },
    },
  });
  const paint = document.createElement("canvas");
  const jpeg = (seq: number, width: number): string => {
    Object.assign(paint, { width, height: (width * 3) / 4 });
    paint.getContext("2d")?.fillText(String(seq), 2, 10);
    return paint.toDataURL("image/jpeg");
  };
  const setHidden = (hidden: boolean): void => {
    const get = (): string => (hidden ? "hidden" : "visible");
    Object.defineProperty(document, "visibilityState", { get, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
  globalThis.bench = {
    sent,
    drawn,
    canvas,
    view,
    setHidden,
    answer: (stream) => waiting.shift()?.({ stream } as never),
    send(stream, seq, width, dataUrl = jpeg(seq, width)) {
      const frame = { stream, seq, capturedAt: 5, width, height: (width * 3) / 4, dataUrl };
      handlers.get(stream)?.(frame as never);
    },
  };
}
