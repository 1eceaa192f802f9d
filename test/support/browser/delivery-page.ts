// Opens the page that shows a call's remote video by any of the three deliveries, and reads the stamps of the frames it showed.

import { readFile } from "node:fs/promises";
import type { Host, HostOptions } from "../../../plugin/host/host.ts";
import type { PageDelivery } from "../../../plugin/ui/video/source-view.ts";
import { type DrawnFrame, startRecording, takeDrawn } from "../pictures/stamp-reader.ts";
import type { Browser } from "./browser.ts";

export interface DeliveryPage {
  /** @param proxyPort of a proxy before the plugin's frame server */
  show(callId: string, delivery: PageDelivery, proxyPort?: number): Promise<void>;
  /** @returns the kind of the refusal for which the view waits; empty while it does not wait */
  waitReason(): Promise<unknown>;
  /** Starts recording what is shown. With `mjpeg` the page samples its image every few milliseconds. */
  record(delivery: PageDelivery): Promise<void>;
  /** Stops sampling the image, which costs processor time. Canvas events are still recorded. */
  stopSampling(): Promise<void>;
  /** @returns the frames shown since the last call, each once, without those whose stamp is unreadable */
  takeFrames(): Promise<StampedFrame[]>;
  hide(): Promise<void>;
  /** @returns the deliveries that the page asked for since `show`, in order */
  asked(): Promise<unknown>;
}

export interface StampedFrame extends DrawnFrame {
  readonly stamp: NonNullable<DrawnFrame["stamp"]>;
  readonly delayMs: number;
}

const FIXTURES = new URL("../../browser/fixtures/", import.meta.url);
/** Shorter than the browser's frame interval, so that sampling adds little to the measured delay. */
const SAMPLE_EVERY_MS = 5;

/** @returns the page's files, for the `files` option of the host that serves them */
export async function deliveryPageFiles(): Promise<NonNullable<HostOptions["files"]>> {
  const read = async (name: string, type: string) =>
    [`/${name}`, { body: await readFile(new URL(name, FIXTURES)), type: `${type}; charset=utf-8` }] as const;
  return new Map([
    await read("delivery-page.html", "text/html"),
    await read("delivery-page.js", "text/javascript"),
  ]);
}

/** @param host serves {@link deliveryPageFiles} */
export async function openDeliveryPage(browser: Browser, host: Host): Promise<DeliveryPage> {
  await browser.open(host.url.replace("/#", "/delivery-page.html#"));
  await browser.waitForSource(
    `() => document.body?.dataset.open === "true" && globalThis.deliveryPage !== undefined`,
  );
  let isRecording = false;
  return {
    async show(callId, delivery, proxyPort = 0) {
      const show = "(callId, delivery, proxyPort) => deliveryPage.show(callId, delivery, proxyPort)";
      await browser.executeSource(show, callId, delivery, proxyPort);
    },
    waitReason: () => browser.executeSource("() => deliveryPage.waitReason()"),
    async record(delivery) {
      if (!isRecording) await startRecording(browser);
      isRecording = true;
      await takeDrawn(browser);
      if (delivery !== "mjpeg") return;
      await browser.executeSource("(everyMs) => deliveryPage.sample(everyMs)", SAMPLE_EVERY_MS);
    },
    async stopSampling() {
      await browser.executeSource("() => deliveryPage.stopSampling()");
    },
    async takeFrames() {
      const error = await browser.executeSource("() => deliveryPage.lastError()");
      if (error !== "") throw new Error(`the page reported: ${error}`);
      return withoutRepeats(await takeDrawn(browser));
    },
    asked: () => browser.executeSource("() => deliveryPage.asked()"),
    async hide() {
      await browser.executeSource("() => deliveryPage.hide()");
    },
  };
}

/** Sampling sees one frame of an image several times. */
function withoutRepeats(drawn: readonly DrawnFrame[]): StampedFrame[] {
  const seen = new Set<number>();
  return drawn.flatMap((frame) => {
    const { stamp, delayMs } = frame;
    if (!stamp || delayMs === undefined || seen.has(stamp.sequence)) return [];
    seen.add(stamp.sequence);
    return [{ ...frame, stamp, delayMs }];
  });
}
