// The place where one source of a call is shown: a canvas, or an `<img>` where the host chose MJPEG. Decides which of the
// two; knows neither the call's state nor where it stands on the page.

import type { FrameDelivery, FrameSource } from "../../../rpc-schema/index.ts";
import { h } from "../dom.ts";
import { createCanvasView, type FrameLink } from "./canvas-view.ts";
import { createImageView } from "./image-view.ts";

export interface SourceViewOptions {
  readonly link: FrameLink;
  readonly source: FrameSource;
  readonly label: string;
  /** Asked at each call. */
  delivery(): FrameDelivery;
  readonly limits?: { readonly maxWidth: number; readonly maxFps: number };
  onError(error: unknown): void;
}

export interface SourceView {
  /** Both, of which at most one is shown. */
  readonly elements: readonly HTMLElement[];
  /** @returns what ends the pictures */
  open(callId: string, onFirstPicture: () => void): { close(): void };
  setShown(isShown: boolean): void;
  setMirrored(isMirrored: boolean): void;
}

export function createSourceView({
  link,
  source,
  label,
  delivery,
  limits,
  onError,
}: SourceViewOptions): SourceView {
  const canvas = h("canvas", { class: source, testId: `${source}-canvas`, label });
  const image = h("img", { class: source, testId: `${source}-image`, attributes: { alt: label } });
  const elements: readonly [HTMLCanvasElement, HTMLImageElement] = [canvas, image];
  let used: HTMLElement = canvas;
  const setShown = (isShown: boolean): void => {
    for (const one of elements) one.dataset.shown = String(isShown && one === used);
  };
  setShown(false);
  return {
    elements,
    open(callId, onFirstPicture) {
      const options = { link, callId, source, onFirstPicture, onError, ...limits };
      const way = delivery();
      used = way === "mjpeg" ? image : canvas;
      return way === "mjpeg"
        ? createImageView({ ...options, image })
        : createCanvasView({ ...options, canvas, delivery: way });
    },
    setShown,
    setMirrored(isMirrored) {
      for (const one of elements) one.dataset.mirrored = String(isMirrored);
    },
  };
}
