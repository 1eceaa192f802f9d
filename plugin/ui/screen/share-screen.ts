// Shares the user's screen: asks the plugin where the user chooses, opens the page's chooser where that is here, and tells what is
// shared and why it ended.

import type { CallInfo, Result } from "../../../rpc-schema/index.ts";
import { note } from "../components/call/call-notes.ts";
import { errorSentence } from "../error-sentences.ts";
import { peerName } from "../messages.ts";
import { screenEndText } from "../notice-texts.ts";
import { createScreenChooser } from "./screen-chooser.ts";
import { whyNotText } from "./screen-texts.ts";
import { createSharingBar } from "./sharing-bar.ts";

type Offer = Result<"screen.sources">;

/** Long enough to read the reason twice. The connection details keep it. */
const END_SHOWN_MS = 20_000;

export interface ShareScreenHandlers {
  /** @throws LinkError */
  sources(): Promise<Offer>;
  /** @param source undefined: the desktop asks the user. @returns false when refused, which was reported to the user */
  share(callId: string, source: string | undefined): Promise<boolean>;
  stop(callId: string): void;
  onMessage(message: string): void;
}

export class ShareScreen {
  readonly #handlers: ShareScreenHandlers;
  readonly #chooser;
  readonly #bar = createSharingBar(() => this.#stop());
  readonly #ended = note("screen-ended", "screen");
  readonly #onWhyNot: (why: string | undefined) => void;
  #call: CallInfo | undefined;
  #offer: Offer | undefined;
  #isBeginning = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onWhyNot runs with the reason why nothing can be shared here, and with undefined where something can */
  constructor(handlers: ShareScreenHandlers, onWhyNot: (why: string | undefined) => void) {
    this.#handlers = handlers;
    this.#onWhyNot = onWhyNot;
    this.#chooser = createScreenChooser({
      sources: handlers.sources,
      onChoose: (source) => void this.#share(source),
    });
    this.#ended.set(false);
  }

  /** The dialog, for the page's root. */
  get dialog(): HTMLElement {
    return this.#chooser.element;
  }

  /** Above everything else of the call. */
  get bar(): HTMLElement {
    return this.#bar.element;
  }

  /** Among the call's notes: why the screen is not shared any more. */
  get note(): HTMLElement {
    return this.#ended.element;
  }

  update(call: CallInfo | undefined): void {
    const before = this.#call;
    const isNewCall = call?.callId !== before?.callId;
    this.#call = call;
    if (isNewCall) this.#hideEnd();
    else if (call && hasEnded(before, call)) this.#showEnd(call);
    if (stateOf(call) !== "off") this.#hideEnd();
    if (!call?.local.screen) {
      this.#chooser.close();
    } else if (!before?.local.screen || isNewCall) {
      // A failure is reported when the user wants to share.
      this.#ask().catch((error: unknown) => console.debug("screen.sources", error));
    }
    this.#bar.update(call, this.#offer?.chooser);
  }

  /** Begins to share, or stops. Does nothing while an earlier press waits for its answer. */
  async toggle(): Promise<void> {
    if (stateOf(this.#call) !== "off") this.#stop();
    else if (!this.#isBeginning) await this.#begin();
  }

  /** Never rejects. */
  async #begin(): Promise<void> {
    this.#isBeginning = true;
    try {
      const offer = await this.#ask();
      if (!this.#call) return;
      if (offer.chooser === "host") this.#chooser.open(offer.sources);
      else if (offer.chooser === "desktop") await this.#share(undefined);
      else this.#handlers.onMessage(whyNotText(offer));
    } catch (error) {
      this.#handlers.onMessage(errorSentence(error));
    } finally {
      this.#isBeginning = false;
    }
  }

  #stop(): void {
    if (this.#call) this.#handlers.stop(this.#call.callId);
  }

  /** @throws LinkError */
  async #ask(): Promise<Offer> {
    const offer = await this.#handlers.sources();
    this.#offer = offer;
    this.#onWhyNot(offer.chooser === "none" ? whyNotText(offer) : undefined);
    this.#bar.update(this.#call, offer.chooser);
    return offer;
  }

  async #share(source: string | undefined): Promise<void> {
    if (!this.#call) return;
    const isAccepted = await this.#handlers.share(this.#call.callId, source);
    // Refused at once, so the state does not change on the way.
    if (isAccepted && this.#call?.local.screen?.ended === "notTaken") this.#showEnd(this.#call);
  }

  #showEnd(call: CallInfo): void {
    const { screen } = call.local;
    const text = screen?.state === "off" && screenEndText(screen, peerName(call.peerLabel, call.peerId));
    if (!text) return;
    this.#ended.set(text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ended.set(false), END_SHOWN_MS);
  }

  #hideEnd(): void {
    clearTimeout(this.#timer);
    this.#ended.set(false);
  }
}

/** A resumed call reports with its first state of the screen how the share of the dead process ended. */
function hasEnded(before: CallInfo | undefined, call: CallInfo): boolean {
  return stateOf(call) === "off" && (!before?.local.screen || stateOf(before) !== "off");
}

function stateOf(call: CallInfo | undefined): "off" | "choosing" | "live" {
  return call?.local.screen?.state ?? "off";
}
