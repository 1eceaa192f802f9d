// Shows one source of a call by the delivery that the host chose: on a canvas, or in an `<img>` for MJPEG.

import type { FrameDelivery, FrameSource } from "../../../rpc-schema/index.ts";
import { h } from "../dom.ts";
import { createCanvasView, type FrameLink } from "./canvas-view.ts";
import { createImageView } from "./image-view.ts";
import type { FrameContent } from "./stream-subscription.ts";

/** With `auto` the page chooses. */
export type PageDelivery = FrameDelivery | "auto";

interface SourceViewOptions {
  readonly link: FrameLink;
  readonly source: FrameSource;
  readonly label: string;
  /** The prefix of the elements' test ids; the source unless given. */
  readonly testId?: string;
  /** Read when a call's view opens. */
  delivery(): PageDelivery;
  readonly limits?: { readonly maxFps: number };
  onError(error: unknown): void;
  /** Runs with the reason of a refusal while the stream is asked for again, and with undefined when it is open. */
  onWait?(reason: unknown): void;
}

interface SourceView {
  /** The canvas and the image, of which at most one is shown. */
  readonly elements: readonly HTMLElement[];
  /** Subscribes to the frames of a call, until the returned view is closed. */
  open(callId: string, onFirstFrame: () => void): { close(): void };
  setShown(isShown: boolean): void;
  setContent(content: FrameContent): void;
  setMirrored(isMirrored: boolean): void;
}

export function createSourceView(options: SourceViewOptions): SourceView {
  const { link, source, label, limits, onError, onWait, testId = source } = options;
  const attributes = { role: "img" };
  const canvas = h("canvas", { class: source, testId: `${testId}-canvas`, label, attributes });
  const image = h("img", { class: source, testId: `${testId}-image`, attributes: { alt: label } });
  const elements: readonly [HTMLCanvasElement, HTMLImageElement] = [canvas, image];
  let active: HTMLElement = canvas;
  let content: FrameContent = "camera";
  let view: { setContent(content: FrameContent): void } | undefined;
  const setShown = (isShown: boolean): void => {
    for (const element of elements) element.dataset.shown = String(isShown && element === active);
  };
  setShown(false);
  return {
    elements,
    open(callId, onFirstFrame) {
      const viewOptions = {
        ...{ link, callId, source, content, onFirstFrame, onError, ...limits },
        ...(onWait ? { onWait } : {}),
      };
      const delivery = options.delivery();
      active = delivery === "mjpeg" ? image : canvas;
      const opened =
        delivery === "mjpeg"
          ? createImageView({ ...viewOptions, image })
          : createCanvasView({ ...viewOptions, canvas, delivery });
      view = opened;
      return opened;
    },
    setShown,
    setContent(next) {
      content = next;
      view?.setContent(next);
    },
    setMirrored(isMirrored) {
      for (const element of elements) element.dataset.mirrored = String(isMirrored);
    },
  };
}
