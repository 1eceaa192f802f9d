// The page that shows a call's picture by each of the three ways, open in a browser, and what it showed by their stamps.

import { readFile } from "node:fs/promises";
import type { Host, HostOptions } from "../../../plugin/host/host.ts";
import type { FrameDelivery } from "../../../rpc-schema/index.ts";
import { type DrawnPicture, startRecording, takeDrawn } from "../pictures/stamp-reader.ts";
import type { Browser } from "./browser.ts";

export interface WaysPage {
  show(callId: string, delivery: FrameDelivery): Promise<void>;
  /** From now on what is shown is recorded; an image is looked at every few milliseconds. */
  record(delivery: FrameDelivery): Promise<void>;
  /** Ends the looking, which costs; events of a canvas go on being recorded. */
  stopLooking(): Promise<void>;
  /** What was shown since the last time, each picture once, those with a readable stamp. */
  take(): Promise<SeenStamp[]>;
  hide(): Promise<void>;
}

export interface SeenStamp extends DrawnPicture {
  readonly stamp: NonNullable<DrawnPicture["stamp"]>;
  readonly delayMs: number;
}

const FIXTURES = new URL("../../browser/fixtures/", import.meta.url);
/** Shorter than a browser's own frame, so that the looking adds little to what it finds. */
const LOOK_EVERY_MS = 5;

/** To be given to the host that serves the page. */
export async function waysFiles(): Promise<NonNullable<HostOptions["files"]>> {
  const read = async (name: string, type: string) =>
    [`/${name}`, { body: await readFile(new URL(name, FIXTURES)), type: `${type}; charset=utf-8` }] as const;
  return new Map([await read("ways-page.html", "text/html"), await read("ways-page.js", "text/javascript")]);
}

export async function openWaysPage(browser: Browser, host: Host): Promise<WaysPage> {
  await browser.open(host.url.replace("/#", "/ways-page.html#"));
  await browser.waitForSource(
    `() => document.body?.dataset.open === "true" && globalThis.ways !== undefined`,
  );
  let isRecording = false;
  return {
    async show(callId, delivery) {
      await browser.executeSource("(callId, way) => ways.show(callId, way)", callId, delivery);
    },
    async record(delivery) {
      if (!isRecording) await startRecording(browser);
      isRecording = true;
      await takeDrawn(browser);
      if (delivery === "mjpeg") await browser.executeSource("(ms) => ways.sample(ms)", LOOK_EVERY_MS);
    },
    async stopLooking() {
      await browser.executeSource("() => ways.stopSampling()");
    },
    async take() {
      const complaint = await browser.executeSource("() => ways.complaint()");
      if (complaint !== "") throw new Error(`the page complained: ${complaint}`);
      return firstOfEach(await takeDrawn(browser));
    },
    async hide() {
      await browser.executeSource("() => ways.hide()");
    },
  };
}

/** An image is looked at several times while it shows one picture. */
function firstOfEach(drawn: readonly DrawnPicture[]): SeenStamp[] {
  const seen = new Set<number>();
  return drawn.flatMap((one) => {
    const { stamp, delayMs } = one;
    if (!stamp || delayMs === undefined || seen.has(stamp.sequence)) return [];
    seen.add(stamp.sequence);
    return [{ ...one, stamp, delayMs }];
  });
}
